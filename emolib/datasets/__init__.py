"""Readers, one per corpus: files in, recordings out."""

"""Toy systems."""

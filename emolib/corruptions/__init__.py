"""Corruptions: what a method itself draws per batch, from a generator it is given."""

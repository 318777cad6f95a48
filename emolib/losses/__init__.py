"""Losses: outputs and targets go in, scalars come out; 0 is perfect unless said."""

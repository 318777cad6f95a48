"""The only door between NumPy and torch: fit a model, predict with it, keep its state.

`fit` knows no paper: what one step of a system is, the caller says with a function.
"""

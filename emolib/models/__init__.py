"""Models: a batch goes in, named tensors come out.

A model knows no loss, no optimiser and no path. Each paper's model has a file of its
own, the systems it is compared with are in `baselines`: a public class of such a file
is a model, and tests find it there to run it through one contract.
Nothing is imported here, so that a system's key covers the files it reads and no more.
"""

"""The list of corpora, with its only reader; tests copy it beside the papers."""

import numpy as np


def read(seed):
    return np.random.default_rng(seed).normal(size=(12, 2, 16))

"""CCA and KCCA, baselines of paper 1 (Tables 1 and 2): closed forms, in NumPy.

CCA: Hotelling 1936. KCCA: what the paper cites is Lopez-Paz et al., "Randomized
Nonlinear Component Analysis", ICML 2014: linear CCA on random cosine features.

Differs from paper: neither ridge nor number of components is given; 1e-4 and 10 are
those of public codes (GCNet, DeepCCA), as are random features of a median bandwidth.
Differs from the public code of KCCA: 500 random features and ridge 1e-3, where it has
1,000 to 6,000 and 1e-10, for whole corpora of images.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from emolib.checks import check_range, check_shape


class CanonicalMaps(NamedTuple):
    """Where two views agree most."""

    map_a: np.ndarray  # (d_a, k)
    map_b: np.ndarray  # (d_b, k)
    mean_a: np.ndarray  # (d_a,)
    mean_b: np.ndarray  # (d_b,)
    correlations: np.ndarray  # falling  (k,)

    def project(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the components of both views in a row, shape (n, 2 k)."""
        views = ((a - self.mean_a) @ self.map_a, (b - self.mean_b) @ self.map_b)
        return np.concatenate(views, axis=1)


def canonical_maps(
    a: np.ndarray, b: np.ndarray, *, n_components: int = 10, ridge: float = 1e-4
) -> CanonicalMaps:
    """Return the linear maps under which two views correlate most.

    Both views are whitened by an eigendecomposition; the singular vectors of what is
    left of their covariance are the maps.

    Parameters
    ----------
    a, b : ndarray, shape (n, d)
    n_components : int
        At most the features of either view.
    ridge : float
        Added to the diagonal of each covariance.
    """
    check_shape("a", a, "b d")
    check_shape("b", b, "b d", "It must match a, row by row.", b=len(a))
    check_range("n_components", n_components, 1, np.inf)
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    a, b, n = a - mean_a, b - mean_b, max(len(a) - 1, 1)
    white_a, white_b = (_inverse_root(v.T @ v / n, ridge) for v in (a, b))
    left, found, right = np.linalg.svd(white_a @ (a.T @ b / n) @ white_b)
    k = min(n_components, len(found))
    return CanonicalMaps(
        white_a @ left[:, :k], white_b @ right[:k].T, mean_a, mean_b, found[:k]
    )


def _inverse_root(covariance: np.ndarray, ridge: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance + ridge * np.eye(len(covariance)))
    return vectors / np.sqrt(values) @ vectors.T


class RandomCosines(NamedTuple):
    """Random features whose products are those of a Gaussian kernel."""

    weights: np.ndarray  # (d, k)
    phases: np.ndarray  # (k,)

    @classmethod
    def of(cls, x: np.ndarray, *, n_features: int, seed: int) -> RandomCosines:
        """Draw features with the median distance between rows of `x` as bandwidth."""
        rng = np.random.default_rng(seed)
        one, other = rng.integers(len(x), size=(2, 1000))
        squares = np.square(x[one] - x[other]).sum(axis=1)
        scale = np.sqrt(2 / max(np.median(squares[one != other]), 1e-12))
        weights = scale * rng.standard_normal((x.shape[1], n_features))
        return cls(weights, rng.uniform(0, 2 * np.pi, n_features))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the features of rows, shape (n, k)."""
        return np.sqrt(2 / len(self.phases)) * np.cos(x @ self.weights + self.phases)

"""Maps of window vectors, coloured by class."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from emolib.checks import check_range, check_shape
from emolib.figures.old_style import COLORS, PAGE, describe, new_figure, number, style


def tsne_map(vectors: np.ndarray, *, seed: int, perplexity: float = 30.0) -> np.ndarray:
    """Return t-SNE coordinates of window vectors, shape (n_windows, 2).

    Paper 2, Fig. 2 (c), (d).

    Parameters
    ----------
    vectors : ndarray, shape (n_windows, d)
    seed : int
    perplexity : float
        Below the number of windows.
    """
    from sklearn.manifold import TSNE

    check_range("perplexity", perplexity, 0, len(vectors), closed="neither")
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
    return tsne.fit_transform(np.asarray(vectors, dtype=np.float64))


def silhouette(vectors: np.ndarray, y: np.ndarray) -> float:
    """Return how much closer windows lie to their own class, in [-1, 1].

    Of the vectors themselves, not of their map: a map has no distances to trust. 0 says
    that the classes overlap.
    """
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(np.asarray(vectors), np.asarray(y)))


def plot_tsne(
    before: np.ndarray,
    after: np.ndarray,
    y: np.ndarray,
    *,
    silhouettes: tuple[float, float],
    names: tuple[str, str] = ("before alignment", "after alignment"),
    classes: tuple[str, str] = ("low", "high"),
) -> Figure:
    """Draw two maps of the same windows, coloured and marked by class.

    Paper 2, Fig. 2 (c), (d).

    Parameters
    ----------
    before, after : ndarray, shape (n_windows, 2)
        Coordinates, for example of `tsne_map`.
    y : ndarray of int, shape (n_windows,)
        0 is the first of `classes`, 1 the second.
    silhouettes : tuple of two floats
        Of the vectors behind each map (`silhouette`).
    """
    y = np.asarray(y)
    with style():
        figure, axes = new_figure(1, 2, width=PAGE, height=3.4)
        for ax, points, name, score in zip(
            axes[0], (before, after), names, silhouettes, strict=True
        ):
            check_shape("map", points, "n d", n=len(y), d=2)
            _cloud(ax, np.asarray(points), y, classes)
            ax.set_title(f"{name}\nsilhouette {number(score)}", fontsize=7.5)
        axes[0, 1].legend(
            loc="upper left", bbox_to_anchor=(1, 1), handletextpad=0.2, borderpad=0
        )
    counts = [int((y == k).sum()) for k in (0, 1)]
    return describe(
        figure,
        f"t-SNE maps of {len(y)} windows, {counts[0]} {classes[0]} and {counts[1]} "
        f"{classes[1]}: silhouette {number(silhouettes[0])} {names[0]}, "
        f"{number(silhouettes[1])} {names[1]} (0 is full overlap).",
    )


def _cloud(ax, points, y, classes) -> None:
    """Draw one map: the first class as open circles, the second as triangles."""
    looks = (
        {"facecolors": "none", "edgecolors": COLORS["low"], "marker": "o", "s": 14},
        {"facecolors": COLORS["high"], "linewidths": 0, "marker": "^", "s": 13},
    )
    for k, looks_k in enumerate(looks):
        chosen = points[y == k]
        ax.scatter(chosen[:, 0], chosen[:, 1], label=classes[k], **looks_k)
    ax.set(xlabel="t-SNE 1 (no unit)", ylabel="t-SNE 2 (no unit)", aspect="equal")
    ax.set(xticks=[], yticks=[], adjustable="datalim")
    ax.grid(visible=False)

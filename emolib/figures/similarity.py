"""Which ECG window looks like which EEG window, before and after alignment."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from emolib.checks import check_shape
from emolib.figures.old_style import PAGE, describe, new_figure, number, style


def cosine_matrix(ecg: np.ndarray, eeg: np.ndarray) -> np.ndarray:
    """Return the cosine of every ECG vector (row) with every EEG vector (column).

    Paper 2, Section 3.3, Fig. 2 (a), (b).

    Parameters
    ----------
    ecg, eeg : ndarray, shape (n_windows, d)
        Row i of both is one window.
    """
    check_shape("eeg", eeg, "n d", n=ecg.shape[0], d=ecg.shape[1])
    a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (ecg, eeg))
    return a @ b.T


def similarity_scores(matrix: np.ndarray) -> dict[str, float]:
    """Return what a similarity matrix says in numbers.

    Returns
    -------
    scores : dict of str to float
        ``matched`` mean of the diagonal, ``unmatched`` mean of the rest, ``gap`` their
        difference, ``top1`` share of rows that are most similar to their own column,
        ``chance`` of that, and ``min``, ``max``, ``mean`` of the whole matrix, as the
        paper prints them.
    """
    n = len(matrix)
    check_shape("matrix", matrix, "n n", "Rows are ECG, columns EEG.", n=n)
    own = np.eye(n, dtype=bool)
    matched, unmatched = matrix[own].mean(), matrix[~own].mean()
    scores = {
        "matched": matched, "unmatched": unmatched, "gap": matched - unmatched,
        "top1": (matrix.argmax(axis=1) == np.arange(n)).mean(), "chance": 1 / n,
        "min": matrix.min(), "max": matrix.max(), "mean": matrix.mean(),
    }  # fmt: skip
    return {name: float(value) for name, value in scores.items()}


def plot_similarity(
    before: np.ndarray,
    after: np.ndarray,
    *,
    names: tuple[str, str] = ("before alignment", "after alignment"),
) -> Figure:
    """Draw two similarity matrices with shared limits, centred on zero.

    Paper 2, Fig. 2 (a), (b). Over each stand the matched mean (diagonal), the unmatched
    mean and retrieval top-1.

    Parameters
    ----------
    before, after : ndarray, shape (n_windows, n_windows)
        Cosines; rows are ECG windows, columns EEG windows, in the same order.
    """
    matrices = (np.asarray(before), np.asarray(after))
    scores = [similarity_scores(matrix) for matrix in matrices]
    limit = max(np.abs(matrix).max() for matrix in matrices)
    with style():
        figure, axes = new_figure(1, 2, width=PAGE, height=3.6)
        for ax, matrix, name, score in zip(
            axes[0], matrices, names, scores, strict=True
        ):
            image = ax.imshow(
                matrix, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest"
            )
            ax.set(xlabel="EEG window (number)", ylabel="ECG window (number)")
            ax.set_title(f"{name}\n{_headline(score)}", fontsize=7.5)
            ax.grid(visible=False)
        figure.colorbar(
            image, ax=axes[0], label="Cosine similarity", shrink=0.85, pad=0.015
        )
    return describe(figure, " ".join(map(_sentence, names, scores)))


def _headline(score: dict) -> str:
    """Return a matrix's numbers in two lines."""
    return (
        f"matched {number(score['matched'])} · unmatched {number(score['unmatched'])}\n"
        f"top-1 {score['top1']:.0%} (chance {score['chance']:.0%})"
    )


def _sentence(name: str, score: dict) -> str:
    """Return a matrix's numbers in a sentence."""
    return (
        f"Cosine similarity of ECG and EEG windows {name}: matched mean "
        f"{number(score['matched'])}, unmatched mean {number(score['unmatched'])}, gap "
        f"{number(score['gap'])}, retrieval top-1 {score['top1']:.1%} where chance is "
        f"{score['chance']:.1%}."
    )

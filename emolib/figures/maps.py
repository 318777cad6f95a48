"""Maps: of the scalp, of similar windows, of t-SNE; and where noise moves points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emolib.checks import check_shape
from emolib.figures import style as look

MONTAGES = ("colin27_1020", "standard_1020")
"""Names of the 10-20 positions in MNE, newest first."""


KINDS = ("original", "noisy")
"""Points of a map: an utterance, and its noisy twin."""

MOST_POINTS = 200
"""Windows that a map shows at most; its silhouette is that of all."""


def info_of(ch_names: Sequence[str]):
    """Return MNE's description of EEG channels with their 10-20 positions."""
    import mne

    info = mne.create_info(list(ch_names), 128.0, "eeg")
    known = mne.channels.get_builtin_montages()
    return info.set_montage(next(name for name in MONTAGES if name in known))


def plot_topomap(
    maps: Mapping[str, np.ndarray], ch_names: Sequence[str], *, label: str
) -> Figure:
    """Draw one signed value per EEG channel on the scalp, a head per map.

    Colours are centred on zero and mean the same in every map.

    Parameters
    ----------
    maps : mapping of title to ndarray, shape (n_chans,)
        For example a planted and a measured effect.
    ch_names : sequence of str
        Names of the 10-20 system.
    label : str
        Label of the colour bar, with its unit: ``"Alpha power (dB per SD)"``.
    """
    import mne

    info = info_of(ch_names)
    limit = np.abs(list(maps.values())).max()
    with look.style():
        size = {"width": 1.0 + 2.0 * len(maps), "height": 2.4}
        figure, axes = look.new_figure(1, len(maps), **size)
        for ax, (title, values) in zip(axes[0], maps.items(), strict=True):
            image, _ = mne.viz.plot_topomap(
                np.asarray(values, float), info, axes=ax, show=False, cmap="RdBu_r",
                vlim=(-limit, limit), names=info.ch_names, sensors="k,", sphere=0.1,
            )  # fmt: skip
            ax.set_title(title)
            for text in ax.texts:
                text.set_fontsize(6)
        figure.colorbar(image, ax=axes[0], label=label, shrink=0.8)
    tops = ", ".join(f"{t} at {info.ch_names[np.argmax(v)]}" for t, v in maps.items())
    return look.describe(figure, f"{label} on the scalp, largest: {tops}.")


def plot_similarity(matrices: Mapping[str, np.ndarray]) -> Figure:
    """Draw similarity matrices with shared limits, centred on zero.

    Paper 2, Fig. 2 (a), (b). Over each stand the matched mean (diagonal), the unmatched
    mean and retrieval top-1.

    Parameters
    ----------
    matrices : mapping of title to ndarray, shape (n_windows, n_windows)
        Cosines; rows are ECG windows, columns EEG windows, in the same order.
    """
    for title, matrix in matrices.items():
        hint = "Rows are ECG, columns EEG."
        check_shape(f"matrices[{title!r}]", matrix, "n n", hint, n=len(matrix))
    limit = max(np.abs(matrix).max() for matrix in matrices.values())
    looks = {"cmap": "RdBu_r", "interpolation": "nearest"}
    n = len(matrices)
    size = {"width": min(look.PAGE, 1 + 3.0 * n), "height": 3.6 if n < 3 else 2.8}
    with look.style():
        figure, axes = look.new_figure(1, n, **size)
        for ax, (title, matrix) in zip(axes[0], matrices.items(), strict=True):
            image = ax.imshow(matrix, vmin=-limit, vmax=limit, **looks)
            ax.set(xlabel="EEG window (number)", ylabel="ECG window (number)")
            ax.set_title(f"{title}\n{_headline(matrix)}", fontsize=7.5 if n < 3 else 6)
            ax.grid(visible=False)
        figure.colorbar(image, ax=axes[0], label="Cosine similarity", shrink=0.85)
    titles = ", ".join(matrices)
    return look.describe(figure, f"Cosines of ECG and EEG windows: {titles}.")


def _headline(matrix: np.ndarray) -> str:
    """Return a matrix's numbers in two lines."""
    own = np.eye(len(matrix), dtype=bool)
    matched, others = (look.number(matrix[part].mean()) for part in (own, ~own))
    top1 = (matrix.argmax(axis=1) == np.arange(len(matrix))).mean()
    chance = f"top-1 {top1:.0%} (chance {1 / len(matrix):.0%})"
    return f"matched {matched} · unmatched {others}\n{chance}"


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

    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed, n_jobs=1)
    return tsne.fit_transform(np.asarray(vectors, dtype=np.float64))


def plot_tsne(vectors: Mapping, groups: Mapping) -> Figure:
    """Draw t-SNE maps of windows, a column a state of the encoder, a row a grouping.

    Paper 2, Fig. 2 (c), (d). Over each map stands the silhouette of its groups in the
    vectors themselves, for distances in a map cannot be trusted.

    Parameters
    ----------
    vectors : mapping of title to ndarray, shape (n_windows, d)
        For example before and after alignment.
    groups : mapping of name to ndarray, shape (n_windows,)
        What colour and marker tell apart: the class, the person.
    """
    with look.style():
        n_rows, n_cols = len(groups), len(vectors)
        figure, axes = look.new_figure(n_rows, n_cols, height=0.2 + 2.2 * n_rows)
        figure.supxlabel("t-SNE (no unit)", fontsize=8)
        for column, (title, found) in zip(axes.T, vectors.items(), strict=True):
            points = tsne_map(found, seed=0, perplexity=min(30, len(found) // 3))
            for ax, (name, values) in zip(column, groups.items(), strict=True):
                apart = _silhouette(found, values)
                ax.set_title(f"{title}, by {name}: silhouette {apart}")
                _scatter(ax, points, values)
    return look.describe(figure, f"t-SNE of ECG windows, by {', '.join(groups)}.")


def _silhouette(vectors: np.ndarray, values: np.ndarray) -> str:
    """Return how far groups stand apart: 1 is apart, 0 overlapping, "—" one alone."""
    from sklearn.metrics import silhouette_score

    several = len(np.unique(values)) > 1
    return look.number(silhouette_score(vectors, values) if several else np.nan, 2)


def _scatter(ax, points: np.ndarray, values: np.ndarray) -> None:
    """Draw points on a map without axes, a colour and a marker a group."""
    import seaborn as sns

    few = slice(None, None, len(points) // MOST_POINTS + 1)
    ink = {"hue": values[few], "style": values[few], "palette": "colorblind", "s": 12}
    sns.scatterplot(x=points[few, 0], y=points[few, 1], ax=ax, rasterized=True, **ink)
    ax.set(xticks=[], yticks=[])


def plot_levels(levels: pd.DataFrame) -> Figure:
    """Draw the dB that was asked for and the dB that is there, a row a modality.

    Paper 3, Section 2.2.3, Eq. (5). An arrow leads from Gaussian noise to impulses of
    the same T, as long as they are weaker.

    Parameters
    ----------
    levels : DataFrame
        Columns `name` (a row each), `noise`, `asked_db`, `nominal_db`, `measured_db`.
    """
    import seaborn as sns

    with look.style():
        figure, ((ax,),) = look.new_figure(height=2.4)
        for db in levels["asked_db"].unique():
            ax.axvline(db, color=look.BAND, linewidth=4, zorder=0)
        looks = {"y": "name", "ax": ax, "s": 26, "color": "black"}
        kinds = {"style": "noise", "markers": {"gaussian": "o", "impulse": "D"}}
        sns.scatterplot(levels, x="nominal_db", **kinds, **looks)
        found = looks | {"marker": "|", "color": look.COLORS["ecg"], "s": 120}
        sns.scatterplot(levels, x="measured_db", label="measured", **found)
        for (_, name), pair in levels.groupby(["asked_db", "name"], sort=False):
            ends = [(db, name) for db in pair["nominal_db"].iloc[[-1, 0]]]
            ax.annotate("", *ends, arrowprops={"arrowstyle": "->"})
        ax.margins(y=0.3)
        ax.set(xlabel="SNR (dB); grey: asked", ylabel="", xlim=ax.get_xlim()[::-1])
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return look.describe(figure, "SNR asked for, nominal and measured, by modality.")


def plot_noise_maps(points: pd.DataFrame, distances: pd.DataFrame) -> Figure:
    """Draw maps of utterances and their noisy twins, a panel per modality and level.

    Paper 3, Section 3.5, Fig. 3. One joint map per panel: distances in two maps do not
    compare, so the average distance (Algorithm 2) of the features is written over each.

    Parameters
    ----------
    points : DataFrame
        Columns `name` (a row of panels each), `asked_db` (a column each, in order),
        `kind` (``"original"`` or ``"noisy"``), `x` and `y`.
    distances : DataFrame
        Columns `name`, `asked_db`, `distance` (`emolib.metrics.distances`).
    """
    known = distances.set_index(["name", "asked_db"])["distance"]
    n_rows, n_cols = points["name"].nunique(), points["asked_db"].nunique()
    with look.style():
        figure, axes = look.new_figure(n_rows, n_cols, height=0.5 + 1.75 * n_rows)
        groups = points.groupby(["name", "asked_db"], sort=False)
        for ax, ((name, db), rows) in zip(axes.flat, groups, strict=True):
            _twins(ax, rows, look.job_color(name))
            away = look.number(known[name, db], 2)
            ax.set_title(f"{look.number(db, 0)} dB, mean distance {away}", fontsize=6.5)
            ax.set_ylabel(f"{name}\nt-SNE 2 (no unit)")
            ax.label_outer()
    return look.describe(figure, f"{len(known)} joint maps of utterances, noisy twins.")


def _twins(ax, rows: pd.DataFrame, color: str) -> None:
    """Draw a joint map's first 100: grey rings, and triangles of their noisy twins."""
    import seaborn as sns

    rows = rows.groupby("kind").head(100)
    sides = [rows.loc[rows["kind"] == kind, ["x", "y"]] for kind in KINDS]
    ax.plot(*np.stack(sides).transpose(2, 0, 1), color="0.8", linewidth=0.5, zorder=0)
    looks = {"style": "kind", "markers": dict(zip(KINDS, "o^", strict=True)), "s": 14}
    looks |= {"hue": "kind", "palette": dict(zip(KINDS, ("0.6", color), strict=True))}
    sns.scatterplot(rows, x="x", y="y", legend=False, ax=ax, **looks)
    ax.set_rasterization_zorder(2)  # marks and lines are one picture a panel
    ax.set(xticks=[], yticks=[], xlabel="t-SNE 1 (no unit)")

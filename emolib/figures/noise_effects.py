"""What noise does: to points (Fig. 3 of paper 3), and to the scores of systems.

Fan et al. 2024 (paper 3), Sections 3.5 and 3.6.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures.noise import modality_look
from emolib.figures.old_style import (
    COLORS,
    PAGE,
    describe,
    interval,
    level_line,
    look,
    need_columns,
    new_figure,
    number,
    style,
)

CEILING = "ceiling"
APART_DB = 0.4
"""dB between the marks of two systems at one level, so that none hides another."""


def plot_noise_maps(points: pd.DataFrame, distances: pd.DataFrame) -> Figure:
    """Draw maps of utterances and their noisy twins, a panel per modality and level.

    Paper 3, Section 3.5, Fig. 3. One joint map per panel: distances in two maps do not
    compare, so the average distance (Algorithm 2) of the features is written in each.

    Parameters
    ----------
    points : DataFrame
        Columns `name` (a row of panels each), `asked_db` (a column each), `kind`
        (``"original"`` or ``"noisy"``), `x` and `y`.
    distances : DataFrame
        Columns `name`, `asked_db`, `distance` (`emolib.metrics.distances`).
    """
    need_columns("points", points, ("name", "asked_db", "kind", "x", "y"))
    need_columns("distances", distances, ("name", "asked_db", "distance"))
    names = list(dict.fromkeys(points["name"]))
    levels = sorted(points["asked_db"].unique(), reverse=True)
    known = distances.set_index(["name", "asked_db"])["distance"]
    with style():
        figure, axes = new_figure(
            len(names), len(levels), width=PAGE, height=0.5 + 1.75 * len(names)
        )
        for row, name in enumerate(names):
            for column, db in enumerate(levels):
                mine = (points["name"] == name) & (points["asked_db"] == db)
                _map(axes[row, column], points[mine], name, known[name, db])
            axes[row, 0].set_ylabel(f"{name}\nt-SNE 2 (no unit)")
        for ax, db in zip(axes[0], levels, strict=True):
            ax.set_title(f"{number(db, 0)} dB")
        for ax in axes[-1]:
            ax.set_xlabel("t-SNE 1 (no unit)")
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2
        )
    return describe(figure, _map_words(points, known, names, levels))


def _map(ax: Axes, rows: pd.DataFrame, name: str, distance: float) -> None:
    """Draw one joint map: originals as open circles, noisy twins as triangles."""
    looks = {
        "original": {"facecolors": "none", "edgecolors": "0.35", "marker": "o",
                     "s": 12, "linewidths": 0.7},
        "noisy": {"facecolors": modality_look(name)[0], "linewidths": 0,
                  "marker": "^", "s": 14},
    }  # fmt: skip
    for kind, looks_k in looks.items():
        chosen = rows[rows["kind"] == kind]
        ax.scatter(chosen["x"], chosen["y"], label=kind, **looks_k)
    ax.annotate(
        f"mean distance {number(distance, 2)}", (0.5, 1), xycoords="axes fraction",
        xytext=(0, -2), textcoords="offset points", ha="center", va="top", fontsize=6.5,
        bbox={"facecolor": "white", "linewidth": 0, "alpha": 0.8, "pad": 0.8},
    )  # fmt: skip
    low, high = rows["y"].min(), rows["y"].max()
    ax.set_ylim(low - 0.06 * (high - low), high + 0.2 * (high - low))
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)


def _map_words(points, known, names, levels) -> str:
    """Return the distances in sentences."""
    n = int((points["kind"] == "original").sum() / (len(names) * len(levels)))
    each = "; ".join(
        f"{name} "
        + ", ".join(
            f"{number(known[name, db], 2)} at {number(db, 0)} dB" for db in levels
        )
        for name in names
    )
    return (
        f"Joint t-SNE maps of {n} utterances and their noisy twins. Average distance "
        f"of a pair in feature space: {each}."
    )


def plot_under_noise(
    frame: pd.DataFrame,
    *,
    metric: str = "WA",
    reference: tuple[str, float] | None = None,
) -> Figure:
    """Draw every system's score against the dB its test data had.

    The picture that paper 3 lacks: in its tables impulse and Gaussian noise share a
    name, −10 dB, though they differ by 5 dB.

    Parameters
    ----------
    frame : DataFrame
        Columns `noise` (a panel each), `system`, `measured_db`, `mean`, `low`, `high`;
        an interval may be NaN. Systems named ``"ceiling"`` or ``"ceiling, …"`` are
        drawn as dashed lines. Panels share their axes, louder noise to the right.
    metric : str
        Name of the score.
    reference : name and level
        Drawn dashed in every panel: the share of the commonest class.
    """
    columns = ("noise", "system", "measured_db", "mean", "low", "high")
    need_columns("frame", frame, columns)
    noises = list(dict.fromkeys(frame["noise"]))
    systems = list(dict.fromkeys(frame["system"]))
    with style():
        figure, axes = new_figure(
            1, len(noises), width=PAGE, height=3.1, sharex=True, sharey=True
        )
        for ax, noise in zip(axes[0], noises, strict=True):
            _scores(ax, frame[frame["noise"] == noise], systems)
            if reference:
                level_line(ax, reference[1], reference[0])
            ax.set_title(f"{noise} noise")
            ax.set_xlabel("Measured SNR (dB)")
        low, high = frame["measured_db"].min(), frame["measured_db"].max()
        axes[0, 0].set_xlim(high + 3, low - 3)
        axes[0, 0].set_ylabel(f"{metric} (fraction)")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside right upper", borderpad=0)
    return describe(figure, _score_words(frame, noises, systems, metric, reference))


def _is_ceiling(system: str) -> bool:
    """Return whether a system is an ideal observer."""
    return system.split(",")[0] == CEILING


def _scores(ax: Axes, rows: pd.DataFrame, systems: list[str]) -> None:
    """Draw one panel: ceilings dashed, systems with marks and intervals."""
    trained = [s for s in systems if not _is_ceiling(s)]
    ceilings = [s for s in systems if _is_ceiling(s)]
    for name, line in zip(ceilings, ("--", ":", "-."), strict=False):
        mine = rows[rows["system"] == name].sort_values("measured_db")
        ax.plot(
            mine["measured_db"], mine["mean"], color=COLORS["reference"],
            linestyle=line, label=name,
        )  # fmt: skip
    for i, name in enumerate(trained):
        mine = rows[rows["system"] == name].sort_values("measured_db")
        x = mine["measured_db"] - APART_DB * (i - (len(trained) - 1) / 2)
        looks = look(name, trained)
        ax.vlines(x, mine["low"], mine["high"], color=looks["color"], linewidth=0.9)
        ax.plot(x, mine["mean"], linewidth=0.9, label=name, **looks)


def _score_words(frame, noises, systems, metric, reference) -> str:
    """Return every score, in sentences."""
    sentences = []
    for noise in noises:
        rows = frame[frame["noise"] == noise].rename(columns={"mean": "m"})
        each = "; ".join(
            f"{system} "
            + ", ".join(
                f"{interval(r.m, r.low, r.high)} at {number(r.measured_db, 1)} dB"
                for r in rows[rows["system"] == system]
                .sort_values("measured_db", ascending=False)
                .itertuples()
            )
            for system in systems
            if system in set(rows["system"])
        )
        sentences.append(f"{noise}: {each}.")
    if reference:
        sentences.append(f"{reference[0]}: {number(reference[1])}.")
    return f"{metric} against measured SNR. " + " ".join(sentences)

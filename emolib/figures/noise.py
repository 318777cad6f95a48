"""The noise scheduler in pictures: schedule, two readings, examples, three kinds of dB.

Fan et al. 2024 (paper 3), Section 2.2.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures.style import (
    COLORS,
    PAGE,
    describe,
    level_line,
    need_columns,
    new_figure,
    number,
    style,
)

LINES = ("-", (0, (5, 2)), (0, (2, 1.5)), (0, (5, 1.5, 1, 1.5)))
MODALITY_LOOKS = {
    "audio": (COLORS["audio"], "o"),
    "visual": (COLORS["visual"], "s"),
    "text": (COLORS["text"], "^"),
}
"""Colour and marker by modality."""

BIN_DB = 10.0
"""Width of a bar of the two readings, in dB."""


def modality_look(name: str) -> tuple[str, str]:
    """Return colour and marker of the modality that a name starts with."""
    return MODALITY_LOOKS.get(name.split()[0].lower().rstrip(","), ("black", "o"))


def plot_schedule(
    betas: pd.DataFrame, curves: pd.DataFrame, chosen: pd.DataFrame
) -> Figure:
    """Draw β over its steps, and what is left of the data against T.

    Paper 3, Sections 2.2.2 and 2.2.3, Eq. (1), (2) and (5).

    Parameters
    ----------
    betas : DataFrame
        Columns `n_steps` (T, a line each), `step` (from 1) and `beta`.
    curves : DataFrame
        Columns `name` (a line each in the last panel, for example ``"audio"``),
        `variance`, `n_steps`, `alpha_bar` (the same for all names) and `snr_db`.
    chosen : DataFrame
        Columns `name`, `asked_db`, `n_steps`, `nominal_db`: drawn as points.
    """
    need_columns("betas", betas, ("n_steps", "step", "beta"))
    columns = ("name", "variance", "n_steps", "alpha_bar", "snr_db")
    need_columns("curves", curves, columns)
    need_columns("chosen", chosen, ("name", "asked_db", "n_steps", "nominal_db"))
    with style():
        figure, axes = new_figure(
            1, 3, width=PAGE, height=2.7, gridspec_kw={"width_ratios": [1, 1, 1.5]}
        )
        _betas(axes[0, 0], betas)
        first = curves[curves["name"] == curves["name"].iloc[0]]
        axes[0, 1].plot(first["n_steps"], first["alpha_bar"], color="black")
        axes[0, 1].set(
            xlabel="Length T (steps)",
            ylabel="ᾱ, power left of the data\n(fraction, log scale)", yscale="log",
        )  # fmt: skip
        axes[0, 1].minorticks_off()
        _snr_curves(axes[0, 2], curves, chosen)
    return describe(figure, _schedule_words(first, chosen))


def _betas(ax: Axes, betas: pd.DataFrame) -> None:
    """Draw β over the steps of each schedule, T written at its end."""
    lengths = sorted(betas["n_steps"].unique())
    for length, line in zip(lengths, LINES * len(lengths), strict=False):
        rows = betas[betas["n_steps"] == length]
        ax.plot(rows["step"], rows["beta"], color="black", linestyle=line)
        ax.annotate(
            f"{length:g}", (length, rows["beta"].max()), xytext=(0, 3),
            textcoords="offset points", ha="center", va="bottom", fontsize=6.5,
        )  # fmt: skip
    ax.annotate(
        "T =", (lengths[0], betas["beta"].max()), xytext=(-7, 3),
        textcoords="offset points", ha="right", va="bottom", fontsize=6.5,
    )  # fmt: skip
    ax.set(xlabel="Step (number)", ylabel="β (fraction of power)")
    ax.margins(x=0.12, y=0.12)


def _snr_curves(ax: Axes, curves: pd.DataFrame, chosen: pd.DataFrame) -> None:
    """Draw SNR against T, a line per variance, the chosen T as points."""
    for db in sorted(chosen["asked_db"].unique()):
        ax.axhline(db, color=COLORS["reference"], linewidth=0.6, linestyle=":")
    names = list(dict.fromkeys(curves["name"]))
    for name, line in zip(names, LINES * len(names), strict=False):
        color, marker = modality_look(name)
        rows = curves[curves["name"] == name]
        ax.plot(rows["n_steps"], rows["snr_db"], color=color, linestyle=line)
        points = chosen[chosen["name"] == name]
        ax.plot(
            points["n_steps"], points["nominal_db"], marker, color=color, zorder=3,
            label=f"{name}, σ² = {rows['variance'].iloc[0]:.4g}",
        )  # fmt: skip
    ax.set(xlabel="Length T of the schedule (steps)", ylabel="SNR (dB)")
    ax.set_ylim(float(chosen["asked_db"].min()) - 5, None)
    ax.legend(loc="upper right", borderpad=0.2, handletextpad=0.2)


def _schedule_words(curve: pd.DataFrame, chosen: pd.DataFrame) -> str:
    """Return the schedule in sentences."""
    last = curve.loc[curve["n_steps"].idxmax()]
    each = "; ".join(
        f"{name} "
        + ", ".join(
            f"{r.n_steps:g} for {number(r.asked_db, 0)} dB"
            for r in rows.sort_values("asked_db", ascending=False).itertuples()
        )
        for name, rows in chosen.groupby("name", sort=False)
    )
    return (
        f"β rises to the same end whatever the length T of its schedule; after "
        f"{last['n_steps']:g} steps {last['alpha_bar']:.1e} of the power is left. "
        f"Chosen T: {each}."
    )


def plot_readings(released: pd.DataFrame, levels: pd.DataFrame) -> Figure:
    """Draw the SNR of a call under the released code beside the paper's fixed levels.

    Paper 3, Section 2.2.3, and the released code's random step per call.

    Parameters
    ----------
    released : DataFrame
        Columns `name` (a row of panels each) and `snr_db`: equally likely values.
    levels : DataFrame
        Columns `name`, `asked_db`, `nominal_db`: drawn as upright lines.
    """
    need_columns("released", released, ("name", "snr_db"))
    need_columns("levels", levels, ("name", "asked_db", "nominal_db"))
    names = list(dict.fromkeys(released["name"]))
    low, high = released["snr_db"].min(), released["snr_db"].max()
    edges = np.arange(
        BIN_DB * np.floor(low / BIN_DB), high + BIN_DB, BIN_DB, dtype=float
    )
    with style():
        figure, axes = new_figure(
            len(names), width=5.0, height=0.8 + 0.95 * len(names), sharex=True,
            sharey=True,
        )  # fmt: skip
        for ax, name in zip(axes[:, 0], names, strict=True):
            _calls(ax, released.loc[released["name"] == name, "snr_db"], edges, name)
            for db in levels.loc[levels["name"] == name, "nominal_db"]:
                ax.axvline(db, color="black", linewidth=1.2)
            ax.set_title(name)
        axes[len(names) // 2, 0].set_ylabel(f"Calls per {BIN_DB:g} dB (%)")
        axes[-1, 0].set_xlabel(
            "SNR (dB); bars: released code, lines: the paper's levels"
        )
    return describe(figure, _readings_words(released, levels, names))


def _calls(ax: Axes, db: pd.Series, edges: np.ndarray, name: str) -> None:
    """Draw the share of calls per bin, and the middle call."""
    share = 100 * np.histogram(db, edges)[0] / len(db)
    ax.bar(
        edges[:-1], share, width=BIN_DB, align="edge", color="0.85",
        edgecolor=modality_look(name)[0], linewidth=0.8,
    )  # fmt: skip
    ax.plot(
        db.median(), 0, "v", color=modality_look(name)[0], clip_on=False, zorder=4,
        markersize=6,
    )  # fmt: skip
    ax.annotate(
        f"median {number(db.median(), 0)} dB", (0.01, 0.95), va="top", fontsize=7,
        xycoords="axes fraction",
    )  # fmt: skip


def _readings_words(released, levels, names) -> str:
    """Return both readings in sentences."""
    sentences = []
    for name in names:
        db = released.loc[released["name"] == name, "snr_db"]
        fixed = levels.loc[levels["name"] == name, "nominal_db"]
        sentences.append(
            f"{name}: calls of the released code from {number(db.max(), 0)} to "
            f"{number(db.min(), 0)} dB, median {number(db.median(), 0)}; the paper's "
            f"levels at {', '.join(number(v, 1) for v in fixed)} dB."
        )
    return "SNR under two readings. " + " ".join(sentences)


def plot_examples(examples: pd.DataFrame) -> Figure:
    """Draw one feature of one utterance at rising noise, a row per kind of noise.

    Paper 3, Section 2.2.2, Eq. (3).

    Parameters
    ----------
    examples : DataFrame
        Columns `noise` (a row of panels each), `level` (a column each, in order),
        `nominal_db` (NaN without noise), `step`, `clean` (what Eq. (3) leaves of the
        data: √ᾱ E_0) and `noisy` (E_T), in SD of the feature.
    """
    columns = ("noise", "level", "nominal_db", "step", "clean", "noisy")
    need_columns("examples", examples, columns)
    noises = list(dict.fromkeys(examples["noise"]))
    levels = list(dict.fromkeys(examples["level"]))
    with style():
        figure, axes = new_figure(
            len(noises), len(levels), width=PAGE, height=0.7 + 1.25 * len(noises),
            sharex=True, sharey=True,
        )  # fmt: skip
        for row, noise in enumerate(noises):
            for column, level in enumerate(levels):
                mine = (examples["noise"] == noise) & (examples["level"] == level)
                _example(axes[row, column], examples[mine], level)
            axes[row, 0].set_ylabel(f"{noise} noise\nfeature (SD)")
        for ax in axes[-1]:
            ax.set_xlabel("Step (number)")
    return describe(figure, _example_words(examples))


def _example(ax: Axes, rows: pd.DataFrame, level: str) -> None:
    """Draw what is left of the data as a line, the noisy feature as points."""
    ax.plot(rows["step"], rows["noisy"], color="0.7", linewidth=0.6, zorder=1)
    ax.plot(rows["step"], rows["clean"], color=COLORS["ecg"], linewidth=1.4)
    ax.plot(rows["step"], rows["noisy"], ".", color="black", markersize=3, zorder=3)
    nominal = rows["nominal_db"].iloc[0]
    exact = "" if np.isnan(nominal) else f" (nominal {number(nominal, 1)})"
    ax.set_title(f"{level}{exact}", fontsize=7)


def _example_words(examples: pd.DataFrame) -> str:
    """Return how far noise moves the feature, in words."""
    moved = (examples["noisy"] - examples["clean"]).abs()
    groups = moved.groupby([examples["noise"], examples["level"]], sort=False).mean()
    each = "; ".join(
        f"{noise} {level} {number(v, 2)}" for (noise, level), v in groups.items()
    )
    return f"One feature over its steps; mean size of the noise in SD: {each}."


def plot_levels(frame: pd.DataFrame) -> Figure:
    """Draw how far nominal and measured dB lie from the dB asked for.

    Paper 3, Section 2.2.3.

    Parameters
    ----------
    frame : DataFrame
        Columns `name` (a panel each), `noise`, `asked_db`, `nominal_db`,
        `measured_db`, `n_steps` (shared by the noises of a level; NaN: exact).
    """
    columns = ("name", "noise", "asked_db", "nominal_db", "measured_db", "n_steps")
    need_columns("frame", frame, columns)
    names = list(dict.fromkeys(frame["name"]))
    with style():
        figure, axes = new_figure(1, len(names), width=PAGE, height=2.7, sharey=True)
        for ax, name in zip(axes[0], names, strict=True):
            _deviations(ax, frame[frame["name"] == name])
            ax.set_title(name)
            ax.set_xlabel("SNR asked (dB) and T (steps)")
        axes[0, 0].set_ylabel("SNR minus SNR asked (dB)")
        figure.legend(
            *axes[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=4
        )
    return describe(figure, _deviation_words(frame, names))


def _deviations(ax: Axes, rows: pd.DataFrame) -> None:
    """Draw one panel: rings for nominal, small filled marks for measured."""
    level_line(ax, 0, "")
    asked = sorted(rows["asked_db"].unique(), reverse=True)
    kinds = list(dict.fromkeys(rows["noise"]))
    looks = (("o", COLORS["eeg"]), ("D", COLORS["ecg"]))
    for i, (noise, (marker, color)) in enumerate(zip(kinds, looks, strict=False)):
        mine = rows[rows["noise"] == noise]
        x = mine["asked_db"].map(asked.index) + 0.26 * (i - (len(kinds) - 1) / 2)
        for kind, size, fill in (("nominal", 7, "white"), ("measured", 2.5, color)):
            y = mine[f"{kind}_db"] - mine["asked_db"]
            ax.plot(
                x, y, marker, color=color, markersize=size, markerfacecolor=fill,
                linestyle="none", label=f"{noise}, {kind}",
            )  # fmt: skip
    steps = rows.drop_duplicates("asked_db").set_index("asked_db")["n_steps"]
    under = {db: "exact" if np.isnan(n) else f"{n:g}" for db, n in steps.items()}
    ax.set_xticks(range(len(asked)), [f"{number(db, 0)}\n{under[db]}" for db in asked])
    ax.set_xlim(-0.5, len(asked) - 0.5)
    ax.margins(y=0.12)


def _deviation_words(frame: pd.DataFrame, names) -> str:
    """Return asked, nominal and measured dB of every row."""
    sentences = []
    for name in names:
        rows = frame[frame["name"] == name]
        each = "; ".join(
            f"{r.noise} {number(r.asked_db, 0)}: {number(r.nominal_db, 2)}, "
            f"{number(r.measured_db, 2)}"
            for r in rows.itertuples()
        )
        sentences.append(f"{name}: {each}.")
    return "dB asked: nominal, measured. " + " ".join(sentences)

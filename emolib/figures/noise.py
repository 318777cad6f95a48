"""Paper 3's noise in pictures: its schedule, examples, and where it moves points.

Fan et al. 2024 (paper 3), Sections 2.2 and 3.5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures import style as look
from emolib.figures.old_style import (
    COLORS,
    PAGE,
    describe,
    level_line,
    need_columns,
    new_figure,
    number,
    style,
)


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
        `n_steps`, `alpha_bar` (the same for all names) and `snr_db`.
    chosen : DataFrame
        Columns `name`, `asked_db`, `n_steps`, `nominal_db`: drawn as points.
    """
    import seaborn as sns

    with look.style():
        figure, axes = look.new_figure(1, 3, height=2.7, width_ratios=[1, 1, 1.5])
        steps, power, snr = axes[0]
        lines = {"errorbar": None, "color": "black"}
        sns.lineplot(betas, x="step", y="beta", style="n_steps", ax=steps, **lines)
        sns.lineplot(curves, x="n_steps", y="alpha_bar", ax=power, **lines)
        looks = {"hue": "name", "style": "name", "palette": look.COLORS, "ax": snr}
        sns.lineplot(curves, x="n_steps", y="snr_db", errorbar=None, **looks)
        points = {"x": "n_steps", "y": "nominal_db", "legend": False, "s": 22}
        sns.scatterplot(chosen, zorder=3, **points, **looks)
        steps.legend(title="T (steps)")
        steps.set(xlabel="Step (number)", ylabel="β (fraction of power)")
        power.set(xlabel="Length T (steps)", yscale="log")
        power.set_ylabel("ᾱ, power left of the data\n(fraction, log scale)")
        snr.set(xlabel="Length T of the schedule (steps)", ylabel="SNR (dB)")
        snr.set_ylim(chosen["asked_db"].min() - 5, None)
        snr.legend(title="")
    lengths = ", ".join(f"{n:g}" for n in sorted(betas["n_steps"].unique()))
    return look.describe(figure, f"Noise schedules of {lengths} steps; SNR against T.")


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
    look.need_columns("examples", examples, columns)
    groups = examples.groupby(["noise", "level"], sort=False)
    n_rows, n_cols = examples["noise"].nunique(), examples["level"].nunique()
    with look.style():
        size = {"height": 0.7 + 1.25 * n_rows, "sharex": True, "sharey": True}
        figure, axes = look.new_figure(n_rows, n_cols, **size)
        for ax, ((noise, level), rows) in zip(axes.flat, groups, strict=True):
            ax.plot(rows["step"], rows["noisy"], color="0.7", linewidth=0.6, zorder=1)
            ax.plot(
                rows["step"], rows["clean"], color=look.COLORS["ecg"], linewidth=1.4
            )
            ax.plot(rows["step"], rows["noisy"], "k.", markersize=3, zorder=3)
            nominal = rows["nominal_db"].iloc[0]
            exact = (
                f" (nominal {look.number(nominal, 1)})" if np.isfinite(nominal) else ""
            )
            ax.set_title(f"{level}{exact}", fontsize=7)
            ax.set(xlabel="Step (number)", ylabel=f"{noise} noise\nfeature (SD)")
            ax.label_outer()
    levels = ", ".join(dict.fromkeys(examples["level"]))
    return look.describe(
        figure, f"One feature over its steps at {levels}: noise covers it."
    )


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
    look.need_columns("points", points, ("name", "asked_db", "kind", "x", "y"))
    known = distances.set_index(["name", "asked_db"])["distance"]
    n_rows, n_cols = points["name"].nunique(), points["asked_db"].nunique()
    with look.style():
        figure, axes = look.new_figure(n_rows, n_cols, height=0.5 + 1.75 * n_rows)
        groups = points.groupby(["name", "asked_db"], sort=False)
        for ax, ((name, db), rows) in zip(axes.flat, groups, strict=True):
            _twins(ax, rows, look.job_color(name), legend=ax is axes[0, -1])
            away = look.number(known[name, db], 2)
            ax.set_title(f"{look.number(db, 0)} dB, mean distance {away}", fontsize=6.5)
            ax.set_ylabel(f"{name}\nt-SNE 2 (no unit)")
            ax.label_outer()
    what = f"{len(rows) // 2} utterances and their noisy twins"
    return look.describe(figure, f"{len(known)} joint t-SNE maps of {what}.")


def _twins(ax, rows: pd.DataFrame, color: str, *, legend: bool) -> None:
    """Draw one joint map: originals as circles, noisy twins as triangles."""
    import seaborn as sns

    looks = {"hue": "kind", "palette": {"original": "0.6", "noisy": color}, "s": 14}
    marks = {"style": "kind", "markers": {"original": "o", "noisy": "^"}}
    sns.scatterplot(rows, x="x", y="y", legend=legend, ax=ax, **looks, **marks)
    ax.set(xticks=[], yticks=[], xlabel="t-SNE 1 (no unit)")
    ax.grid(visible=False)
    if legend:
        ax.legend(title="", loc="lower right", frameon=True)


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

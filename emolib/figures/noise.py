"""Paper 3's noise in pictures: its schedule, examples, and where it moves points.

Fan et al. 2024 (paper 3), Sections 2.2 and 3.5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from emolib.figures import style as look


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
    lengths = betas["n_steps"].nunique()
    return look.describe(figure, f"{lengths} noise schedules, and SNR against length.")


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
    size = f"{n_rows} kinds of noise at {n_cols} levels"
    return look.describe(figure, f"One feature over its steps under {size}.")


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

"""Curves of learning: over windows, over epochs, over a setting."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.figures.old_style import (
    COLORS,
    PAGE,
    describe,
    interval,
    level_line,
    need_columns,
    new_figure,
    number,
    style,
)

MIN_SPAN = 0.1
"""Least height of a sweep's axis, as a fraction: what is flat must look flat."""

LINE_OF_TEXT = 0.08
"""Height of a name beside a curve, as a fraction of a panel."""

_STEM_LOOKS = {
    "conv": {"linestyle": "-", "marker": "o"},
    "linear": {"linestyle": (0, (4, 2)), "marker": "s", "markerfacecolor": "white"},
}
_TERM_LOOKS = (
    {"color": "black", "marker": "o"},
    {"color": "0.45", "marker": "s"},
    {"color": "0.65", "marker": "^"},
    {"color": "0.55", "marker": "D"},
    {"color": "0.25", "marker": "x"},
)
_PARAMETER_LABELS = {
    "temperature": "Temperature τ of both levels (no unit, log scale)",
    "w_patch": "Weight α of the patch level (no unit)",
}


def plot_readability(
    frame: pd.DataFrame, *, score_label: str = "R² on held-out windows"
) -> Figure:
    """Draw how well encoders read a planted quantity against the number of windows.

    The figure that precedes any alignment: an encoder that cannot read a heart rate or
    a band power from this many windows has nothing to align.

    Parameters
    ----------
    frame : DataFrame
        Columns `task` (a panel each, for example ``"ECG: heart rate"``; EEG tasks are
        blue, ECG tasks vermilion), `stem`, `n_windows` and `score` (0 is the mean
        answer, 1 is perfect). Several rows of one size, for example seeds, are drawn as
        points with a line through their mean.
    """
    need_columns("frame", frame, ("task", "stem", "n_windows", "score"))
    tasks = list(dict.fromkeys(frame["task"]))
    with style():
        figure, axes = new_figure(
            1, len(tasks), width=PAGE, height=2.6, sharex=True, sharey=True
        )
        for ax, task in zip(axes[0], tasks, strict=True):
            part = frame[frame["task"] == task]
            for stem, rows in part.groupby("stem", sort=True):
                _reading(ax, rows, stem, _job_color(task))
            level_line(ax, 0, "the mean answer")
            ax.set_title(task)
            ax.set(xlabel="Training windows (number, log scale)", xscale="log")
            sizes = sorted(frame["n_windows"].unique())
            ax.set_xticks(sizes, [f"{n:g}" for n in sizes])
            ax.minorticks_off()
        axes[0, 0].set_ylabel(score_label)
        low = min(-0.08, float(frame["score"].min()) - 0.05)
        axes[0, 0].set_ylim(max(low, -0.6), 1.05)
    last = frame[frame["n_windows"] == frame["n_windows"].max()]
    said = "; ".join(
        f"{task}, {stem} {number(rows['score'].mean(), 2)}"
        for (task, stem), rows in last.groupby(["task", "stem"], sort=True)
    )
    most = f"{last['n_windows'].iloc[0]:g} training windows"
    return describe(figure, f"{score_label} at {most}: {said}.")


def _job_color(task: str) -> str:
    """Return the colour of the modality that a task's name starts with."""
    return COLORS.get(task.split(":")[0].split()[0].lower(), "black")


def _reading(ax: Axes, rows: pd.DataFrame, stem: str, color: str) -> None:
    """Draw one stem's curve, its single scores as points, and its name."""
    looks = _STEM_LOOKS.get(stem, {"linestyle": ":", "marker": "^"})
    mean = rows.groupby("n_windows")["score"].mean()
    ax.plot(mean.index, mean.to_numpy(), color=color, **looks)
    if len(rows) > len(mean):
        ax.scatter(rows["n_windows"], rows["score"], color=color, s=5, alpha=0.5)
    best = stem == "conv"  # its name above the curve, the other's below
    ax.annotate(
        stem, (mean.index[-1], mean.iloc[-1]), xytext=(0, 5 if best else -6),
        color=color, textcoords="offset points", ha="right",
        va="bottom" if best else "top", fontsize=7,
    )  # fmt: skip


def plot_history(histories: Mapping[str, pd.DataFrame], *, log: bool = False) -> Figure:
    """Draw every named loss over epochs, a panel per stage.

    Parameters
    ----------
    histories : mapping of stage name to DataFrame
        As `fit` returns: columns `epoch`, `split` (``"train"``, ``"validation"``) and
        one per named loss; others that are not numbers are left out. The best epoch is
        marked: that of the lowest validation total, or of the lowest `monitor` where
        `fit` had a criterion of its own.
    log : bool
        Whether losses are drawn on a log scale, where terms differ by much.
    """
    with style():
        figure, axes = new_figure(1, len(histories), width=PAGE, height=2.5)
        for ax, (stage, history) in zip(axes[0], histories.items(), strict=True):
            need_columns(f"histories[{stage!r}]", history, ("epoch", "split", "total"))
            ax.set_yscale("log" if log else "linear")
            _losses(ax, history)
            ax.set_title(stage)
            ax.set_xlabel("Epoch (number)")
            ax.xaxis.get_major_locator().set_params(integer=True)
        words = "Loss (0 is perfect, log scale)" if log else "Loss (0 is perfect)"
        axes[0, 0].set_ylabel(words)
        figure.supxlabel(
            "– –  training     —  validation     │  best epoch", fontsize=6.5,
            color="0.35",
        )  # fmt: skip
    return describe(
        figure, " ".join(_ending(stage, h) for stage, h in histories.items())
    )


def loss_names(history: pd.DataFrame) -> list[str]:
    """Return the loss columns of a history, the total first."""
    numeric = history.select_dtypes("number").columns
    known = ("epoch", "total", "fold", "seed", "monitor")
    terms = [c for c in numeric if c not in known]
    return ["total", *[t for t in terms if history[t].notna().any()]]


def _is_train(history: pd.DataFrame) -> pd.Series:
    """Return where a history's rows are of the training windows."""
    return history["split"] == "train"


def _losses(ax: Axes, history: pd.DataFrame) -> None:
    """Draw the losses of one stage: training dashed, validation solid."""
    terms = loss_names(history)
    train = _is_train(history)
    shown = history[~train] if (~train).any() else history[train]
    for term, looks in zip(terms, _TERM_LOOKS * 3, strict=False):
        for rows, line in ((history[train], (0, (3, 2))), (history[~train], "-")):
            if rows.empty:
                continue
            ax.plot(
                rows["epoch"], rows[term], linestyle=line, markevery=0.2, markersize=3,
                **looks,
            )  # fmt: skip
    if (~train).any():
        best = _best_row(history)
        ax.axvline(best["epoch"], color="0.75", linewidth=0.8, zorder=0)
    ax.margins(x=0.08)
    _name_terms(ax, shown[["epoch", *terms]].iloc[-1])


def _name_terms(ax: Axes, last: pd.Series) -> None:
    """Write each term's name right of its curve's end, apart where they would touch."""
    ax.autoscale_view()
    to_axes = (ax.transData + ax.transAxes.inverted()).transform
    heights = {t: to_axes((last["epoch"], last[t]))[1] for t in last.index[1:]}
    place = -np.inf
    for term in sorted(heights, key=heights.get):
        place = max(heights[term], place + LINE_OF_TEXT)
        looks = _TERM_LOOKS[list(heights).index(term) % len(_TERM_LOOKS)]
        ax.annotate(
            term, (last["epoch"], place), xycoords=("data", "axes fraction"),
            xytext=(3, 0), textcoords="offset points", va="center", fontsize=7,
            color=looks["color"],
        )  # fmt: skip


def _best_row(history: pd.DataFrame) -> pd.Series:
    """Return the validation row of the epoch that `fit` kept."""
    rows = history[~_is_train(history)]
    monitored = "monitor" in rows and rows["monitor"].notna().any()
    return rows.loc[rows["monitor" if monitored else "total"].idxmin()]


def _ending(stage: str, history: pd.DataFrame) -> str:
    """Return how a stage ended, in a sentence."""
    train = history[_is_train(history)]
    fell = f"{number(train['total'].iloc[0])} to {number(train['total'].iloc[-1])}"
    text = f"{stage}: training total from {fell} in {len(train)} epochs"
    if _is_train(history).all():
        return f"{text}."
    best = _best_row(history)
    monitored = best.get("monitor", np.nan)
    if np.isfinite(monitored):
        return f"{text}, best by its own criterion at epoch {best['epoch']:g}."
    return (
        f"{text}, best validation total {number(best['total'])} at epoch "
        f"{best['epoch']:g}."
    )


def plot_sweep(
    frame: pd.DataFrame,
    *,
    metric: str = "AUC",
    chosen: Mapping[str, float] | None = None,
    reference: tuple[str, float] | None = None,
) -> Figure:
    """Draw a score against one setting at a time, with intervals and shared limits.

    Parameters
    ----------
    frame : DataFrame
        Columns `parameter` (a panel each), `value`, `mean`, `low`, `high`; the last two
        may be NaN.
    metric : str
        Name of the score, without a unit of its own.
    chosen : mapping of parameter to value
        The value used elsewhere, drawn filled; the others are open.
    reference : name and level
        Drawn dashed, for example ``("w/o align", 0.71)``.
    """
    need_columns("frame", frame, ("parameter", "value", "mean", "low", "high"))
    parameters = list(dict.fromkeys(frame["parameter"]))
    with style():
        figure, axes = new_figure(
            1, len(parameters), width=PAGE, height=2.5, sharey=True
        )
        for ax, parameter in zip(axes[0], parameters, strict=True):
            rows = frame[frame["parameter"] == parameter].sort_values("value")
            _swept(ax, rows, (chosen or {}).get(parameter))
            if reference:
                level_line(ax, reference[1], reference[0])
            ax.set_xlabel(_PARAMETER_LABELS.get(parameter, f"{parameter} (no unit)"))
        axes[0, 0].set_ylabel(f"{metric} (fraction)")
        low, high = axes[0, 0].get_ylim()
        middle, reach = (low + high) / 2, max((high - low) / 2, MIN_SPAN / 2)
        axes[0, 0].set_ylim(middle - reach, middle + reach)
    said = " ".join(_sweep_words(p, frame, metric) for p in parameters)
    if reference:
        said += f" {reference[0]}: {number(reference[1])}."
    return describe(figure, said)


def _swept(ax: Axes, rows: pd.DataFrame, chosen: float | None) -> None:
    """Draw one parameter's scores; the chosen value is filled."""
    values, mean = rows["value"].to_numpy(), rows["mean"].to_numpy()
    if values.min() > 0 and values.max() / values.min() >= 4:
        ax.set_xscale("log")
    ax.plot(values, mean, color=COLORS["ours"], linewidth=0.8)
    ax.vlines(values, rows["low"], rows["high"], color=COLORS["ours"], linewidth=1)
    is_chosen = np.isclose(values, np.nan if chosen is None else chosen)
    for part, fill in ((is_chosen, "black"), (~is_chosen, "white")):
        ax.plot(
            values[part], mean[part], "o", color="black", markerfacecolor=fill, zorder=3
        )
    ax.set_xticks(values, [f"{v:g}" for v in values])
    ax.minorticks_off()
    ax.margins(x=0.1)
    for x, y in zip(values[is_chosen], rows["high"].to_numpy()[is_chosen], strict=True):
        ax.annotate(
            "used", (x, np.nan_to_num(y, nan=mean[is_chosen][0])), xytext=(0, 3),
            textcoords="offset points", ha="center", fontsize=6.5, color="0.35",
        )  # fmt: skip


def _sweep_words(parameter: str, frame: pd.DataFrame, metric: str) -> str:
    """Return one sweep in a sentence."""
    rows = frame[frame["parameter"] == parameter].sort_values("value")
    each = ", ".join(
        f"{r.value:g}: {interval(r.mean_, r.low, r.high)}"
        for r in rows.rename(columns={"mean": "mean_"}).itertuples()
    )
    return f"{metric} over {parameter}: {each}."

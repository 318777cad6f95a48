"""The price of leakage: one system under three splits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.checks import check_option
from emolib.figures.old_style import (
    COLORS,
    describe,
    look,
    need_columns,
    number,
    one_panel,
    style,
)

PROTOCOLS = {
    "random_windows": "random windows\n(leaky)",
    "by_trial": "by trial",
    "by_subject": "by subject",
}
_LINES = {"majority": ":", "chance": "--"}


def plot_protocols(
    results: pd.DataFrame, *, metric: str = "accuracy", ax: Axes | None = None
) -> Figure:
    """Draw scores under each split, folds as points, with chance and majority lines.

    Parameters
    ----------
    results : DataFrame
        Columns `protocol`, `method`, `variant`, `metric`, `fold`, `seed`, `value`, as
        in Results, of one dataset and target. Methods ``"chance"`` and ``"majority"``
        become lines. A `note` per method is not needed: the split says what leaks.
    metric : str
        Which metric of `results` to draw.
    """
    columns = ("protocol", "method", "variant", "metric", "value")
    need_columns("results", results, columns)
    check_option("metric", metric, sorted(set(results["metric"])))
    frame = results[results["metric"] == metric]
    frame = frame.assign(system=_system(frame))
    protocols = [p for p in PROTOCOLS if p in set(frame["protocol"])]
    systems = [s for s in dict.fromkeys(frame["system"]) if s not in _LINES]
    with style():
        figure, ax = one_panel(ax, width=5.0, height=2.9)
        for name, line in _LINES.items():
            _levels(ax, frame[frame["system"] == name], protocols, name, line)
        for i, system in enumerate(systems):
            offset = 0.6 * ((i + 0.5) / len(systems) - 0.5)
            rows = frame[frame["system"] == system]
            _folds(ax, rows, protocols, offset, look(system, systems), system)
        ax.set_xticks(range(len(protocols)), [PROTOCOLS[p] for p in protocols])
        ax.set_xlim(-0.5, len(protocols) - 0.5)
        ax.set(xlabel="Split", ylabel=f"{_metric_label(metric)} (fraction)")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), borderpad=0)
    return describe(figure, _words(frame, protocols, metric))


def _system(frame: pd.DataFrame) -> pd.Series:
    """Return each row's name: its variant, else its method."""
    return frame["variant"].fillna("").where(lambda v: v != "", frame["method"])


def _metric_label(metric: str) -> str:
    """Return a metric's name for an axis."""
    names = {"accuracy": "Accuracy", "auc": "AUC", "f1_macro": "Macro F1"}
    return names.get(metric, metric)


def _levels(ax: Axes, rows: pd.DataFrame, protocols, name: str, line: str) -> None:
    """Draw a reference's mean over each protocol's place."""
    means = rows.groupby("protocol")["value"].mean()
    for i, protocol in enumerate(protocols):
        if protocol in means:
            ax.hlines(
                means[protocol], i - 0.45, i + 0.45, color=COLORS["reference"],
                linestyle=line, linewidth=1, label=name if i == 0 else None, zorder=1,
            )  # fmt: skip


def _folds(ax: Axes, rows, protocols, offset, looks, name: str) -> None:
    """Draw a system's folds as small points and their mean and SD."""
    for i, protocol in enumerate(protocols):
        values = rows.loc[rows["protocol"] == protocol, "value"].dropna().to_numpy()
        if not len(values):
            continue
        x = i + offset
        ax.plot(
            np.full(len(values), x - 0.06), values, ".", color="0.6", markersize=3.5
        )
        sd = values.std(ddof=1) if len(values) > 1 else 0.0
        ax.errorbar(
            x + 0.02, values.mean(), yerr=sd, label=name, linestyle="none", **looks
        )
        name = None


def _words(frame: pd.DataFrame, protocols, metric: str) -> str:
    """Return the figure in a sentence per protocol."""
    sentences = []
    for protocol in protocols:
        rows = frame[frame["protocol"] == protocol]
        means = rows.groupby("system", sort=False)["value"].mean()
        each = ", ".join(f"{name} {number(mean)}" for name, mean in means.items())
        sentences.append(f"{protocol.replace('_', ' ')}: {each}.")
    return f"Mean {_metric_label(metric)} over folds. " + " ".join(sentences)

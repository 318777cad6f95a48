"""Files with the same bytes for the same content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

CLOCK_NAMES = ("seconds", "duration", "time", "elapsed", "wall")


def write_json(path: Path, value: Mapping) -> None:
    """Write a JSON file aside and rename it."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(
        json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n", "utf-8"
    )
    aside.replace(path)


def write_csv(path: Path, frame) -> None:
    """Write a frame as CSV with the same bytes on every system."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def sorted_results(frame, first=()):
    """Return a tidy frame with its columns and rows in a fixed order.

    Raises ValueError for a metric that is a timing.
    """
    if "metric" in frame.columns:
        clocks = [
            m for m in frame["metric"].astype(str).unique()
            if m.endswith("_s") or m in CLOCK_NAMES
        ]  # fmt: skip
        if clocks:
            raise ValueError(
                f"results must hold no timings; got the metric {clocks[0]!r}. Give "
                "it to save_report as extra."
            )
    ids = [c for c in first if c in frame.columns and c != "value"]
    ids += sorted(c for c in frame.columns if c not in ids and c != "value")
    columns = ids + (["value"] if "value" in frame.columns else [])
    ordered = frame[columns].reset_index(drop=True)
    keys = ordered.apply(_sort_key)
    return ordered.loc[keys.sort_values(columns, kind="stable").index]


def _sort_key(column):
    """Return a column as numbers where it holds numbers, else as text."""
    numeric = column.dtype.kind in "biuf"
    return column if numeric else column.astype(object).fillna("").astype(str)

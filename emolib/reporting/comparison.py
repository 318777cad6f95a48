"""Two runs side by side: settings that differ, and differences in pairs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emolib.reporting.markdown import to_markdown
from emolib.reporting.places import reports_folder
from emolib.reporting.runs import canonical, read_run

N_DRAWS = 10_000
BOOTSTRAP_FROM = 20


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Parameters
    ----------
    settings : DataFrame
        Columns setting, a, b.
    differences : DataFrame
        One row a number: its ids, a, b, the mean of b minus a over the pairs, its
        95 % interval, the number of pairs and what a pair is.
    notes : tuple of str
        What could not be paired.
    """

    settings: object
    differences: object
    notes: tuple[str, ...]

    def __str__(self) -> str:
        settings = self.settings if len(self.settings) else None
        parts = [
            "Settings that differ:" if settings is not None else "Settings are equal.",
            "" if settings is None else to_markdown(settings),
            "Differences (b minus a), 95 % interval over the pairs:",
            to_markdown(self.differences) if len(self.differences) else "none",
            *self.notes,
        ]
        return "\n".join(part for part in parts if part)


def find_run(name: str | Path) -> Path:
    """Return a run's folder from its path, or from its name below the reports."""
    given = Path(name)
    folder = given if (given / "run.json").is_file() else reports_folder() / given
    read_run(folder)
    return folder


def compare_runs(run_a: str | Path, run_b: str | Path) -> Comparison:
    """Return the settings and the numbers in which two finished runs differ.

    Rows of ``results.csv`` are matched on all their ids; the pairs are folds. Where
    both runs kept ``subjects.csv``, the pairs are subjects.
    """
    import pandas as pd

    folders = find_run(run_a), find_run(run_b)
    about = [read_run(folder) for folder in folders]
    folds, notes = _paired(folders, "results.csv", "fold")
    subjects, more = _paired(folders, "subjects.csv", "subject")
    both = [f for f in (folds, subjects) if len(f)]
    differences = pd.concat(both, ignore_index=True) if both else pd.DataFrame()
    notes += more + _other_ground(about)
    return Comparison(_settings(about), differences, tuple(notes))


def _settings(about: list[dict]):
    """Return the settings that differ."""
    import pandas as pd

    a, b = (run["settings"] for run in about)
    names = [n for n in sorted({*a, *b}) if canonical(a.get(n)) != canonical(b.get(n))]
    rows = [(n, canonical(a.get(n)), canonical(b.get(n))) for n in names]
    return pd.DataFrame(rows, columns=["setting", "a", "b"])


def _other_ground(about: list[dict]) -> list[str]:
    """Say it when two runs stand on different code, data or devices."""
    words = {
        "sources": "data", "data": "corpora", "commit": "commit",
        "code": "code", "device_kinds": "device",
    }  # fmt: skip
    return [
        f"The runs differ in their {word}."
        for key, word in words.items()
        if about[0].get(key) != about[1].get(key)
    ]


def _paired(folders: tuple[Path, Path], name: str, unit: str):
    """Return the paired differences of one file of both runs, and notes."""
    import pandas as pd

    if not all((folder / name).is_file() for folder in folders):
        return pd.DataFrame(), []
    a, b = (_read(folder / name) for folder in folders)
    ids = [c for c in a.columns if c != "value" and c in b.columns]
    if unit not in ids:
        return pd.DataFrame(), [f"{name} has no column {unit}; nothing was paired."]
    both = a.merge(b, on=ids, suffixes=("_a", "_b"))
    n_alone = len(a) + len(b) - 2 * len(both)
    notes = [f"{n_alone} rows of {name} stand in one run only."] if n_alone else []
    if both.empty:
        return pd.DataFrame(), notes
    cells = [c for c in ids if c not in ("seed", "fold", "subject")]
    rows = [_difference(cells, key, part, unit) for key, part in both.groupby(cells)]
    return pd.DataFrame(rows), notes


def _read(path: Path):
    """Return a tidy file with empty words where an id has none."""
    import pandas as pd

    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    values = pd.to_numeric(frame["value"], errors="coerce")
    return frame.assign(value=values)


def _difference(cells: list[str], key: tuple, part, unit: str) -> dict:
    """Return one row: means over seeds first, then over pairs."""
    pairs = part.groupby(unit)[["value_a", "value_b"]].mean()
    differences = (pairs["value_b"] - pairs["value_a"]).dropna().to_numpy()
    low, high = interval(differences)
    named = {c: k for c, k in zip(cells, key, strict=True) if k != ""}
    return {
        **named, "a": pairs["value_a"].mean(), "b": pairs["value_b"].mean(),
        "difference": differences.mean() if len(differences) else float("nan"),
        "low": low, "high": high, "n": len(differences), "pairs": f"{unit}s",
    }  # fmt: skip


def interval(values, *, level: float = 0.95, seed: int = 0) -> tuple[float, float]:
    """Return the interval of the mean of paired differences.

    From 20 pairs up by drawing pairs again, below by Student's t; NaN under two pairs.
    """
    import numpy as np
    from scipy import stats

    n = len(values)
    if n < 2:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    if n >= BOOTSTRAP_FROM:
        draws = np.random.default_rng(seed).integers(0, n, size=(N_DRAWS, n))
        low, high = np.quantile(values[draws].mean(axis=1), [tail, 1 - tail])
        return float(low), float(high)
    half = stats.t.ppf(1 - tail, n - 1) * values.std(ddof=1) / np.sqrt(n)
    return float(values.mean() - half), float(values.mean() + half)

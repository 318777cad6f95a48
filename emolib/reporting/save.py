"""`save_report`: the last cell of every notebook."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from emolib.reporting.marks import SURROGATE, save_figure, sources_of
from emolib.reporting.parameters import notes_of, recipe_of
from emolib.reporting.places import REPORT_DIR, notebook_stems, project_root
from emolib.reporting.provenance import (
    code_digest,
    device_kinds,
    process_age_s,
    provenance,
)
from emolib.reporting.runs import (
    Run,
    name_run,
    new_partial,
    put_in_place,
    settings_of,
)

CLOCK_NAMES = ("seconds", "duration", "time", "elapsed", "wall")


@dataclass(frozen=True)
class SavedReport:
    """The files that a report was written to, as a notebook prints them."""

    folder: str
    files: tuple[str, ...]

    def __iter__(self):
        return iter(self.files)

    def __str__(self) -> str:
        return f"reports/{self.folder}: {', '.join(self.files)}"

    __repr__ = __str__


def save_report(
    stem: str,
    settings,
    *,
    results,
    tables: Mapping | None = None,
    figures: Mapping | None = None,
    subjects=None,
    data: Iterable = (),
    failures: Iterable = (),
    audits: Iterable = (),
    device_kinds_used: Iterable[str] | None = None,
    n_workers: int | None = None,
    extra: Mapping | None = None,
) -> SavedReport:
    """Write a notebook's results, tables and figures into its run folder.

    Parameters
    ----------
    stem : str
        The notebook's.
    settings : dataclass or mapping
        Every parameter of the notebook, `config` among them.
    results : DataFrame
        Tidy, `emolib.containers.RESULT_COLUMNS`; no timings.
    tables : mapping of name to DataFrame or Markdown text
        ``table_1`` gives ``table_1.csv`` and ``table_1.md``.
    figures : mapping of name to matplotlib Figure
        ``fig_2_similarity`` gives ``fig_2_similarity.svg``; each carries `alt_text`.
    subjects : DataFrame
        Scores per subject, by which two runs are compared in pairs.
    data : iterable of `emolib.corpora.CorpusFolder` or mapping
        Names, sources and digests of the corpora; their paths are not kept.
    failures : iterable of mapping or (unit, reason)
        Units that gave no result.
    audits : iterable of mapping or text
        What the splits let overlap.
    device_kinds_used : iterable of str
        Of the units; what torch sees here when not given.

    Returns
    -------
    SavedReport
        Prints as the files written.

    Notes
    -----
    Same results, same bytes: ``results.csv`` is sorted, and date, durations and host
    stand in ``run.json`` alone, which is written last.
    """
    values = settings_of(settings, stem)
    corpora = [_corpus(item) for item in data]
    sources = sources_of(results, corpora)
    run = name_run(stem, values, sources=sources, data=corpora)
    redirected = os.environ.get(REPORT_DIR)
    folder = Path(redirected) if redirected else new_partial(stem)
    try:
        files = _write_results(folder, results, subjects)
        files += _write_tables(folder, tables or {}, run, sources, corpora, results)
        files += _write_figures(folder, figures or {}, sources)
        files += _write_declared(folder, run, files)
        about = {
            "finished": True, "notebook": stem, "config": run.config,
            "folder": run.folder, "tier": run.tier, "changed": list(run.changed),
            "settings": values, "settings_digest": run.digest, "sources": sources,
            "data": corpora, "failures": [_failure(f) for f in failures],
            "splits": [a if isinstance(a, Mapping) else str(a) for a in audits],
            "device_kinds": sorted(
                device_kinds() if device_kinds_used is None else device_kinds_used
            ),
            "n_workers": n_workers or values.get("n_workers"),
            "seeds": _seeds(results), "duration_s": round(process_age_s(), 1),
            "code": _code(stem), "files": sorted(files),
            **provenance(), **(extra or {}),
        }  # fmt: skip
        write_json(folder / "run.json", about)
        if not redirected:
            put_in_place(folder, run.folder)
    finally:
        if not redirected:
            shutil.rmtree(folder, ignore_errors=True)
    return SavedReport(run.folder, (*sorted(files), "run.json"))


def write_json(path: Path, value: Mapping) -> None:
    """Write a JSON file aside and rename it."""
    aside = path.with_name(path.name + ".part")
    aside.write_text(
        json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n", "utf-8"
    )
    aside.replace(path)


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
    return column if numeric else column.fillna("").astype(str)


def _write_results(folder: Path, results, subjects) -> list[str]:
    """Write results.csv and, when there are any, subjects.csv."""
    from emolib.containers import RESULT_COLUMNS

    missing = [c for c in ("metric", "value", "source") if c not in results.columns]
    if missing:
        raise ValueError(
            f"results must have the columns metric, value and source; got none of "
            f"{missing}. See emolib.containers.RESULT_COLUMNS."
        )
    write_csv(folder / "results.csv", sorted_results(results, RESULT_COLUMNS))
    if subjects is None:
        return ["results.csv"]
    write_csv(folder / "subjects.csv", sorted_results(subjects, RESULT_COLUMNS))
    return ["results.csv", "subjects.csv"]


def write_csv(path: Path, frame) -> None:
    """Write a frame as CSV with the same bytes on every system."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _write_tables(folder, tables, run, sources, corpora, results) -> list[str]:
    """Write each table as CSV, and as Markdown made from that CSV."""
    import pandas as pd

    from emolib.reporting.tables import footer, to_markdown

    files = []
    for name, table in tables.items():
        is_text = isinstance(table, str)
        own = sources_of(None if is_text else table) or sources
        last = footer(run, own, corpora, results)
        if is_text:
            text = f"{table.rstrip()}\n\n{last}\n"
        else:
            write_csv(folder / f"{name}.csv", table)
            files.append(f"{name}.csv")
            same = pd.read_csv(folder / f"{name}.csv", keep_default_na=True)
            same.attrs = dict(table.attrs)
            text = to_markdown(same, footer=last)
        (folder / f"{name}.md").write_text(text, "utf-8")
        files.append(f"{name}.md")
    return files


def _write_figures(folder: Path, figures: Mapping, sources: list[str]) -> list[str]:
    """Write each figure as SVG, and what they say as alt.json."""
    said = {}
    for name, figure in figures.items():
        own = [figure.source] if hasattr(figure, "source") else sources
        marked = "surrogate" in own
        said[f"{name}.svg"] = save_figure(figure, folder / f"{name}.svg", marked=marked)
    if said:
        write_json(folder / "alt.json", dict(sorted(said.items())))
    return [*said, *(["alt.json"] if said else [])]


def declared_outputs(stem: str) -> list[str]:
    """Return the files a notebook's report always holds.

    They are named in the notebook's metadata (``emolib.outputs``); the notebook that
    has its recipe's name holds each printed table of its paper when it names none.
    """
    always = ["results.csv", "run.json"]
    if stem not in notebook_stems():
        return always
    path = project_root() / "notebooks" / f"{stem}.ipynb"
    named = notes_of(path).get("outputs")
    if named is None and recipe_of(path) == stem:
        named = [f"{slug(item)}.md" for item in _printed_tables(stem)]
    return always + sorted(set(named or []) - set(always))


def slug(item: str) -> str:
    """Return a printed item as a file's name: 'Table 1' becomes 'table_1'."""
    words = item.lower().replace("fig.", "fig").replace("figure", "fig").split()
    return "_".join("".join(c for c in w if c.isalnum() or c in "_-") for w in words)


def _printed_tables(recipe: str) -> list[str]:
    """Return the tables of a paper, as reported.csv names them."""
    import csv

    path = Path(__file__).resolve().parents[1] / "papers" / recipe / "reported.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        items = {row["item"] for row in csv.DictReader(lines)}
    return sorted(item for item in items if item.startswith("Table"))


def _write_declared(folder: Path, run: Run, written: list[str]) -> list[str]:
    """Write a page that says so for each declared table or figure not run."""
    absent = [
        name for name in declared_outputs(run.stem)
        if name not in written and name != "run.json"
    ]  # fmt: skip
    for name in absent:
        words = (
            f"{Path(name).stem}: no cell was run at tier {run.tier}. TIER=full runs it."
        )
        text = _blank_svg(words) if name.endswith(".svg") else f"{words}\n"
        (folder / name).write_text(text, "utf-8")
    return absent


def _blank_svg(words: str) -> str:
    """Return a picture that says that there is none."""
    from xml.sax.saxutils import escape

    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" width="504" height="40">'
        f"<title>{escape(words)}</title>"
        f'<text x="8" y="24" font-size="11">{escape(words)}</text></svg>\n'
    )


def _corpus(item) -> dict:
    """Return a corpus without its path."""
    get = (
        item.get if isinstance(item, Mapping) else lambda k, d=None: getattr(item, k, d)
    )
    return {
        "name": get("name"), "source": get("source"), "digest": get("digest") or "",
        "parameters": _values(get("parameters")),
    }  # fmt: skip


def _values(parameters) -> dict:
    """Return a surrogate's parameters as plain values."""
    return dict(parameters or {})


def _failure(item) -> dict:
    """Return a failed unit's labels and its reason."""
    if isinstance(item, Mapping):
        return dict(item)
    unit, reason = item
    return {
        "system": getattr(unit, "system", str(unit)),
        **getattr(unit, "labels", {}), "reason": str(reason),
    }  # fmt: skip


def _seeds(results) -> list:
    """Return the seeds of the results."""
    if "seed" not in results.columns:
        return []
    return sorted(results["seed"].dropna().unique().tolist(), key=str)


def _code(stem: str) -> str:
    """Return the digest of the code behind a notebook's report."""
    if stem not in notebook_stems():
        return code_digest(None)
    path = project_root() / "notebooks" / f"{stem}.ipynb"
    return code_digest(recipe_of(path), path)


__all__ = ["SURROGATE", "SavedReport", "declared_outputs", "save_report", "slug"]

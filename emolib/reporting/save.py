"""`save_report`: the last cell of every notebook."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from emolib.reporting.declared import write_declared
from emolib.reporting.files import sorted_results, write_csv, write_json
from emolib.reporting.marks import save_figure, sources_of
from emolib.reporting.places import REPORT_DIR
from emolib.reporting.provenance import device_kinds, process_age_s, provenance
from emolib.reporting.records import (
    code_of,
    corpus_record,
    failure_record,
    seeds_of,
)
from emolib.reporting.runs import (
    name_run,
    new_partial,
    put_in_place,
    settings_of,
)


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
    corpora = [corpus_record(item) for item in data]
    sources = sources_of(results, corpora)
    run = name_run(stem, values, sources=sources, data=corpora)
    redirected = os.environ.get(REPORT_DIR)
    folder = Path(redirected) if redirected else new_partial(stem)
    try:
        files = _write_results(folder, results, subjects)
        files += _write_tables(folder, tables or {}, run, sources, corpora, results)
        files += _write_figures(folder, figures or {}, sources)
        files += write_declared(folder, run, files)
        about = {
            "finished": True, "notebook": stem, "config": run.config,
            "folder": run.folder, "tier": run.tier, "changed": list(run.changed),
            "settings": values, "settings_digest": run.digest, "sources": sources,
            "data": corpora, "failures": [failure_record(f) for f in failures],
            "splits": [a if isinstance(a, Mapping) else str(a) for a in audits],
            "device_kinds": sorted(
                device_kinds() if device_kinds_used is None else device_kinds_used
            ),
            "n_workers": n_workers or values.get("n_workers"),
            "seeds": seeds_of(results), "duration_s": round(process_age_s(), 1),
            "code": code_of(stem), "files": sorted(files),
            **provenance(), **(extra or {}),
        }  # fmt: skip
        write_json(folder / "run.json", about)
        if not redirected:
            put_in_place(folder, run.folder)
    finally:
        if not redirected:
            shutil.rmtree(folder, ignore_errors=True)
    return SavedReport(run.folder, (*sorted(files), "run.json"))


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


def _write_tables(folder, tables, run, sources, corpora, results) -> list[str]:
    """Write each table as CSV, and as Markdown made from that CSV."""
    import pandas as pd

    from emolib.reporting.markdown import footer, to_markdown

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

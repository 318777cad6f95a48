"""`save_report`: the last cell of every notebook, and the folder that it fills.

Only an unmodified config on surrogate data, computed by the notebook's own cells, owns
``reports/<stem>/<config>/``. A run with other settings, other cells or real data goes
to ``<config>+<name or digest>/``, one without a config to ``reports/.scratch/``. A
folder is written aside and renamed.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from filelock import FileLock

from emolib import __version__
from emolib.checks import check_option
from emolib.code import digest_of, library_versions
from emolib.containers import RESULT_COLUMNS
from emolib.reporting import notebooks
from emolib.reporting.tables import to_markdown
from emolib.store import project_root

STARTED = time.monotonic()
SURROGATE = "SURROGATE — not a result"
REPORT_DIR = "EMOLIB_REPORT_DIR"
"""Environment variable by which `emolib run` redirects a notebook's report."""

MACHINE = ("config", "run_name", "n_workers", "device")
"""Settings that say where and how a run is made, not what it computes."""

SOURCES = ("surrogate", "licensed", "open", "unknown source")
CORPUS = ("name", "source", "digest", "parameters")
"""What a report keeps of a corpus: no path."""


def save_report(
    stem: str,
    settings,
    *,
    results: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame] | None = None,
    figures: Mapping | None = None,
    data: Iterable = (),
    failures: Iterable[Mapping] = (),
    audits: Iterable = (),
) -> str:
    """Write a notebook's results, tables and figures into its run folder.

    Parameters
    ----------
    stem : str
        The notebook's.
    settings : `emolib.settings.Typed` or mapping
        Every parameter of the notebook, `config` among them.
    results : DataFrame
        Tidy, `emolib.containers.RESULT_COLUMNS`; no timings.
    tables : mapping of name to DataFrame
        ``table_1`` gives ``table_1.csv`` and ``table_1.md``; one without a row is not
        written but listed as not run, and so is a figure that is None.
    figures : mapping of name to matplotlib Figure
        ``fig_2_similarity`` gives ``fig_2_similarity.svg``; each carries `alt_text`.
    data : iterable of `emolib.corpora.CorpusFolder`
    failures : iterable of mapping
        Units that gave no result: their labels and the `reason`.
    audits : iterable of mapping or text
        What the splits let overlap.

    Returns
    -------
    said : str
        The folder, the files in it, and what was not run.

    Notes
    -----
    Same results, same bytes: ``results.csv`` is sorted, and date, durations and host
    stand in ``run.json`` alone, which is written last.
    """
    given = os.environ.get(REPORT_DIR)
    folder = Path(given) if given else new_folder(f"{stem}-{os.getpid()}")
    corpora = [{name: getattr(item, name) for name in CORPUS} for item in data]
    run = name_run(stem, settings, results, corpora)
    absent, said = [], {}
    _write_csv(folder / "results.csv", _sorted(results))
    for name, table in (tables or {}).items():
        if table.empty:
            absent.append(name)
            continue
        _write_csv(folder / f"{name}.csv", table)
        text = to_markdown(table, footer=_footer(run, table))
        (folder / f"{name}.md").write_text(text, "utf-8")
    for name, figure in (figures or {}).items():
        if figure is None:
            absent.append(name)
        else:
            said[name] = save_figure(figure, folder / f"{name}.svg", _is_marked(run))
    run |= {"failures": [*failures], "splits": [*audits], "not_run": absent}
    write_json(folder / "run.json", {**run, "figures": said, **_machine()})
    names = ", ".join(p.name for p in sorted(folder.iterdir()) if p.suffix != ".ipynb")
    if not given:
        put_in_place(folder, run["folder"])
    lacks = f"; not run: {', '.join(absent)}" if absent else ""
    return f"reports/{run['folder']}: {names}{lacks}"


def name_run(stem: str, settings, results: pd.DataFrame, corpora: list[dict]) -> dict:
    """Return what a run is called, where it belongs, and what made it so."""
    sources = sorted({*results["source"], *(corpus["source"] for corpus in corpora)})
    for source in sources:
        check_option("source", source, SOURCES, "Every row names its data.")
    path, values = notebooks.notebook_path(stem), _plain(settings)
    config, asked, changed = values.get("config", ""), {}, []
    cells = notebooks.other_cells(path)
    if config:
        asked = notebooks.parameters_of(path, config)
        typed = _plain(getattr(type(settings), "of", dict)(asked))
        changed = [n for n in typed if n not in MACHINE and typed[n] != values[n]]
        changed += ["cells"] * bool(cells)
    read = {name: value for name, value in values.items() if name not in MACHINE}
    digest = digest_of([read, corpora, sources, *cells])[:8]
    name = re.sub(r"[^\w.-]+", "_", values.get("run_name", ""))
    folder = f"{stem}/{config}" if config else f".scratch/{stem}"
    if config and (changed or name or sources != ["surrogate"]):
        folder += f"+{name or digest}"
    pairs = results[["dataset", "source"]].drop_duplicates().itertuples(index=False)
    return {
        "finished": True, "notebook": stem, "config": config, "folder": folder,
        "changed": changed, "parameters": asked, "settings": values,
        "settings_digest": digest, "sources": sources, "data": corpora,
        "code": notebooks.code_of(path),
        "datasets": [f"{dataset} ({source})" for dataset, source in pairs],
    }  # fmt: skip


def new_folder(name: str) -> Path:
    """Return an empty folder in which a report is made before it is whole."""
    folder = project_root() / "reports" / ".partial" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def put_in_place(made: Path, name: str) -> Path:
    """Move a finished folder to its place under the reports, and return it."""
    target = project_root() / "reports" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(made.with_name("place.lock")):
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
    return target


def read_run(folder: Path) -> dict:
    """Return a finished run's run.json; empty for a folder that holds none."""
    path = Path(folder) / "run.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def write_json(path: Path, value: Mapping) -> None:
    """Write a mapping as JSON that a person can read."""
    text = json.dumps(value, indent=1, ensure_ascii=False, default=str)
    path.write_text(f"{text}\n", "utf-8")


def _machine() -> dict:
    """Return versions, commit, date, host and seconds of this process."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    known = {"capture_output": True, "text": True, "cwd": project_root()}
    has_git = shutil.which("git") is not None
    return {
        "emolib": __version__, "host": platform.node(),
        "versions": {"python": platform.python_version(), **library_versions()},
        "commit": subprocess.run(words, **known).stdout.strip() if has_git else "",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "duration_s": round(time.monotonic() - STARTED, 1),
    }  # fmt: skip


def _plain(settings) -> dict:
    """Return settings as a dictionary."""
    return settings.as_dict() if hasattr(settings, "as_dict") else dict(settings)


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a tidy frame with its columns and rows in a fixed order."""
    frame = frame[[name for name in RESULT_COLUMNS if name in frame]]
    return frame.sort_values(
        [*frame],
        key=lambda c: c if c.dtype.kind in "biuf" else c.fillna("").astype(str),
    )


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a frame as CSV with the same bytes on every system, and no formula in it.

    A text that a spreadsheet would compute gets an apostrophe, by which it stays text.
    """
    texts = frame.select_dtypes(["object", "string"])
    safe = texts.map(lambda v: f"'{v}" if str(v).startswith(("=", "+", "@")) else v)
    frame = frame.assign(**safe)
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _is_marked(run: Mapping, table: pd.DataFrame | None = None) -> bool:
    """Tell whether a run, or a table that names its data, stands on a surrogate."""
    named = table is not None and "source" in table
    return "surrogate" in (set(table["source"]) if named else run["sources"])


def _footer(run: Mapping, table: pd.DataFrame) -> str:
    """Return a table's last line: data, tier, settings and the mark."""
    changed = f", changed: {', '.join(run['changed'])}" if run["changed"] else ""
    words = [f"Data: {', '.join(run['datasets'])}", f"tier: {run['config']}{changed}"]
    words += [f"settings: {run['settings_digest']}"]
    words += [f"**{SURROGATE}**"] if _is_marked(run, table) else []
    return " · ".join(words)


# ---------------------------------------------------------------- figures


def save_figure(figure, path: Path, marked: bool) -> str:
    """Write a figure as SVG and return its text for those who cannot see it.

    Parameters
    ----------
    figure : matplotlib Figure
        With `alt_text`, made from its data.
    path : Path
    marked : bool
        True puts the surrogate mark into the lower right corner and into the text.

    Notes
    -----
    The SVG carries no date and its ids a fixed salt; its title is what a screen reader
    says. The figure is left as it came.
    """
    from emolib.figures.style import style

    alt = getattr(figure, "alt_text", "").rstrip()
    if not alt:
        raise ValueError(
            f"figure {path.stem} must carry alt_text; got none. Set fig.alt_text to a "
            "sentence made from its data."
        )
    words, alt = (SURROGATE, f"{alt} {SURROGATE}.") if marked else ("", alt)
    look = {"ha": "right", "va": "bottom", "fontsize": 6, "color": "0.35"}
    about = {"Title": alt, "Date": None, "Creator": None}
    with style():
        mark = figure.text(0.995, 0.005, words, **look)
        figure.savefig(path, format="svg", metadata=about)
    mark.remove()
    path.write_text(_clips_in_order(path.read_text("utf-8"), path.stem), "utf-8")
    return alt


def _clips_in_order(svg: str, name: str) -> str:
    """Return an SVG text whose clips are called by their order of use.

    matplotlib calls them by all digits of their place, and the solver of the layout
    does not always give the last digit alike.
    """
    order: dict[str, str] = {}
    return re.sub(
        r'(clip-path="url\(#|<clipPath id=")(p[0-9a-f]{10})',
        lambda m: m[1] + order.setdefault(m[2], f"{name}-clip-{len(order)}"),
        svg,
    )

"""The gallery: small copies of one run per notebook, for readers on the web."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from emolib.reporting.files import write_json
from emolib.reporting.parameters import recipe_of
from emolib.reporting.places import notebook_stems, project_root, reports_folder
from emolib.reporting.provenance import code_digest
from emolib.reporting.runs import finished_runs

ORDER = ("paper", "full", "quick", "smoke")
KEPT = ("table_*.csv", "table_*.md", "fig_*.svg", "alt.json")
MAX_BYTES = 500_000
PRIVATE = ("host", "platform", "n_cpus")


def gallery_folder() -> Path:
    """Return the folder of the gallery."""
    return reports_folder() / "gallery"


def make_gallery() -> list[str]:
    """Copy the best finished run of each notebook into the gallery.

    Only runs on surrogates and open corpora are copied, of the highest tier there is;
    runs on an open corpus stand in a folder of their own. Entries whose run is gone
    stay, with their note.

    Returns
    -------
    lines : list of str
        One line an entry: its name and its note.
    """
    for name, (folder, run) in _chosen().items():
        _copy(folder, run, gallery_folder() / name)
    names = gallery_names()
    _write_index(names)
    return [f"{name}: {gallery_note(name)}" for name in names]


def gallery_names() -> list[str]:
    """Return the entries of the gallery."""
    return sorted(path.parent.name for path in gallery_folder().glob("*/run.json"))


def _chosen() -> dict[str, tuple[Path, dict]]:
    """Return the run that each entry of the gallery shows."""
    best: dict[str, tuple] = {}
    for folder, run in finished_runs().items():
        if "licensed" in run["sources"] or run["changed"] or not run["config"]:
            continue
        is_open = "open" in run["sources"]
        name = f"{run['notebook']}_{run['config']}" if is_open else run["notebook"]
        tier = ORDER.index(run["config"]) if run["config"] in ORDER else len(ORDER)
        rank = (-tier, run["date"])
        if name not in best or rank > best[name][0]:
            best[name] = (rank, folder, run)
    return {name: (folder, run) for name, (_, folder, run) in best.items()}


def _copy(folder: Path, run: dict, target: Path) -> None:
    """Copy one run's tables, figures and run.json, without its machine's name."""
    aside = target.with_name(f".{target.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for pattern in KEPT:
        for path in sorted(folder.glob(pattern)):
            if path.stat().st_size <= MAX_BYTES:
                shutil.copyfile(path, aside / path.name)
    public = {key: value for key, value in run.items() if key not in PRIVATE}
    write_json(aside / "run.json", public)
    shutil.rmtree(target, ignore_errors=True)
    aside.rename(target)


def gallery_note(name: str) -> str:
    """Say what made an entry of the gallery, and whether the code or settings changed.

    Returns a sentence; for an entry that is not there, how to make it.
    """
    path = gallery_folder() / name / "run.json"
    if not path.is_file():
        return "not in the gallery yet; 'emolib gallery' makes it from finished runs."
    run = json.loads(path.read_text("utf-8"))
    data = " and ".join(run["sources"]) or "no"
    made = (
        f"made by version {run['emolib']} on {run['date'][:10]}, tier {run['tier']}, "
        f"{data} data"
    )
    changes = _changes(run)
    return f"{made}; {changes}" if changes else f"{made}, by today's code and settings"


def _changes(run: dict) -> str:
    """Return what changed since a run was made: code, settings or both."""
    stem = run["notebook"]
    if stem not in notebook_stems():
        return "its notebook is gone"
    path = project_root() / "notebooks" / f"{stem}.ipynb"
    parts = []
    if run["code"] != code_digest(recipe_of(path), path):
        parts.append("code")
    if _settings_changed(run, path):
        parts.append("settings")
    return f"{' and '.join(parts)} since changed" if parts else ""


def _settings_changed(run: dict, path: Path) -> bool:
    """Tell whether the config of a run says something else today."""
    from emolib.reporting.runs import changed_parameters

    try:
        now = changed_parameters(run["notebook"], run["config"], run["settings"])
    except (ValueError, TypeError):
        return True
    return list(now) != run["changed"]


def gallery_table(stem: str, table: str) -> str:
    """Return a table of the gallery as Markdown, with its note below.

    A notebook shows it beside its own smoke run; where there is none, it says so.
    """
    path = gallery_folder() / stem / f"{table}.md"
    note = f"Gallery: {gallery_note(stem)}"
    return f"{path.read_text('utf-8')}\n{note}\n" if path.is_file() else note


def _write_index(names: list[str]) -> None:
    """Write the page on which the gallery is read."""
    lines = ["# Gallery", "", "Written by `emolib gallery`; do not edit.", ""]
    for name in names:
        folder = gallery_folder() / name
        lines += [f"## {name}", "", f"*{gallery_note(name)}.*", ""]
        alt = folder / "alt.json"
        words = json.loads(alt.read_text("utf-8")) if alt.is_file() else {}
        for table in sorted(folder.glob("table_*.md")):
            lines += [f"[{table.stem}]({name}/{table.name})", ""]
        for figure in sorted(folder.glob("fig_*.svg")):
            said = words.get(figure.name, figure.stem).replace("]", ")")
            lines += [f"![{said}]({name}/{figure.name})", ""]
    gallery_folder().mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines).rstrip() + "\n"
    (gallery_folder() / "README.md").write_text(text, "utf-8")

"""The gallery: small copies of one run per notebook, for readers on the web."""

import shutil
from pathlib import Path

from emolib.reporting.notebooks import code_of, notebook_path, parameters_of
from emolib.reporting.save import new_folder, put_in_place, read_run, write_json
from emolib.store import project_root

TIERS = ("smoke", "quick", "full", "paper")
KEPT = ("table_*.csv", "table_*.md", "fig_*.svg")


def make_gallery() -> list[str]:
    """Copy the best finished run of each notebook into the gallery.

    Only runs on surrogates and open corpora are copied, of the highest tier there is;
    a config that is no tier has a folder of its own. Entries whose run is gone stay,
    with their note.

    Returns
    -------
    lines : list of str
        One line an entry: its name and its note.
    """
    chosen = {}
    for path in (project_root() / "reports").glob("*/*/run.json"):
        run, stem = read_run(path.parent), path.parts[-3]
        config, is_whole = run["config"], run["notebook"] == stem and not run["changed"]
        if is_whole and {*run["sources"]} <= {"surrogate", "open"}:
            name = stem if config in TIERS else f"{stem}_{config}"
            rank = TIERS.index(config) if config in TIERS else 0
            chosen[name] = max(chosen.get(name, (0, path)), (rank, path))
    for name, (_, path) in chosen.items():
        _copy(path.parent, name)
    return _write_index()


def gallery_note(name: str) -> str:
    """Say what made an entry of the gallery, and whether that is old.

    Returns a sentence; for an entry that is not there, how to make it.
    """
    run = read_run(project_root() / "reports" / "gallery" / name)
    if not run:
        return "not in the gallery yet; 'emolib gallery' makes it from finished runs."
    path = notebook_path(run["notebook"])
    known = {"code": code_of(path), "parameters": parameters_of(path, run["config"])}
    changed = " and ".join(name for name in known if run.get(name) != known[name])
    since = f"{changed} since changed" if changed else "by today's code"
    made = f"made by version {run['emolib']} on {run['date'][:10]}"
    data = " and ".join(run["sources"])
    return f"{made}, tier {run['config']}, {data} data; {since}"


def gallery_table(stem: str, table: str) -> str:
    """Return a table of the gallery as Markdown, with its note below.

    A notebook shows it beside its own smoke run; where there is none, it says so.
    """
    path = project_root() / "reports" / "gallery" / stem / f"{table}.md"
    shown = path.read_text("utf-8") if path.is_file() else ""
    return f"{shown}\nGallery: {gallery_note(stem)}\n"


def _copy(folder: Path, name: str) -> None:
    """Copy one run's tables, figures and run.json, without its machine's name."""
    made = new_folder(f"gallery-{name}")
    for path in (path for pattern in KEPT for path in folder.glob(pattern)):
        shutil.copyfile(path, made / path.name)
    run = read_run(folder)
    write_json(made / "run.json", {key: run[key] for key in run if key != "host"})
    put_in_place(made, f"gallery/{name}")


def _write_index() -> list[str]:
    """Write the page on which the gallery is read; return a line an entry."""
    gallery, notes = project_root() / "reports" / "gallery", []
    lines = ["# Gallery", "", "Written by `emolib gallery`; do not edit.", ""]
    for folder in sorted(path.parent for path in gallery.glob("*/run.json")):
        notes.append(f"{folder.name}: {gallery_note(folder.name)}")
        said = read_run(folder).get("figures", {})
        lines += [f"## {folder.name}", "", f"*{gallery_note(folder.name)}.*", ""]
        for table in sorted(folder.glob("table_*.md")):
            lines += [f"[{table.stem}]({folder.name}/{table.name})", ""]
        for figure in sorted(folder.glob("fig_*.svg")):
            alt = said.get(figure.stem, figure.stem).replace("]", ")")
            lines += [f"![{alt}]({folder.name}/{figure.name})", ""]
    gallery.mkdir(parents=True, exist_ok=True)
    (gallery / "README.md").write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    return notes

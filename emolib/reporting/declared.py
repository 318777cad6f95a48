"""The files that a notebook's report always holds."""

from __future__ import annotations

from pathlib import Path

from emolib.reporting.parameters import notes_of, recipe_of
from emolib.reporting.places import notebook_stems, project_root
from emolib.reporting.runs import Run


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


def write_declared(folder: Path, run: Run, written: list[str]) -> list[str]:
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

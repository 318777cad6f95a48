"""Notebooks: their parameters, read without running anything, and what they show."""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from emolib.checks import check_keys, damaged
from emolib.code import code_digests, digest_of, modules_of
from emolib.store import project_root


def notebook_path(notebook: str | Path) -> Path:
    """Return a notebook's path from its stem or its path.

    Raises ValueError, naming the nearest one, when there is no such notebook.
    """
    path, folder = Path(notebook), project_root() / "notebooks"
    if path.suffix == ".ipynb" and path.is_file():
        return path.resolve()
    known = sorted(path.stem for path in folder.glob("*.ipynb"))
    check_keys("notebook", {path.stem: None}, known)
    return folder / f"{path.stem}.ipynb"


def parameters_of(path: Path, config: str = "", given: Mapping | None = None) -> dict:
    """Return a notebook's parameters: its defaults, then its config's, then `given`.

    Raises ValueError, naming the nearest known one, for a config that the notebook has
    not and for a name that is no parameter of it.
    """
    cells = _read(path)["cells"]
    tagged = [c for c in cells if "parameters" in (c["metadata"].get("tags") or ())]
    cell = "".join(tagged[0]["source"] if tagged else "")
    lines = "a parameters cell of lines 'name: type = value'"
    defaults = _understood(path, lines, _assigned, cell)
    changed = {**(given or {})}
    if config:
        folder = project_root() / "notebooks" / "configs" / path.stem
        known = sorted(file.stem for file in folder.glob("*.yaml"))
        check_keys(f"config of {path.stem}", {config: None}, known)
        file = folder / f"{config}.yaml"
        read = _understood(file, "lines 'name: value'", yaml.safe_load)
        changed = {**read, "config": config, **changed}
    check_keys("parameter", changed, list(defaults))
    return {**defaults, **changed}


def _assigned(source: str) -> dict:
    """Return what a parameters cell sets: names and plain values."""
    nodes = ast.parse(source).body
    pairs = [(getattr(n, "target", None) or n.targets[0], n.value) for n in nodes]
    return {name.id: ast.literal_eval(value) for name, value in pairs}


def _understood(path: Path, expected: str, parse: Callable, text: str = "") -> dict:
    """Return what a text or a file says, or raise one error that names the file."""
    try:
        return dict(parse(text or path.read_text("utf-8")) or {})
    except Exception as error:  # of whatever kind the parser makes of it
        words = " ".join(str(error).split())
        raise damaged(path, expected, words, "Mend it.") from None


def paper_of(path: Path) -> str | None:
    """Return the paper whose room a notebook's metadata name, None without one."""
    return _read(path)["metadata"].get("emolib", {}).get("paper")


def code_of(path: Path) -> str:
    """Return a digest of the code behind a notebook's report, as it was imported.

    It covers the notebook's own cells and every module that its paper's room imports,
    directly or through others; comments and docstrings are left out.
    """
    room = f"papers.{paper_of(path)}" if paper_of(path) else "reporting"
    cells = [cell["source"] for cell in _read(path)["cells"] if "outputs" in cell]
    return digest_of([code_digests(modules_of(f"emolib.{room}")), cells])[:16]


def other_cells(path: Path) -> list[str]:
    """Return the cells that this kernel ran, unless they are the notebook's own.

    What papermill injects does not count: parameters are compared by their values. Nor
    does it that a cell is run again.
    """
    from IPython import get_ipython

    kernel = get_ipython()
    ran = kernel.history_manager.input_hist_raw if kernel else ["no notebook"]
    own = ["".join(c["source"]) for c in _read(path)["cells"] if "outputs" in c]
    ran, own = (dict.fromkeys(map(str.strip, ["", *cells])) for cells in (ran, own))
    ran = [cell for cell in ran if not cell.startswith("# Parameters\n")]
    return ran if ran != [*own] else []


def _read(path: Path) -> dict:
    """Return a notebook as its JSON has it."""
    return _understood(path, "a notebook", json.loads)


# ---------------------------------------------------------------- for readers


ASIDE = re.compile(r"(if .*\n    )?_?check_.*|['\"].*|if .*\n    raise .*")
"""A statement that is no formula: a check of an argument, a docstring, a guard."""

MONOSPACED = '<div style="font-family: monospace">'
"""What nbconvert's HTML needs, or it sets the code of an output like prose."""


def show_source(*things: Callable):
    """Return the sources of functions, methods or classes, folded to what they do.

    They are read from the installed package at the moment of the call, so what a reader
    sees is what ran. Folded away are docstrings and guards: calls of `check_...`, and
    conditions that only raise.

    Returns
    -------
    shown : IPython.display.Markdown
        Its `data` is the text: of each thing the dotted name, then the source.
    """
    from IPython.display import Markdown

    return Markdown("\n\n".join([MONOSPACED, *map(_folded, things), "</div>"]))


def _folded(thing: Callable) -> str:
    """Return the name and the source of one thing as Markdown."""
    source, folded = textwrap.dedent(inspect.getsource(thing)), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr | ast.If) and ASIDE.fullmatch(ast.unparse(node)):
            folded |= {*range(node.lineno, node.end_lineno + 1)}
    lines = enumerate(source.replace("  # fmt: skip", "").splitlines(), 1)
    code = "\n".join(line for i, line in lines if i not in folded)
    return f"`{thing.__module__}.{thing.__qualname__}`\n```python\n{code}\n```"


def check_answer(
    answer, right, *, hint: str, tolerance: float = 0.0, name: str = "Exercise"
) -> str:
    """Return whether an exercise's answer is right, wrong with a hint, or not given.

    Parameters
    ----------
    answer
        What the reader wrote; ``...`` (Ellipsis) means not answered yet. One of the
        wrong kind is wrong.
    right
        The right answer, or a function that tells whether an answer is right.
    hint : str
        Shown with a wrong answer.
    tolerance : float
        For numbers: how far off still counts as right.
    name : str
        What the exercise is called.
    """
    if answer is ... or answer is None:
        return f"{name}: not answered yet."
    try:
        if isinstance(right, int | float):
            good = abs(float(answer) - right) <= tolerance
        else:
            good = bool(right(answer) if callable(right) else answer == right)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        good = False
    return f"{name}: right." if good else f"{name}: not yet. {hint}"

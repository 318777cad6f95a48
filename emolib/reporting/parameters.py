"""The parameters cell of a notebook, read without running it.

papermill goes on with the default when a parameter is misspelt, and hands over
``6e-4`` as text. So names and types are checked here, before anything is started.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Any

RUN_KEYS = (
    "config", "run_name", "n_workers", "device", "report_dir", "allow_partial",
    "progress",
)  # fmt: skip
"""Parameters that say where and how a run is made, not what it computes."""


@dataclass(frozen=True)
class Parameter:
    """One line of the parameters cell."""

    name: str
    annotation: str | None
    default: Any


def read_notebook(path: Path) -> dict:
    """Return a notebook as the dictionary its JSON holds."""
    try:
        notebook = json.loads(Path(path).read_text("utf-8"))
        notebook["cells"]
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{Path(path).name} must be a notebook (JSON with cells); got "
            f"{type(error).__name__}: {error}. Restore the file."
        ) from None
    return notebook


def read_parameters(path: Path) -> dict[str, Parameter]:
    """Return the parameters of a notebook by name, in its order."""
    source = parameters_source(read_notebook(path))
    found = {}
    for node in ast.parse(source).body:
        parameter = _parameter(node, Path(path).name)
        if parameter:
            found[parameter.name] = parameter
    return found


def parameters_source(notebook: Mapping) -> str:
    """Return the source of the cell tagged ``parameters``; empty without one."""
    for cell in notebook["cells"]:
        if "parameters" in cell.get("metadata", {}).get("tags", ()):
            return "".join(cell["source"])
    return ""


def _parameter(node: ast.stmt, where: str) -> Parameter | None:
    """Return what one statement of the parameters cell declares."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        name, annotation = node.target.id, ast.unparse(node.annotation)
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name, annotation = node.targets[0].id, None
    else:
        return None
    try:
        return Parameter(name, annotation, ast.literal_eval(node.value))
    except ValueError:
        raise ValueError(
            f"{name} in the parameters cell of {where} must have a literal default; "
            f"got {ast.unparse(node.value)}. Derive values in the next cell."
        ) from None


def typed(parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict:
    """Return `given` with every value checked against its parameter's type.

    Raises
    ------
    ValueError
        For an unknown name; the nearest known one is in the message.
    TypeError
        For a value of the wrong type; the right spelling is in the message.
    """
    from emolib.checks import build, check_keys

    check_keys("parameter", given, list(parameters))
    door = make_dataclass(
        "Parameters",
        [(name, _kind(parameters[name])) for name in given],
    )
    built = build(door, given)
    return {name: _plain(getattr(built, name)) for name in given}


def _kind(parameter: Parameter):
    """Return a parameter's type: as annotated, else that of its default."""
    if parameter.annotation is not None:
        return parameter.annotation
    default = parameter.default
    if isinstance(default, list | tuple):
        return list[type(default[0])] if default else list[str]
    return type(default) if default is not None else str | None


def _plain(value):
    """Return a value as papermill injects it: lists, no tuples."""
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def merged(path: Path, config: Mapping, given: Mapping) -> dict:
    """Return a notebook's defaults, overlaid by its config, overlaid by `given`."""
    parameters = read_parameters(path)
    defaults = {name: p.default for name, p in parameters.items()}
    return {**defaults, **typed(parameters, {**config, **given})}


def notes_of(path: Path) -> dict:
    """Return what a notebook's metadata tells emolib: recipe, items, outputs."""
    return read_notebook(path).get("metadata", {}).get("emolib", {})


def recipe_of(path: Path) -> str | None:
    """Return the recipe that a notebook belongs to, or None.

    It is the one its metadata names, else the longest recipe name that begins its
    stem: ``ecg_eeg_ablation_alignment`` belongs to ``ecg_eeg``.
    """
    notes = notes_of(path)
    if "recipe" in notes:
        return notes["recipe"]
    folder = Path(__file__).resolve().parents[1] / "papers"
    stem = Path(path).stem
    names = [p.name for p in folder.glob("*") if (p / "__init__.py").is_file()]
    fits = [n for n in names if stem == n or stem.startswith(f"{n}_")]
    return max(fits, key=len, default=None)

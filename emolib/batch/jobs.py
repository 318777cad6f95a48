"""A notebook with all its parameters, checked before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emolib.reporting.parameters import (
    merged,
    notes_of,
    read_parameters,
    recipe_of,
    typed,
)
from emolib.reporting.places import notebook_path, read_config


@dataclass(frozen=True)
class Job:
    """A notebook with all its parameters, checked.

    Parameters
    ----------
    path : Path
        The notebook.
    config : str
        Empty without one.
    injected : dict
        What papermill is given: the config's values and the caller's, typed.
    parameters : dict
        Every parameter's value, defaults included.
    """

    path: Path
    config: str
    injected: dict
    parameters: dict = field(repr=False)

    @property
    def stem(self) -> str:
        """The notebook's stem."""
        return self.path.stem

    @property
    def name(self) -> str:
        """Stem and config, for messages."""
        return f"{self.stem} {self.config}".strip()


def prepare_job(
    notebook: str | Path,
    *,
    config: str | None = None,
    parameters: Mapping | None = None,
    n_workers: int | None = None,
    device: str | None = None,
) -> Job:
    """Return a notebook's job, or raise for an unknown name or a wrong type."""
    path = notebook_path(notebook)
    given = dict(parameters or {})
    extra = {"n_workers": n_workers, "device": device}
    given |= {key: value for key, value in extra.items() if value is not None}
    chosen = read_config(path.stem, config)
    injected = typed(read_parameters(path), {**chosen, **given})
    return Job(path, config or "", injected, merged(path, chosen, given))


def recipe_module(job: Job):
    """Return the imported recipe of a job, or None when its notebook has none."""
    from importlib import import_module

    recipe = recipe_of(job.path)
    return import_module(f"emolib.papers.{recipe}") if recipe else None


def plan_job(job: Job) -> str:
    """Return what a job will cost, in words: units done and to do, time, memory, disk.

    It asks the recipe's ``plan(parameters)``; without one, the estimate of the units
    that its ``expand(parameters)`` gives.
    """
    recipe = recipe_module(job)
    if hasattr(recipe, "plan"):
        plan = _ask(recipe.plan, job)
    elif hasattr(recipe, "expand"):
        from emolib.upkeep import plan_line

        plan = plan_line(expand_job(job))
    else:
        return "no stored units: the notebook itself does all the work"
    return str(getattr(plan, "text", plan))


def expand_job(job: Job) -> list:
    """Return the units of a job; none when its recipe has no ``expand``."""
    recipe = recipe_module(job)
    return list(_ask(recipe.expand, job)) if hasattr(recipe, "expand") else []


def _ask(function: Callable, job: Job):
    """Call a recipe's function with a job's parameters, and its notebook if wanted."""
    import inspect

    wants = "notebook" in inspect.signature(function).parameters
    return function(job.parameters, **({"notebook": job.stem} if wants else {}))


def has_units(stem: str) -> bool:
    """Tell whether a notebook's work is kept as units, without importing its recipe.

    A notebook whose metadata say ``"units": false`` has none.
    """
    import ast

    path = notebook_path(stem)
    recipe = recipe_of(path)
    if not recipe or notes_of(path).get("units") is False:
        return False
    source = Path(__file__).parents[1] / "papers" / recipe / "__init__.py"
    tree = ast.parse(source.read_text("utf-8")) if source.is_file() else ast.parse("")
    named = {getattr(n, "name", None) for n in ast.walk(tree)}
    named |= {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return "expand" in named

"""What the Snakefile asks: which notebooks, which files, which parameters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emolib.batch import has_units, prepare_job
from emolib.reporting.declared import declared_outputs
from emolib.reporting.parameters import RUN_KEYS, recipe_of
from emolib.reporting.places import (
    TIERS,
    cache_folder,
    config_names,
    notebook_path,
    notebook_stems,
    project_root,
)
from emolib.reporting.runs import canonical

MINUTES = {"smoke": 15, "quick": 60, "full": 24 * 60, "paper": 72 * 60}


@dataclass(frozen=True)
class Task:
    """One notebook at one tier, as the rules of the Snakefile see it.

    Parameters
    ----------
    stem, tier : str
    inputs : tuple of str
        The notebook and its config.
    outputs : tuple of str
        Every file of its report.
    stamps : tuple of str
        One a shard of its units; empty without units.
    recipe : str
        Empty without one.
    """

    stem: str
    tier: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    stamps: tuple[str, ...]
    recipe: str

    @property
    def code(self) -> list[str]:
        """The digest file of the recipe's code."""
        return [code_file(self.recipe)] if self.recipe else []

    @property
    def log(self) -> str:
        """Where the notebook's run logs."""
        return log_file(self.stem, self.tier, "report")


def choose(
    tier: str, notebooks: list[str] | None = None
) -> tuple[list[str], list[str]]:
    """Return the stems that have this tier, and those that have not.

    ``smoke`` is every notebook's defaults. A notebook that is named but lacks the tier
    is an error.
    """
    from emolib.checks import check_option

    check_option(
        "tier", tier, TIERS,
        "Other configs run by themselves: emolib run NOTEBOOK --config NAME.",
    )  # fmt: skip
    named = [notebook_path(n).stem for n in notebooks or []]
    for stem in named:
        prepare_job(stem, config=tier)
    stems = named or notebook_stems()
    have = [s for s in stems if tier == "smoke" or tier in config_names(s)]
    return have, [s for s in stems if s not in have]


def make_task(stem: str, tier: str, n_shards: int = 1) -> Task:
    """Return the task of one notebook."""
    path = notebook_path(stem)
    config = project_root() / "notebooks" / "configs" / stem / f"{tier}.yaml"
    folder = project_root() / "reports" / stem / tier
    shards = range(1, n_shards + 1) if has_units(stem) else ()
    return Task(
        stem, tier,
        inputs=tuple(_short(p) for p in (path, config) if p.is_file()),
        outputs=tuple(_short(folder / name) for name in declared_outputs(stem)),
        stamps=tuple(stamp_file(stem, tier, i, n_shards) for i in shards),
        recipe=recipe_of(path) or "",
    )  # fmt: skip


def parameters_text(stem: str, tier: str) -> str:
    """Return what a notebook's units depend on, as text: changed text, new units."""
    values = prepare_job(stem, config=tier).parameters
    return canonical({k: v for k, v in values.items() if k not in RUN_KEYS})


def stamp_file(stem: str, tier: str, i, n) -> str:
    """Return the stamp of a shard."""
    return _short(cache_folder() / "stamps" / stem / tier / f"{i}-of-{n}.txt")


def code_file(recipe: str) -> str:
    """Return the digest file of a recipe's code."""
    return _short(cache_folder() / "code" / f"{recipe}.txt")


def forget_old_code(tasks: list[Task]) -> None:
    """Remove the digest files that are not of today's code.

    Snakemake remembers a rule's parameters in its own folder, which may have been
    removed; a file that is not there is made again whatever it remembers.
    """
    from emolib.reporting.provenance import code_digest

    for recipe in sorted({task.recipe for task in tasks if task.recipe}):
        path = project_root() / code_file(recipe)
        if path.is_file() and path.read_text("utf-8").strip() != code_digest(recipe):
            path.unlink()


def log_file(stem: str, tier: str, phase: str) -> str:
    """Return where a phase of a notebook logs."""
    return _short(cache_folder() / "logs" / f"{stem}-{tier}-{phase}.log")


def _short(path: Path) -> str:
    """Return a path from the project's folder where it lies below, with slashes."""
    root = project_root()
    return (path.relative_to(root) if root in path.parents else path).as_posix()

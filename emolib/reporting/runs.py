"""Run folders: which folder a run owns, and what `save_report` writes into it.

Only an unmodified config on surrogate data owns ``reports/<stem>/<config>/``. A run
with other settings or with real data goes to ``<config>+<name or digest>/``, one
without a config to ``reports/.scratch/``. A folder is written aside and renamed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emolib.reporting.parameters import RUN_KEYS, merged, read_parameters, typed
from emolib.reporting.places import (
    notebook_stems,
    project_root,
    read_config,
    reports_folder,
)


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run is called and where it belongs.

    Parameters
    ----------
    stem, config : str
        Notebook and config; `config` is empty for a hand-made run.
    folder : str
        Relative to the reports folder, with slashes.
    digest : str
        Eight hex digits of the settings and the data.
    changed : tuple of str
        Parameters whose value is not the config's.
    """

    stem: str
    config: str
    folder: str
    digest: str
    changed: tuple[str, ...] = ()

    @property
    def tier(self) -> str:
        """The tier as tables print it."""
        name = self.config or "none (no config)"
        return f"{name}, changed: {', '.join(self.changed)}" if self.changed else name


def settings_of(settings, stem: str | None = None) -> dict[str, Any]:
    """Return settings, a dataclass or a mapping, as plain values.

    With the stem of a notebook, its parameters are typed first: ``1e-3`` is a number,
    whoever handed it over.
    """
    given = (
        dataclasses.asdict(settings)
        if dataclasses.is_dataclass(settings)
        else dict(settings)
    )
    if stem in notebook_stems():
        parameters = read_parameters(project_root() / "notebooks" / f"{stem}.ipynb")
        known = {name: given[name] for name in parameters if name in given}
        given |= typed(parameters, known)
    return json.loads(canonical(given))


def canonical(value) -> str:
    """Return a value as JSON with sorted keys; 10.0 and 10 are the same."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value):
    """Return a value as JSON knows it."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return str(value) if isinstance(value, Path) else value


def settings_digest(settings: Mapping, data: list[dict], sources: list[str]) -> str:
    """Return eight hex digits of what a run computes and on what."""
    read = {k: v for k, v in settings.items() if k not in RUN_KEYS}
    corpora = sorted([d["name"], d["source"], d.get("digest", "")] for d in data)
    text = canonical({"settings": read, "corpora": corpora, "sources": sources})
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def name_run(stem: str, settings: Mapping, *, sources: list[str], data=()) -> Run:
    """Return the run that settings on these kinds of data are.

    Raises ValueError when the settings lack a parameter of the notebook, because then
    nobody could say whether the config was changed.
    """
    config = settings.get("config") or ""
    digest = settings_digest(settings, list(data), sources)
    if not config:
        return Run(stem, "", f".scratch/{stem}", digest)
    changed = changed_parameters(stem, config, settings)
    real = sorted(set(sources) - {"surrogate"})
    name = settings.get("run_name") or ""
    if not changed and not real and not name:
        return Run(stem, config, f"{stem}/{config}", digest)
    _check_run_name(name)
    return Run(stem, config, f"{stem}/{config}+{name or digest}", digest, changed)


def _check_run_name(name: str) -> None:
    """Raise ValueError when a run's name cannot be part of a folder's."""
    if name and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ValueError(
            f"run_name must be letters, digits, '.', '_' or '-'; got {name!r}. "
            "It becomes part of a folder's name."
        )


def changed_parameters(stem: str, config: str, settings: Mapping) -> tuple[str, ...]:
    """Return the notebook's parameters whose value is not the config's."""
    from emolib.checks import check_keys

    check_keys("notebook", {stem: None}, notebook_stems())
    path = project_root() / "notebooks" / f"{stem}.ipynb"
    parameters = read_parameters(path)
    asked = merged(path, read_config(stem, config), {})
    names = [name for name in parameters if name not in RUN_KEYS]
    missing = [name for name in names if name not in settings]
    if missing:
        raise ValueError(
            f"settings must carry every parameter of {stem}; got none of {missing}. "
            "Without them nobody can tell whether the config was changed."
        )
    came = typed(parameters, {name: settings[name] for name in names})
    differ = (n for n in names if canonical(asked[n]) != canonical(came[n]))
    return tuple(sorted(differ))


def put_in_place(made: Path, folder: str) -> Path:
    """Move a finished folder to its place under the reports, and return it."""
    target = reports_folder() / folder
    target.parent.mkdir(parents=True, exist_ok=True)
    old = partial_folder() / f"old-{uuid.uuid4().hex[:8]}"
    old.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(old)
    made.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return target


def partial_folder() -> Path:
    """Return the folder where runs are written before they are whole."""
    return reports_folder() / ".partial"


def new_partial(stem: str) -> Path:
    """Make and return an empty folder for a run in the making.

    Raises PermissionError when the reports folder cannot be written.
    """
    made = partial_folder() / f"{stem}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        made.mkdir(parents=True)
        (made / "writable").touch()
        (made / "writable").unlink()
    except OSError as error:
        raise PermissionError(
            f"the reports folder must be writable; got {error.strerror or error} for "
            f"'{reports_folder()}'. Change its rights or move the project."
        ) from None
    return made


def read_run(folder: Path) -> dict:
    """Return a finished run's run.json.

    Raises FileNotFoundError for a folder that holds no finished run.
    """
    path = Path(folder) / "run.json"
    try:
        run = json.loads(path.read_text("utf-8"))
    except (OSError, json.JSONDecodeError):
        run = {}
    if run.get("finished") is not True:
        raise FileNotFoundError(
            f"{folder} must hold a finished run; got no run.json that says so. Make "
            "it with 'emolib run'."
        )
    return run


def finished_runs() -> dict[Path, dict]:
    """Return every finished run below the reports folder, by its folder."""
    found = {}
    for path in sorted(reports_folder().glob("*/*/run.json")):
        if path.parent.parent.name.startswith(".") or "gallery" in path.parts:
            continue
        try:
            found[path.parent] = read_run(path.parent)
        except FileNotFoundError:
            continue
    return found

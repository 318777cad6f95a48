"""Where notebooks, configs and reports stand: the only paths of the project."""

from __future__ import annotations

from pathlib import Path

from emolib.store import cache_folder, project_root

__all__ = [
    "REPORT_DIR", "TIERS", "cache_folder", "config_names", "notebook_path",
    "notebook_stems", "project_root", "read_config", "relative", "reports_folder",
]  # fmt: skip

TIERS = ("smoke", "quick", "full", "paper")
REPORT_DIR = "EMOLIB_REPORT_DIR"
"""Environment variable by which a batch redirects a notebook's report."""


def reports_folder() -> Path:
    """Return the folder that reports are written to."""
    return project_root() / "reports"


def notebook_stems() -> list[str]:
    """Return the stems of the project's notebooks, solutions left out."""
    return sorted(path.stem for path in (project_root() / "notebooks").glob("*.ipynb"))


def notebook_path(notebook: str | Path) -> Path:
    """Return a notebook's path from its stem or its path.

    Raises ValueError, naming the nearest one, when there is no such notebook.
    """
    from emolib.checks import check_keys

    given = Path(notebook)
    if given.suffix == ".ipynb" and given.is_file():
        return given.resolve()
    stem = given.stem if given.suffix == ".ipynb" else given.name
    check_keys("notebook", {stem: None}, notebook_stems())
    return project_root() / "notebooks" / f"{stem}.ipynb"


def config_names(stem: str) -> list[str]:
    """Return the names of a notebook's configs."""
    folder = project_root() / "notebooks" / "configs" / stem
    return sorted(path.stem for path in folder.glob("*.yaml"))


def read_config(stem: str, config: str | None) -> dict:
    """Return a notebook's config as a dictionary.

    The tier ``smoke`` is the notebook's own defaults, so that it needs no file.

    Raises
    ------
    ValueError
        When the notebook has no such config, or when its file is not a mapping
        whose `config` is its own name.
    """
    import yaml

    from emolib.checks import check_keys

    if not config:
        return {}
    names = config_names(stem)
    if config == "smoke" and config not in names:
        return {"config": "smoke"}
    check_keys(f"config of {stem}", {config: None}, names)
    path = project_root() / "notebooks" / "configs" / stem / f"{config}.yaml"
    try:
        given = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} of {stem} must be YAML; got {error}.") from None
    if not isinstance(given, dict) or given.get("config") != config:
        raise ValueError(
            f"{path.name} of {stem} must be a mapping with 'config: {config}'; got "
            f"{given if not isinstance(given, dict) else given.get('config')!r}. Its "
            "runs find their folder by that name."
        )
    return given


def relative(path: Path) -> str:
    """Return a path as reports print it: from the project's folder, with slashes."""
    path = Path(path).resolve()
    root = project_root().resolve()
    return path.relative_to(root).as_posix() if root in path.parents else str(path)

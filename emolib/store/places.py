"""Where the project and its cache stand."""

from __future__ import annotations

import os
from pathlib import Path


def project_root() -> Path:
    """Return the project's folder: above the working folder, else the package's own."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and _is_ours(folder / "pyproject.toml"):
            return folder
    return Path(__file__).resolve().parents[2]


def cache_folder() -> Path:
    """Return the folder of the store and the surrogates.

    ``EMOLIB_CACHE`` moves it; otherwise it is ``.emolib`` in the project.
    """
    given = os.environ.get("EMOLIB_CACHE")
    return Path(given).expanduser().absolute() if given else project_root() / ".emolib"


def _is_ours(pyproject: Path) -> bool:
    """Tell whether this pyproject.toml is the project's own."""
    return pyproject.is_file() and 'name = "emolib"' in pyproject.read_text("utf-8")

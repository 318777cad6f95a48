"""What made a run: versions, commit, device, date. It stands in run.json only."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from emolib.reporting.places import project_root

PACKAGES = (
    "numpy", "scipy", "pandas", "scikit-learn", "torch", "mne", "matplotlib",
    "papermill", "ipykernel",
)  # fmt: skip


def provenance() -> dict:
    """Return versions, commit, date, host and platform of this process."""
    from emolib import __version__

    commit, changed = commit_of(project_root())
    return {
        "emolib": __version__,
        "commit": commit,
        "uncommitted_changes": changed,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "versions": {name: version_of(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "host": platform.node(),
        "n_cpus": os.cpu_count(),
    }


def version_of(package: str) -> str | None:
    """Return an installed package's version, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def commit_of(folder: Path) -> tuple[str | None, bool | None]:
    """Return the commit of a folder and whether it has changes; None without git."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    return commit, bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says, or None where it cannot."""
    try:
        said = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() if said.returncode == 0 else None


def process_age_s() -> float:
    """Return the seconds since this process was started."""
    import psutil

    return time.time() - psutil.Process().create_time()


def device_kinds() -> list[str]:
    """Return the kind of device torch sees here; nothing where torch is not in use."""
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    return [torch.cuda.get_device_name(0) if torch.cuda.is_available() else "cpu"]


def code_digest(recipe: str | None, notebook: Path | None = None) -> str:
    """Return a digest of the code behind a recipe's reports, comments left out.

    It covers every module of the package that the recipe imports, directly or through
    others, and the source cells of `notebook`.
    """
    from emolib.code import canonical, code_digests

    name = f"papers/{recipe}" if recipe else "reporting"
    folder = Path(__file__).resolve().parents[1] / name
    roots = [_module(path) for path in sorted(folder.rglob("*.py"))]
    code = canonical(code_digests(roots, on_disk=True))
    digest = hashlib.sha256(code if isinstance(code, bytes) else code.encode())
    if notebook is not None:
        from emolib.reporting.parameters import read_notebook

        for cell in read_notebook(notebook)["cells"]:
            if cell["cell_type"] == "code":
                digest.update("".join(cell["source"]).encode())
    return digest.hexdigest()[:16]


def _module(path: Path) -> str:
    """Return the dotted name of a module of the package."""
    parts = path.with_suffix("").parts[len(Path(__file__).resolve().parents[2].parts) :]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

"""What a run that failed leaves: one clear message and its partial notebook."""

from __future__ import annotations

import errno
import re
import shutil
from pathlib import Path

from emolib.batch.jobs import Job
from emolib.reporting.parameters import read_notebook
from emolib.reporting.places import relative, reports_folder
from emolib.reporting.runs import partial_folder

NOISE = ("TCP without encryption", "ipc_file", "frozen modules", "PYDEVD_DISABLE")


class RunError(RuntimeError):
    """A notebook that did not run to its end."""


def failed_folder(job: Job) -> Path:
    """Return where the partial notebook of a failed job is kept."""
    return reports_folder() / ".failed" / job.stem / (job.config or "no_config")


def keep_failed(job: Job, folder: Path, error: BaseException) -> None:
    """Keep a partial notebook and the error, where the next run does not look."""
    kept = failed_folder(job)
    try:
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for name in ("notebook.ipynb", "kernel.log"):
            if (folder / name).is_file():
                (folder / name).replace(kept / name)
        (kept / "error.txt").write_text(f"{error or type(error).__name__}\n", "utf-8")
    except OSError:
        shutil.rmtree(kept, ignore_errors=True)


def cell_error(job: Job, error) -> str:
    """Return one message for a cell that raised."""
    if error.ename == "OSError" and f"[Errno {errno.ENOSPC}]" in str(error.evalue):
        return full_disk()
    place = relative(failed_folder(job) / "notebook.ipynb")
    return (
        f"{job.name} stopped in cell {error.cell_index + 1}: {error.ename}: "
        f"{error.evalue}\nThe notebook as far as it came: {place}"
    )


def full_disk() -> str:
    """Return the message for a full disk."""
    return (
        f"the disk of '{reports_folder()}' must have room; got a full disk. Nothing "
        "half-written was left. Free some space ('emolib store prune' shows what the "
        "store can spare) and run again."
    )


def dead_kernel(job: Job, made: Path, log: Path, error: Exception) -> str:
    """Return one message for a kernel that died, with what it logged last."""
    where = f" in cell {_last_cell(made)}" if made.is_file() else ""
    lines = log.read_text("utf-8", errors="replace").splitlines()
    said = [li for li in lines if li.strip() and not any(n in li for n in NOISE)]
    tail = "\n".join(["", *said[-5:]]) if said else ""
    if type(error).__name__ != "DeadKernelError":
        return f"{job.name} could not be run: {error}{tail}"
    place = relative(failed_folder(job) / "notebook.ipynb")
    return (
        f"{job.name} stopped{where}: its kernel died. Most often memory ran out; "
        f"lower n_workers or batch_size. The notebook as far as it came: {place}{tail}"
    )


def _last_cell(path: Path) -> int:
    """Return the number of the cell that was running when a kernel died.

    Every cell is called completed then, but only those that were run have a start.
    """
    cells = read_notebook(path)["cells"]
    noted = [cell["metadata"].get("papermill", {}) for cell in cells]
    begun = [i for i, note in enumerate(noted, start=1) if note.get("start_time")]
    return max(begun, default=1)


def forget_failures(job: Job) -> None:
    """Remove what earlier failures of a job left, now that it has run."""
    shutil.rmtree(failed_folder(job), ignore_errors=True)
    shutil.rmtree(failed_folder(job).with_name("killed"), ignore_errors=True)


def clear_stale() -> None:
    """Remove what killed runs left; their partial notebooks are kept aside."""
    import psutil

    for folder in partial_folder().glob("*"):
        found = re.fullmatch(r"(.+)-(\d+)-[0-9a-f]{8}", folder.name)
        if found and psutil.pid_exists(int(found.group(2))):
            continue
        notebook = folder / "notebook.ipynb"
        if found and notebook.is_file():
            kept = reports_folder() / ".failed" / found.group(1) / "killed"
            kept.mkdir(parents=True, exist_ok=True)
            notebook.replace(kept / "notebook.ipynb")
        shutil.rmtree(folder, ignore_errors=True)

"""Running a notebook into a folder aside, and opening a copy of one."""

from __future__ import annotations

import errno
import json
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from emolib.batch.failures import (
    RunError,
    cell_error,
    clear_stale,
    dead_kernel,
    forget_failures,
    full_disk,
    keep_failed,
)
from emolib.batch.jobs import Job, prepare_job
from emolib.batch.kernels import Ticker, kernel_environment, kernel_manager
from emolib.batch.loading import without_address_parser
from emolib.reporting.declared import declared_outputs
from emolib.reporting.files import write_json
from emolib.reporting.parameters import read_notebook
from emolib.reporting.places import project_root
from emolib.reporting.runs import new_partial, put_in_place, read_run


def run_notebook(
    notebook: str | Path,
    *,
    config: str | None = None,
    parameters: Mapping | None = None,
    n_workers: int | None = None,
    device: str | None = None,
    tick: Callable[[str], None] | None = None,
) -> Path:
    """Run a notebook with a config and return the folder of its report.

    Parameters
    ----------
    notebook : str or Path
        Stem or path.
    config : str
        Name of a config of this notebook; its defaults without one.
    parameters : mapping
        Values that replace the config's.
    n_workers : int
        Processes that train units.
    device : str
        For example ``"cuda:1"``.
    tick : callable
        Called about once a second with a short line of progress.

    Returns
    -------
    folder : Path
        Holds notebook.ipynb, results.csv, tables, figures and run.json.

    Raises
    ------
    ValueError, TypeError
        For an unknown notebook, config or parameter, or a value of the wrong type.
    PermissionError
        When the reports folder cannot be written.
    RunError
        When a cell failed, the kernel died, or the notebook saved no report. The
        partial notebook is kept in ``reports/.failed/<stem>/``.
    """
    job = prepare_job(
        notebook, config=config, parameters=parameters, n_workers=n_workers,
        device=device,
    )  # fmt: skip
    clear_stale()
    folder = new_partial(job.stem)
    start = time.monotonic()
    try:
        _execute(job, folder, tick)
        made = _finish(job, folder, time.monotonic() - start)
        placed = put_in_place(folder, made)
        forget_failures(job)
        return placed
    except BaseException as error:
        keep_failed(job, folder, error)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise RunError(full_disk()) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _execute(job: Job, folder: Path, tick) -> None:
    """Run the notebook into `folder`, or raise RunError."""
    with without_address_parser():
        import papermill
        from nbclient.exceptions import DeadKernelError
        from papermill.exceptions import PapermillExecutionError

    made, log = folder / "notebook.ipynb", folder / "kernel.log"
    with log.open("wb") as stderr, Ticker(job, folder, tick):
        manager = kernel_manager(kernel_environment(folder), stderr)
        try:
            papermill.execute_notebook(
                str(job.path), str(made), parameters=job.injected,
                kernel_name="python3", progress_bar=False, language="python",
                cwd=str(job.path.parent), start_timeout=180,
                kernel_manager_class=manager,
            )  # fmt: skip
        except PapermillExecutionError as error:
            raise RunError(cell_error(job, error)) from None
        except (DeadKernelError, RuntimeError) as error:
            raise RunError(dead_kernel(job, made, log, error)) from None


def _finish(job: Job, folder: Path, wall_s: float) -> str:
    """Complete a report in the making and return the name of its folder."""
    try:
        run = read_run(folder)
    except FileNotFoundError:
        raise RunError(
            f"{job.name} must end with save_report; got no finished run.json. Add "
            "the call to its last cell."
        ) from None
    absent = [n for n in declared_outputs(job.stem) if not (folder / n).is_file()]
    if absent:
        raise RunError(
            f"{job.name} must write what its metadata declare; got none of {absent}."
        )
    _clean_notebook(folder / "notebook.ipynb")
    for name in ("kernel.log", "progress.txt"):
        (folder / name).unlink(missing_ok=True)
    write_json(folder / "run.json", {**run, "wall_s": round(wall_s, 1)})
    return run["folder"]


def _clean_notebook(path: Path) -> None:
    """Take papermill's run times and paths out of an executed notebook."""
    notebook = read_notebook(path)
    for holder in (notebook, *notebook["cells"]):
        holder["metadata"].pop("papermill", None)
        holder["metadata"].pop("execution", None)
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", "utf-8")


def open_notebook(
    notebook: str | Path,
    *,
    config: str | None = None,
    parameters: Mapping | None = None,
) -> Path:
    """Write a parameterised copy of a notebook into ``work/`` and return its path.

    Run All in JupyterLab gives the run's results; an earlier copy is not overwritten.
    """
    with without_address_parser():
        import nbformat
        from papermill.iorw import load_notebook_node
        from papermill.parameterize import parameterize_notebook

    job = prepare_job(notebook, config=config, parameters=parameters)
    made = load_notebook_node(str(job.path))
    copy = parameterize_notebook(made, job.injected, language="python")
    for holder in (copy, *copy.cells):
        holder.metadata.pop("papermill", None)
        if holder.get("cell_type") == "code":
            holder.outputs, holder.execution_count = [], None
    folder = project_root() / "work"
    folder.mkdir(exist_ok=True)
    name = f"{job.stem}_{job.config}" if job.config else job.stem
    taken = {p.stem for p in folder.glob("*.ipynb")}
    free = (f"{name}_{i}" for i in range(2, 10_000))
    path = folder / f"{next(free) if name in taken else name}.ipynb"
    while path.stem in taken:
        path = folder / f"{next(free)}.ipynb"
    nbformat.write(copy, path)
    return path

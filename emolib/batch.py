"""One notebook and one config become one run folder, all or nothing.

Names and types of parameters are checked before anything is started. The notebook
writes its report into a folder aside, which is renamed into place when the whole
notebook has run; success is a ``run.json`` that says so, never what the notebook's
metadata say, because those call a dead kernel's cells completed.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emolib.reporting.parameters import (
    merged,
    notes_of,
    read_notebook,
    read_parameters,
    recipe_of,
    typed,
)
from emolib.reporting.places import (
    REPORT_DIR,
    notebook_path,
    project_root,
    read_config,
    relative,
    reports_folder,
)
from emolib.reporting.runs import new_partial, partial_folder, put_in_place, read_run
from emolib.reporting.save import declared_outputs, write_json

THREADS = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip
PROGRESS = "EMOLIB_PROGRESS"
"""Environment variable: the file into which a long task writes its progress line."""

NOISE = ("TCP without encryption", "ipc_file", "frozen modules", "PYDEVD_DISABLE")


class RunError(RuntimeError):
    """A notebook that did not run to its end."""


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
    return import_module(f"emolib.recipes.{recipe}") if recipe else None


def plan_job(job: Job) -> str:
    """Return what a job will cost, in words: units done and to do, time, memory, disk.

    It asks the recipe's ``plan(parameters)``; without one, the estimate of the units
    that its ``expand(parameters)`` gives.
    """
    recipe = recipe_module(job)
    if hasattr(recipe, "plan"):
        plan = _ask(recipe.plan, job)
    elif hasattr(recipe, "expand"):
        from emolib.units import estimate

        plan = estimate(expand_job(job))
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
        return put_in_place(folder, made)
    except BaseException as error:
        _keep_failed(job, folder, error)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise RunError(_full_disk()) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _execute(job: Job, folder: Path, tick) -> None:
    """Run the notebook into `folder`, or raise RunError."""
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    made, log = folder / "notebook.ipynb", folder / "kernel.log"
    with log.open("wb") as stderr, _Ticker(job, folder, tick):
        manager = _kernel_manager(kernel_environment(folder), stderr)
        try:
            papermill.execute_notebook(
                str(job.path), str(made), parameters=job.injected,
                kernel_name="python3", progress_bar=False, language="python",
                cwd=str(job.path.parent), start_timeout=180,
                kernel_manager_class=manager,
            )  # fmt: skip
        except PapermillExecutionError as error:
            raise RunError(_cell_error(job, error)) from None
        except (DeadKernelError, RuntimeError) as error:
            raise RunError(_dead_kernel(job, made, log, error)) from None


def kernel_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a kernel: one thread, this package, this report."""
    package = str(Path(__file__).resolve().parents[1])
    paths = [package, os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        **{name: "1" for name in THREADS},
        "PYTHONPATH": os.pathsep.join(p for p in paths if p),
        REPORT_DIR: str(folder),
        PROGRESS: str(folder / "progress.txt"),
    }


def _kernel_manager(environment: dict[str, str], stderr):
    """Return a kernel manager class with this environment and log."""
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        """Starts kernels quietly; what they log goes to a file."""

        async def start_kernel(self, **kwargs):
            kwargs |= {"env": environment, "stderr": stderr}
            return await super().start_kernel(**kwargs)

    return Manager


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


def _keep_failed(job: Job, folder: Path, error: BaseException) -> None:
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


def failed_folder(job: Job) -> Path:
    """Return where the partial notebook of a failed job is kept."""
    return reports_folder() / ".failed" / job.stem / (job.config or "no_config")


def _cell_error(job: Job, error) -> str:
    """Return one message for a cell that raised."""
    if error.ename == "OSError" and f"[Errno {errno.ENOSPC}]" in str(error.evalue):
        return _full_disk()
    place = relative(failed_folder(job) / "notebook.ipynb")
    return (
        f"{job.name} stopped in cell {error.cell_index + 1}: {error.ename}: "
        f"{error.evalue}\nThe notebook as far as it came: {place}"
    )


def _full_disk() -> str:
    """Return the message for a full disk."""
    return (
        f"the disk of '{reports_folder()}' must have room; got a full disk. Nothing "
        "half-written was left. Free some space ('emolib store prune' shows what the "
        "store can spare) and run again."
    )


def _dead_kernel(job: Job, made: Path, log: Path, error: Exception) -> str:
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
    """Return the number of the cell that was running when a kernel died."""
    cells = read_notebook(path)["cells"]
    done = [i for i, c in enumerate(cells) if c.get("execution_count")]
    after = done[-1] + 1 if done else 0
    code = (i for i, c in enumerate(cells) if i >= after and c["cell_type"] == "code")
    return next(code, len(cells) - 1) + 1


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


class _Ticker:
    """Calls `tick` about once a second with elapsed time and the progress line."""

    def __init__(self, job: Job, folder: Path, tick: Callable[[str], None] | None):
        from threading import Event, Thread

        self._job, self._folder, self._tick = job, folder, tick
        self._stopped = Event()
        self._thread = Thread(target=self._work, daemon=True)

    def __enter__(self):
        if self._tick is not None:
            self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        if self._tick is not None:
            self._thread.join()

    def _work(self) -> None:
        start = time.monotonic()
        path = self._folder / "progress.txt"
        while not self._stopped.wait(1.0):
            said = path.read_text("utf-8").strip() if path.is_file() else ""
            self._tick(f"{self._job.name}  {clock(time.monotonic() - start)}  {said}")


def clock(seconds: float) -> str:
    """Return a duration as people read it: 0:07, 3:12, 1:02:03."""
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02d}:{s:02d}" if hours else f"{m}:{s:02d}"


def open_notebook(
    notebook: str | Path,
    *,
    config: str | None = None,
    parameters: Mapping | None = None,
) -> Path:
    """Write a parameterised copy of a notebook into ``work/`` and return its path.

    Run All in JupyterLab gives the run's results; an earlier copy is not overwritten.
    """
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


def has_units(stem: str) -> bool:
    """Tell whether a notebook's work is kept as units, without importing its recipe.

    A notebook whose metadata say ``"units": false`` has none.
    """
    import ast

    path = notebook_path(stem)
    recipe = recipe_of(path)
    if not recipe or notes_of(path).get("units") is False:
        return False
    source = Path(__file__).parent / "recipes" / recipe / "__init__.py"
    tree = ast.parse(source.read_text("utf-8")) if source.is_file() else ast.parse("")
    named = {getattr(n, "name", None) for n in ast.walk(tree)}
    named |= {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return "expand" in named

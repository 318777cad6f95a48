"""The two steps of every run: fill the store, then papermill on a full store.

``emolib run`` and the two rules of the Snakefile are these same steps. Names and types
of parameters are checked before anything is started.
"""

import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from html import escape
from importlib import import_module
from itertools import chain, count, zip_longest
from pathlib import Path

from filelock import FileLock

from emolib.checks import check_option, check_range
from emolib.reporting.notebooks import notebook_path, paper_of, parameters_of
from emolib.reporting.save import REPORT_DIR, new_folder, put_in_place, read_run
from emolib.store import project_root
from emolib.units import Unit

QUIET = ["--IPKernelApp.log_level=50"]
"""Of a kernel: on one machine its connection need not be encrypted."""

_AS_FAR = "As far as it came: [its notebook](notebook.ipynb)."

BRACES = str.maketrans({"{": "{{", "}": "}}"})
"""In a path: papermill fills in what stands in single ones."""


@dataclass(frozen=True)
class Job:
    """A notebook, the config to run it at, and every parameter of it.

    Parameters
    ----------
    path : Path
    config : str
        Empty for the notebook's defaults.
    parameters, injected : dict
        All of them, and those that are not at the notebook's defaults.
    """

    path: Path
    config: str
    parameters: dict
    injected: dict

    @property
    def name(self) -> str:
        """Stem and config, for messages and files."""
        return f"{self.path.stem}_{self.config}".rstrip("_")

    @property
    def stopped(self) -> Path:
        """The folder of its page where its notebook stops before it is through."""
        stem = self.path.stem
        place = f"{stem}/{self.config}" if self.config else f".scratch/{stem}"
        return project_root() / "reports" / f"{place}~stopped"  # what no run is called

    @cached_property
    def units(self) -> list[Unit]:
        """What its paper wants computed, in the order in which to do it."""
        paper = paper_of(self.path)
        room = paper and import_module(f"emolib.papers.{paper}")
        with _about(self.path.stem):
            return room.expand(self.parameters) if room else []


def job_of(notebook: str | Path, config: str = "", given: Mapping | None = None) -> Job:
    """Return a notebook's job, with values that replace its config's.

    Raises ValueError, naming what is nearest, for a notebook, a config or a parameter
    that is not known.
    """
    path = notebook_path(notebook)
    with _about(path.stem):
        parameters, defaults = parameters_of(path, config, given), parameters_of(path)
        hint = "Name another by --config."
        own = config or defaults.get("config", "")
        check_option("config", parameters.get("config", own), [own], hint)
    changed = {n: v for n, v in parameters.items() if v != defaults[n]}
    return Job(path, config, parameters, changed)


@contextmanager
def _about(stem: str) -> Iterator[None]:
    """Let an error say which notebook it is about: several may be run at once."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{stem}: {error}") from error


def machine_of(jobs: Sequence[Job], cores: int | None) -> dict:
    """Return how many workers compute the units of some jobs, and on what device."""
    asked = [job.parameters for job in jobs if job.units]  # these are checked
    n_workers = max((int(values.get("n_workers", 1)) for values in asked), default=1)
    device = next((values["device"] for values in asked if "device" in values), "auto")
    return {"n_workers": cores or n_workers, "device": device}


def stems_with(config: str) -> list[str]:
    """Return the stems of the notebooks that have a config; one of them must."""
    found = sorted((project_root() / "notebooks" / "configs").glob("*/*.yaml"))
    check_option("config", config, sorted({path.stem for path in found}))
    return [path.parent.name for path in found if path.stem == config]


def units_of(jobs: Sequence[Job]) -> list[Unit]:
    """Return the units of notebooks in turn: two workers seldom want one's stages."""
    turns = chain.from_iterable(zip_longest(*(job.units for job in jobs)))
    return [unit for unit in turns if unit]


def shard_of(units: Iterable[Unit], shard: str) -> list[Unit]:
    """Return every n-th of the different units, beginning with the i-th, of ``i/n``."""
    numbers = [int(part) for part in shard.split("/") if part.isdecimal()]
    i, n = numbers if len(numbers) == 2 else (0, 1)
    check_range("i of --shard i/n", i, 1, n, hint=f"It was {shard!r}.")
    return [*{unit.asked: unit for unit in units}.values()][i - 1 :: n]


def lost(failures: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each (system, reason) of units that failed."""
    counts = Counter(failures).items()
    return [f"{system} ({n}): {reason}" for (system, reason), n in counts]


def make_report(job: Job, known: Sequence[str] = ()) -> tuple[Path, list[str]]:
    """Run a notebook on a full store; return its folder and what failed in it.

    The folder is hidden until it is whole. Where the notebook stops, what it came to
    and a page that says why, with what is `known` of failed units, stand in a folder of
    their own until the next run.
    """
    import papermill
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager, Instance

    class OwnKernel(AsyncKernelManager):
        """The Python that runs now, whatever Jupyter has as python3."""

        kernel_spec_manager = Instance(KernelSpecManager, kw={"kernel_dirs": []})

    with FileLock(project_root() / "reports" / ".partial" / f"{job.name}.lock"):
        folder = new_folder(job.name)
        shutil.rmtree(job.stopped, ignore_errors=True)
        made, os.environ[REPORT_DIR] = folder / "notebook.ipynb", str(folder)
        try:
            notebook = papermill.execute_notebook(
                *(str(path).translate(BRACES) for path in (job.path, made)),
                job.injected, kernel_name="python3",
                progress_bar=False, cwd=job.path.parent, extra_arguments=QUIET,
                kernel_manager_class=OwnKernel,
            )  # fmt: skip
        except Exception as error:
            kind = getattr(error, "ename", type(error).__name__)
            why = " ".join(f"{kind}: {getattr(error, 'evalue', error)}".split())
            page = _write_page(job, folder, [why, *known])
            raise RuntimeError(f"{job.name} stopped: {why}\n{page}") from None
        finally:
            del os.environ[REPORT_DIR]
        run = read_run(folder)
        if not run:
            raise RuntimeError(f"{job.name} must end with save_report; got no report.")
        _write_clean(notebook, made)
        cells = ((cell.get("system"), cell["reason"]) for cell in run["failures"])
        return put_in_place(folder, run["folder"]), lost(cells)


def _write_page(job: Job, folder: Path, reasons: Sequence[str]) -> str:
    """Write why a notebook stopped; return where that is, or why it is nowhere."""
    lines = [f"- {escape(reason, quote=False)}" for reason in reasons]
    text = "\n".join([f"# {job.name} stopped", "", *lines, "", _AS_FAR, ""])
    try:
        (folder / "stopped.md").write_text(text, "utf-8")
        put_in_place(folder, job.stopped)
    except OSError as error:
        return f"It has no page: {error}"
    return f"Its page: {job.stopped.relative_to(project_root()) / 'stopped.md'}"


def open_copy(job: Job) -> Path:
    """Write a parameterised copy of a notebook into ``work/`` and return its path.

    Run All in JupyterLab gives the run's results; an earlier copy is not overwritten.
    """
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    copy = parameterize_notebook(load_notebook_node(str(job.path)), job.injected)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    names = (f"{job.name}_{i}" if i else job.name for i in count())
    paths = (project_root() / "work" / f"{name}.ipynb" for name in names)
    path = next(path for path in paths if not path.exists())
    path.parent.mkdir(exist_ok=True)
    _write_clean(copy, path)
    return path


def _write_clean(notebook, path: Path) -> None:
    """Write a notebook without papermill's times and paths."""
    for holder in (notebook, *notebook.cells):
        holder.metadata.pop("papermill", None)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf-8")


def end_with_parent() -> None:
    """End this process, and so its kernel, when the one that started it is gone."""
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

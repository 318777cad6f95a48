"""`emolib reports`: all notebooks at a tier, driven by Snakemake, a line each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from emolib.batch import plan_job, prepare_job
from emolib.batch.kernels import clock, leashed
from emolib.commands import StatusLine, say
from emolib.commands.driver import DRIVER, name_driver, watch_starter
from emolib.commands.events import EVENTS, read_events
from emolib.commands.workflow import (
    Task,
    choose,
    forget_old_code,
    make_task,
)
from emolib.reporting.places import cache_folder, project_root, relative
from emolib.reporting.runs import read_run

POLL_S = 0.5
EXCERPT = 12


def reports_command(arguments) -> int:
    """Print the plans, run what is not up to date, and say how each notebook went."""
    watch_starter()
    stems, without = choose(arguments.tier, arguments.notebook)
    tasks = [make_task(stem, arguments.tier) for stem in stems]
    for stem in without:
        say(f"{stem}: no {arguments.tier}.yaml, left out")
    for task in tasks:
        say(f"{task.stem} {task.tier}: {_plan(task)}")
    if arguments.dry_run or not tasks:
        return 0
    with _only_one():
        return _Batch(arguments, tasks).run()


def _plan(task: Task) -> str:
    """Return what a notebook will cost, in words."""
    return plan_job(prepare_job(task.stem, config=task.tier))


class _only_one:
    """Holds the folder for one batch; takes over from one that was killed."""

    def __enter__(self):
        self._path = cache_folder() / "reports.pid"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        holder = self._holder()
        if holder:
            raise RuntimeError(
                f"reports must be made one batch at a time; got another that runs "
                f"(process {holder}). Wait for it, or stop it."
            )
        self._path.write_text(str(os.getpid()), "utf-8")
        return self

    def __exit__(self, *_):
        self._path.unlink(missing_ok=True)

    def _holder(self) -> int | None:
        """Return the process that holds the folder now, if it lives."""
        import psutil

        try:
            number = int(self._path.read_text("utf-8"))
            words = psutil.Process(number).cmdline()
        except (OSError, ValueError, psutil.Error):
            return None
        return number if "reports" in words and number != os.getpid() else None


class _Batch:
    """One call of Snakemake, watched."""

    def __init__(self, arguments, tasks: list[Task]):
        self._arguments, self._tasks = arguments, tasks
        self._folder = cache_folder() / "logs"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._log = self._folder / f"snakemake-{arguments.tier}.log"
        self._events = self._folder / f"events-{arguments.tier}.jsonl"
        self._events.unlink(missing_ok=True)
        self._expected = {task.stem: _expected(task) for task in tasks}
        self._started: dict[str, float] = {}
        self._ended: dict[str, str] = {}
        self._line = StatusLine()
        self._n_read = 0
        self._begun = time.time()

    def run(self) -> int:
        """Run Snakemake to its end and return the exit code."""
        start = time.monotonic()
        self._unlock()
        forget_old_code(self._tasks)
        with self._log.open("wb") as log:
            process = self._start(log)
            try:
                while process.poll() is None:
                    self._show()
                    time.sleep(POLL_S)
            except BaseException:
                self._line.clear()
                _end(process)
                raise
        self._show()
        self._line.clear()
        return self._sum_up(process.returncode, time.monotonic() - start)

    def _command(self) -> list[str]:
        """Return Snakemake's command line, without its targets."""
        root = project_root()
        snakefile = root / "Snakefile"
        if not snakefile.is_file():
            snakefile = Path(__file__).resolve().parents[2] / "Snakefile"
        return [
            sys.executable, "-m", "snakemake", "--snakefile", str(snakefile),
            "--directory", str(root), "--nocolor",
        ]  # fmt: skip

    def _start(self, log):
        """Start Snakemake in a session of its own."""
        arguments = self._arguments
        n_cores = arguments.cores or os.cpu_count() or 1
        beside = n_cores + 1  # a report is drawn while the next units are computed
        names = ",".join(task.stem for task in self._tasks)
        command = [
            *self._command(), "--rerun-incomplete", "--keep-going",
            *(
                ["--profile", arguments.profile]
                if arguments.profile
                else ["--cores", str(beside), "--resources", "crew=1"]
            ),
            "--config", f"tier={arguments.tier}", f"notebooks={names}",
            f"workers={n_cores}",
        ]  # fmt: skip
        return subprocess.Popen(
            leashed(command), stdout=log, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, env=self._environment(), start_new_session=True,
            cwd=project_root(),
        )  # fmt: skip

    def _environment(self) -> dict[str, str]:
        """Return an environment in which this process is the driver."""
        given = {k: v for k, v in os.environ.items() if k != DRIVER}
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, os.environ.get("PYTHONPATH", "")]
        return {
            **name_driver(given),
            EVENTS: str(self._events),
            "PYTHONPATH": os.pathsep.join(p for p in paths if p),
        }

    def _unlock(self) -> None:
        """Remove the lock of a batch that was killed."""
        if not any((project_root() / ".snakemake" / "locks").glob("*")):
            return
        names = ",".join(task.stem for task in self._tasks)
        config = ["--config", f"tier={self._arguments.tier}", f"notebooks={names}"]
        subprocess.run(
            [*self._command(), "--unlock", "--cores", "1", *config],
            capture_output=True, check=False, cwd=project_root(),
            env=self._environment(),
        )  # fmt: skip

    def _show(self) -> None:
        """Print what has begun or ended since, and the line of what runs."""
        events = read_events(self._events)
        for event in events[self._n_read :]:
            self._take(event)
        self._n_read = len(events)
        running = [s for s in self._started if s not in self._ended]
        self._line("   ".join(self._running(stem) for stem in running))

    def _take(self, event: dict) -> None:
        """Take in one event."""
        stem = event["notebook"]
        if event["event"] == "started" and stem not in self._started:
            self._started[stem] = event["time"]
            if not self._line.is_live:
                say(f"{stem} {self._arguments.tier}: started{self._about(stem)}")
        final = event["phase"] == "report" and event["event"] == "done"
        if final or event["event"] == "failed":
            self._ended[stem] = event["event"]
            self._line.clear()
            spent = clock(event["time"] - self._started.get(stem, event["time"]))
            say(
                f"{stem} {self._arguments.tier}: {event['event']} in {spent}"
                f"{self._about(stem)}"
            )

    def _about(self, stem: str) -> str:
        """Return the expected time of a notebook, if an earlier run tells it."""
        expected = self._expected[stem]
        return f" (expected {clock(expected)})" if expected else ""

    def _running(self, stem: str) -> str:
        """Return one running notebook's part of the line."""
        spent = clock(time.time() - self._started[stem])
        said = _last_words(stem, self._arguments.tier, self._folder)
        return f"{stem} {spent}{self._about(stem)} {said}".rstrip()

    def _sum_up(self, code: int, wall_s: float) -> int:
        """Print how it went and return the exit code."""
        lines = [self._outcome(task) for task in self._tasks]
        bad = [line for line in lines if line]
        for line in bad:
            say(f"\n{line}")
        n_good = len(lines) - len(bad)
        say(
            f"\n{n_good} of {len(lines)} notebooks have their report ({clock(wall_s)})."
        )
        if code and not bad:
            say(f"Snakemake ended with {code}; its log: {relative(self._log)}")
        elif bad:
            say(f"Log: {relative(self._log)}. The same command resumes.")
        for task in self._tasks:
            _remember(task)
        return 1 if code or bad else 0

    def _outcome(self, task: Task) -> str:
        """Return what is wrong with a notebook's report; empty when nothing is."""
        folder = project_root() / "reports" / task.stem / task.tier
        failed = self._ended.get(task.stem) == "failed"
        try:
            failures = read_run(folder)["failures"]
        except FileNotFoundError:
            return f"{task.stem}: no report.\n{self._excerpt(task)}"
        if failed:
            return f"{task.stem}: failed.\n{self._excerpt(task)}"
        if failures and not self._arguments.allow_partial:
            reasons = sorted({str(f.get("reason")) for f in failures})
            return f"{task.stem}: {len(failures)} units failed: {'; '.join(reasons)}"
        return ""

    def _excerpt(self, task: Task) -> str:
        """Return what is known of a failure: the kept error, or how it ended."""
        kept = project_root() / "reports" / ".failed" / task.stem / task.tier
        path = kept / "error.txt"
        if path.is_file() and path.stat().st_mtime >= self._begun:
            return _indented(path.read_text("utf-8").splitlines()[:EXCERPT])
        if task.stem not in self._started:
            return _indented(["It was not started: the batch was stopped before it."])
        if task.stem not in self._ended:
            return _indented(["It was killed before its end."])
        logs = sorted(self._folder.glob(f"{task.stem}-{task.tier}-*.log"))
        said = [log.read_text("utf-8", errors="replace") for log in logs]
        return _indented("\n".join(said).splitlines()[-EXCERPT:])


def _end(process) -> None:
    """End Snakemake and what it started: kindly, and after five seconds not."""
    import psutil

    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    for member in reversed([process, *family]):
        _signal(member, "terminate")
    _, alive = psutil.wait_procs(family, timeout=5)
    for member in [process, *alive]:
        _signal(member, "kill")
    process.wait()


def _signal(process, word: str) -> None:
    """Send a signal to a process that may be gone."""
    import psutil

    try:
        getattr(process, word)()
    except (psutil.NoSuchProcess, ProcessLookupError):
        return


def _last_words(stem: str, tier: str, folder: Path) -> str:
    """Return the last thing that a running notebook logged."""
    try:
        logs = [p for p in folder.glob(f"{stem}-{tier}-*.log*") if p.stat().st_size]
        newest = max(logs, key=lambda path: path.stat().st_mtime)
        text = newest.read_bytes()[-400:].decode("utf-8", "replace")
    except (OSError, ValueError):  # nothing logged yet, or replaced meanwhile
        return ""
    text = text.replace("\r", "\n")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:60] if lines else ""


def _indented(lines: list[str]) -> str:
    """Return lines set in from the margin."""
    return "\n".join(f"  {line}" for line in lines)


def _durations() -> Path:
    """Return the file of the times that earlier runs took."""
    return cache_folder() / "durations.json"


def _expected(task: Task) -> float | None:
    """Return the seconds an earlier run of a notebook took, if one is known."""
    folder = project_root() / "reports" / task.stem / task.tier
    try:
        return float(read_run(folder)["wall_s"])
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return _remembered().get(f"{task.stem} {task.tier}")


def _remembered() -> dict:
    """Return the times that outlive 'make clean'."""
    try:
        return json.loads(_durations().read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def _remember(task: Task) -> None:
    """Keep the time a notebook took."""
    spent = _expected(task)
    if spent:
        kept = {**_remembered(), f"{task.stem} {task.tier}": spent}
        _durations().write_text(json.dumps(kept, indent=1, sort_keys=True), "utf-8")

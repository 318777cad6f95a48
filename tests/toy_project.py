"""A throw-away project: the package's machinery and a paper made for tests.

Its code can be edited and its processes killed without touching the real one.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
FILES = (
    "__init__.py", "checks.py", "containers.py", "code.py", "store.py", "units.py",
    "upkeep.py", "workers.py", "training/__init__.py", "training/devices.py",
)  # fmt: skip
PREAMBLE = """
import json, os, sys
from pathlib import Path
from emolib.store import Store
from emolib.units import Context, Unit, run_units
from emolib.upkeep import plan_line, prune, status, why

def toy(fold, system="linear", data=None, **settings):
    settings = {"fold": fold, "n_features": 3, **settings}
    return Unit("toy", system, data or {"seed": 1}, settings, {"fold": fold})

def go(units, n_workers=1):
    return run_units(units, n_workers=n_workers, device="cpu", progress=False)

def told(done):
    folds = [unit.labels["fold"] for unit, _ in done.entries]
    return [folds, [reason for _, reason in done.failures]]

def say(value):
    print(json.dumps(value), flush=True)
"""


def wait_until(condition, seconds=120.0):
    """Wait until a condition holds; fail where it does not in time."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


class ToyProject:
    """A project folder with its own package, cache and diary of what was computed."""

    def __init__(self, folder):
        self.folder = folder
        self.paper = folder / "emolib" / "papers" / "toy"
        self.store = folder / "cache" / "store"
        self._diary = folder / "diary"
        if not folder.exists():
            self._make()

    def _make(self):
        package = self.folder / "emolib"
        (package / "training").mkdir(parents=True)
        for name in FILES:
            shutil.copy(HERE.parent / "emolib" / name, package / name)
        (package / "papers").mkdir()
        (package / "papers" / "__init__.py").write_text('"""Papers."""\n')
        shutil.copytree(HERE / "toy", self.paper)
        shutil.move(self.paper / "corpora.py", package)
        self._diary.touch()

    @property
    def environment(self):
        """What its processes find set."""
        cache = str(self.folder / "cache")
        own = {"PYTHONPATH": str(self.folder), "TOY_DIARY": str(self._diary)}
        return {**os.environ, **own, "EMOLIB_CACHE": cache}

    def begin(self, *words, stderr=subprocess.STDOUT, **environment):
        """Start Python with some words and return its process."""
        return subprocess.Popen(
            [sys.executable, *words], cwd=self.folder, text=True,
            env={**self.environment, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=stderr,
        )  # fmt: skip

    def start(self, code, **environment):
        """Start a process that runs `code` and return it."""
        words, own = ("-P", "-c", PREAMBLE + code), {"OMP_NUM_THREADS": "1"}
        return self.begin(*words, stderr=subprocess.PIPE, **own, **environment)

    def run(self, code, **environment):
        """Run `code` and return what it said, decoded."""
        process = self.start(code, **environment)
        said, complaint = process.communicate(timeout=120)
        assert process.returncode == 0, complaint
        return json.loads(said.splitlines()[-1]) if said.strip() else None

    def edit(self, name, old, new):
        """Replace text in a file of the package."""
        file = self.folder / "emolib" / name
        text = file.read_text()
        assert old in text, f"{old!r} is not in {name}"
        file.write_text(text.replace(old, new))

    def diary(self, *, forget=False):
        """Return what was computed, in order."""
        lines = self._diary.read_text().splitlines()
        if forget:
            self._diary.write_text("")
        return lines

    def wait_for(self, line):
        """Wait until the diary has a line."""
        wait_until(lambda: line in self.diary())

    def tables(self):
        """Return the bytes of every table, array and state, by entry and name."""
        return {
            file.relative_to(self.store).as_posix(): file.read_bytes()
            for file in sorted(self.store.rglob("*"))
            if file.suffix in (".csv", ".npy")
        }

    def units(self):
        """Return the folders of the units in the store."""
        return sorted(self.store.glob("toy/unit-*"))

    def processes(self, words=""):
        """Return the ids of its living processes whose command holds some words."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            is_own = str(self._diary).encode() in environment and state != "Z"
            if is_own and words.encode() in command:
                found.append(int(folder.name))
        return sorted(found)

"""A throw-away project: the package's light rooms and a recipe made for tests.

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
ROOMS = ("__init__.py", "checks.py", "containers.py", "digests", "store", "units")
PREAMBLE = """
import json, os, sys
from pathlib import Path
from emolib.store import Store
from emolib.units import Unit, estimate, load, run_units

def toy(fold, system="linear", data=None, **settings):
    settings = {"fold": fold, "n_features": 3, **settings}
    return Unit("toy", system, data or {"seed": 1}, settings, {"fold": fold})

def go(units, n_workers=1):
    return run_units(units, n_workers=n_workers, device="cpu", progress=False)

def say(value):
    print(json.dumps(value), flush=True)
"""


class ToyProject:
    """A project folder with its own package, cache and diary of what was computed."""

    def __init__(self, folder):
        self.folder = folder
        self.recipe = folder / "emolib" / "papers" / "toy"
        self.store = folder / "cache" / "store"
        self._diary = folder / "diary"
        if not folder.exists():
            self._make()

    def copy_to(self, folder):
        """Return a copy of this project, with what it has stored."""
        shutil.copytree(self.folder, folder)
        return ToyProject(folder)

    def _make(self):
        package = self.folder / "emolib"
        package.mkdir(parents=True)
        for room in ROOMS:
            source = HERE.parent / "emolib" / room
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, package / room, ignore=ignored)
            else:
                shutil.copy(source, package / room)
        (package / "papers").mkdir()
        (package / "papers" / "__init__.py").write_text('"""Recipes."""\n')
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(HERE / "toy", self.recipe, ignore=ignored)
        self._diary.touch()

    def start(self, code, **environment):
        """Start a process that runs `code` and return it."""
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.folder),
            "EMOLIB_CACHE": str(self.folder / "cache"),
            "TOY_DIARY": str(self._diary),
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        return subprocess.Popen(
            [sys.executable, "-P", "-c", PREAMBLE + code],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

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

    def wait_for(self, line, seconds=60):
        """Wait until the diary has a line."""
        limit = time.monotonic() + seconds
        while line not in self.diary():
            assert time.monotonic() < limit, f"{line!r} is not in {self.diary()}"
            time.sleep(0.02)

    def tables(self):
        """Return the bytes of every table, array and state, by entry and name."""
        return {
            file.relative_to(self.store).as_posix(): file.read_bytes()
            for file in sorted(self.store.rglob("*"))
            if file.suffix in (".csv", ".npy")
        }

    def processes(self):
        """Return the ids of the living processes that run on this project."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if str(self._diary).encode() in environment and state != "Z":
                found.append(int(folder.name))
        return sorted(found)

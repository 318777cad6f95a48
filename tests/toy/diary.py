"""Writes down what was computed, so that tests can count it."""

import os
import time
from pathlib import Path


def note(what, seconds=0.0):
    with Path(os.environ["TOY_DIARY"]).open("a") as diary:
        diary.write(f"{what}\n")
    time.sleep(seconds)


def wait_for(line):
    limit = time.monotonic() + 60
    while line and line not in Path(os.environ["TOY_DIARY"]).read_text().splitlines():
        if time.monotonic() > limit:
            raise TimeoutError(f"{line!r} was never written")
        time.sleep(0.02)


def burn(seconds):
    limit = time.process_time() + seconds
    while time.process_time() < limit:
        pass

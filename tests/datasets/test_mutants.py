"""Thousands of damaged files of every format: one clear error, or numbers, each."""

import json
import os
import subprocess
import sys

import pytest

from emolib.corpora import CORPORA
from tests.conftest import PROJECT

pytest.importorskip("resource")  # limits, and fork: not on Windows

from tests.datasets.mutants import FORMATS, GOOD  # noqa: E402

ASIDE = (
    "dreamer",
    "amigos",
    "deap",
    "mosei",
    "mosi",
    "mahnob_continuous",
    "mahnob_features",
)
"""Formats whose files a process of its own reads first; that takes longer."""
OTHERS = tuple(name for name in FORMATS if name not in ASIDE)


def judged(folder, *runs):
    """Read (seed, files of each format, formats) side by side; return the findings.

    Raises unless every file was read or told.
    """
    words = [sys.executable, "-m", "tests.datasets.mutants"]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    started = [
        subprocess.Popen(
            [*words, str(seed), str(n), str(folder / str(seed)), *formats],
            cwd=PROJECT, env={**os.environ, **threads}, stdout=subprocess.PIPE,
        )
        for seed, n, formats in runs
    ]  # fmt: skip
    lines = b"".join(process.communicate()[0] for process in started).splitlines()
    told = [json.loads(line) for line in lines]
    assert {own["format"]: own["bad"] for own in told} == dict.fromkeys(FORMATS, {})
    assert {end for own in told for end in own["ends"]} == set(GOOD)
    return told


def test_every_format_has_mutants():
    assert {name.partition(" ")[0] for name in FORMATS} == set(CORPORA)


def n_files(told):
    return sum(sum(own["ends"].values()) for own in told)


def test_two_hundred_damaged_files_end_in_one_clear_error_or_in_numbers(tmp_path):
    assert n_files(judged(tmp_path, (0, 3, ASIDE), (1, 30, OTHERS))) == 201


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_five_thousand_damaged_files_end_in_one_clear_error_or_in_numbers(tmp_path):
    told = judged(tmp_path, (100, 200, ASIDE), (101, 667, OTHERS))
    assert n_files(told) == 5402
    assert max(own["seconds"] for own in told) < 60
    assert max(own["MiB"] for own in told) < 1024

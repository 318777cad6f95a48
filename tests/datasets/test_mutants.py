"""Thousands of damaged files of every format: one clear error, or numbers, each."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from emolib.corpora import CORPORA
from tests.conftest import PROJECT
from tests.datasets.mutants import FORMATS, GOOD

ASIDE = ("dreamer", "amigos", "deap", "mosei", "mosi")
"""Formats whose files a process of its own reads first; that takes longer."""


def judged(folder, *runs):
    """Read (seed, files of each format, formats) side by side; return the findings."""
    words = [sys.executable, "-m", "tests.datasets.mutants"]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    started = [
        subprocess.Popen(
            [*words, str(seed), str(n), str(folder / str(seed)), *formats],
            cwd=PROJECT, env={**os.environ, **threads}, stdout=subprocess.PIPE,
        )
        for seed, n, formats in runs
    ]  # fmt: skip
    return [json.loads(process.communicate()[0]) for process in started]


def check(told):
    """Raise unless every file was read or told; return how many of each there were."""
    assert [own["bad"] for own in told] == [{}] * len(told)
    ends = Counter()
    for own in told:
        for counts in own["counts"].values():
            ends.update(counts)
    assert set(ends) == set(GOOD)
    return ends


def test_every_format_has_mutants():
    assert {name.partition(" ")[0] for name in FORMATS} == set(CORPORA)


def test_two_hundred_damaged_files_end_in_one_clear_error_or_in_numbers(tmp_path):
    others = [name for name in FORMATS if name not in ASIDE]
    told = judged(tmp_path, (0, 7, ASIDE), (1, 28, others))
    assert check(told).total() == 203


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_five_thousand_damaged_files_end_in_one_clear_error_or_in_numbers(tmp_path):
    told = judged(tmp_path, (100, 228, FORMATS), (101, 229, FORMATS))
    assert check(told).total() == 5027
    assert max(own for one in told for own in one["seconds"].values()) < 60
    assert max(own for one in told for own in one["MiB"].values()) < 1024

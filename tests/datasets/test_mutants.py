"""Thousands of damaged files of every format: one clear error, or numbers, each."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import PROJECT

pytest.importorskip("resource")  # limits, and fork: not on Windows

from tests.datasets.mutants import FORMATS, GOOD  # noqa: E402

HERE = ("deap raw", "eegmat", "iemocap", "mahnob", "mosi_utterances", "stress_predict")
"""Formats whose files are read here and now."""
ASIDE = FORMATS.keys() - HERE
"""Formats whose files a process of its own reads first; that takes longer."""
MANY = [pytest.mark.slow, pytest.mark.timeout(0)]


@pytest.mark.parametrize(
    ("seed", "n_aside", "n_here"),
    [(0, 3, 30), pytest.param(100, 200, 667, marks=MANY)],
    ids=["two hundred", "five thousand"],
)
def test_damaged_files_end_in_one_error_or_in_numbers(tmp_path, seed, n_aside, n_here):
    words = [sys.executable, "-m", "tests.datasets.mutants"]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    started = [
        subprocess.Popen(
            [*words, str(seed), str(n), str(tmp_path / str(seed)), *formats],
            cwd=PROJECT, env={**os.environ, **threads}, stdout=subprocess.PIPE,
        )
        for seed, n, formats in ((seed, n_aside, ASIDE), (seed + 1, n_here, HERE))
    ]  # fmt: skip
    lines = b"".join(process.communicate()[0] for process in started).splitlines()
    told = [json.loads(line) for line in lines]
    assert {own["format"]: own["bad"] for own in told} == dict.fromkeys(FORMATS, {})
    assert {end for own in told for end in own["ends"]} == set(GOOD)
    n_files = sum(sum(own["ends"].values()) for own in told)
    assert n_files == n_aside * len(ASIDE) + n_here * len(HERE)
    assert max(own["seconds"] for own in told) < 60
    assert max(own["MiB"] for own in told) < 1024

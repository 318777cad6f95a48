"""Writing a surrogate, reading it back, and cutting it into windows."""

import pytest

from emolib.corpora import CORPORA
from emolib.preprocessing.windowing import cut_windows

SIZE = {"n_subjects": 4, "n_trials": 6, "seconds": 60.0, "seed": 0}
N_SECONDS = SIZE["n_subjects"] * SIZE["n_trials"] * SIZE["seconds"]
CORPORA_HERE = ("dreamer", "amigos")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return a written surrogate of each corpus."""
    top = tmp_path_factory.mktemp("surrogates")
    return {name: CORPORA[name].write(top / name, **SIZE) for name in CORPORA_HERE}


def tell(capsys, benchmark, what, limit):
    """Print how many times faster than the recording itself, and hold the limit."""
    ratio = N_SECONDS / benchmark.stats.stats.median
    with capsys.disabled():
        print(f"\n{what}: {ratio:.0f} x as fast as recorded (limit {limit})")
    assert ratio > limit


@pytest.mark.parametrize("name", CORPORA_HERE)
def test_a_surrogate_is_written(benchmark, name, tmp_path, capsys):
    names = iter(range(100))

    def write():
        return CORPORA[name].write(tmp_path / str(next(names)), **SIZE)

    benchmark.pedantic(write, rounds=2, warmup_rounds=1)
    tell(capsys, benchmark, f"writing {CORPORA[name].title}", 50)


@pytest.mark.parametrize("name", CORPORA_HERE)
def test_a_corpus_is_read(benchmark, folders, name, capsys):
    def read():
        trials = CORPORA[name].read(folders[name])
        return [t.signals["eeg"].data.sum() for t in trials if not t.problems]

    found = benchmark.pedantic(read, rounds=3, warmup_rounds=1)
    assert len(found) == SIZE["n_subjects"] * SIZE["n_trials"]
    tell(capsys, benchmark, f"reading {CORPORA[name].title}", 500)


@pytest.mark.parametrize("name", CORPORA_HERE)
def test_a_corpus_is_read_and_cut(benchmark, folders, name, capsys):
    def cut():
        trials = CORPORA[name].read(folders[name])
        return cut_windows(trials, window_s=10.0, target="arousal")[0]

    windows = benchmark.pedantic(cut, rounds=3, warmup_rounds=1)
    assert len(windows) == N_SECONDS / 10
    tell(capsys, benchmark, f"reading and cutting {CORPORA[name].title}", 300)

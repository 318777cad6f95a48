"""The surrogates go through the very readers that serve the real files."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from emolib.datasets.amigos import read_amigos
from emolib.datasets.dreamer import read_dreamer
from emolib.surrogates.amigos import write_amigos
from emolib.surrogates.dreamer import write_dreamer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def dreamer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a") / "dreamer"
    write_dreamer(folder, n_subjects=2, n_trials=3, seconds=8.0)
    return folder, list(read_dreamer(folder))


@pytest.fixture(scope="module")
def amigos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a") / "amigos"
    write_amigos(folder, n_subjects=6, seconds=6.0)
    return folder, list(read_amigos(folder, videos="all"))


def test_dreamer_comes_back_whole(dreamer):
    folder, recordings = dreamer
    ratings = np.load(folder.with_name("dreamer.truth") / "ratings.npy")
    assert [(r.subject, r.trial) for r in recordings] == [
        (f"s{s:02d}", f"{k:02d}") for s in (1, 2) for k in (1, 2, 3)
    ]
    assert not any(r.problems for r in recordings)
    for recording, planted in zip(recordings, ratings.reshape(-1, 3), strict=True):
        read = [recording.ratings[n] for n in ("valence", "arousal", "dominance")]
        assert read == list(planted)
        assert recording.signals["eeg"].data.shape == (14, 8 * 128)
        assert recording.signals["ecg"].data.shape == (2, 8 * 256)
        assert recording.baseline["eeg"].data.shape == (14, 61 * 128)


def test_amigos_comes_back_with_its_gaps_named(amigos):
    folder, recordings = amigos
    ratings = np.load(folder.with_name("amigos.truth") / "ratings.npy")
    text = (folder.with_name("amigos.truth") / "parameters.json").read_text()
    trials = json.loads(text)["trials"]
    assert len(recordings) == 6 * 20
    troubled = [(r.subject, r.trial) for r in recordings if r.problems]
    assert [own for own in troubled if own[0] == "P05"] == [
        ("P05", trial) for trial in ("N1", "P1", "B1", "U1")
    ]
    assert len([own for own in troubled if own[0] == "P06"]) == 3
    assert len(troubled) == 7
    for recording in recordings:
        if not recording.ratings:
            continue
        planted = ratings[int(recording.subject[1:]) - 1, trials.index(recording.trial)]
        read = [recording.ratings[n] for n in ("valence", "arousal", "dominance")]
        assert read == list(planted)


def test_nobody_but_the_ceiling_reads_what_was_planted():
    own = ROOT / "emolib" / "surrogates"
    places = [*(ROOT / "emolib").rglob("*.py"), *(ROOT / "notebooks").rglob("*.ipynb")]
    opens = re.compile(r"read_truth|surrogates\.truth|(zeta|theta|readings)\.npy")
    others = [
        str(path.relative_to(ROOT))
        for path in places
        if own not in path.parents and opens.search(path.read_text(encoding="utf-8"))
    ]
    assert not others, f"{others} open the truth folder; only the ceiling may."
    readers = [
        path.name
        for path in own.glob("*.py")
        if "read_truth" in path.read_text(encoding="utf-8")
    ]
    assert sorted(readers) == ["ceiling.py", "truth.py", "utterance_ceiling.py"]

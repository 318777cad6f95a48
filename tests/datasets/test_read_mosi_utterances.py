import numpy as np
import pytest

from emolib.datasets.mosi_utterances import CORPUS, read_mosi_utterances
from tests.datasets.refusals import refused
from tests.datasets.true_features import mosi_vectors
from tests.datasets.true_features import write_mosi_vectors as write


def test_every_vector_is_a_sequence_of_one_step(tmp_path):
    held = mosi_vectors()
    held["video_train"][2, 7] = np.nan
    held["label_test"][0] = 7
    write(tmp_path, held)
    recordings = list(read_mosi_utterances(tmp_path))
    assert len(recordings) == 9
    for i, found in enumerate(recordings):
        part, row = ("train", i) if i < 5 else ("test", i - 5)
        assert (found.corpus, found.subject) == ("mosi_utterances", f"{part}{row // 2}")
        assert found.trial == f"{part}{row // 2}_{row}"
        rating = 7 if i == 5 else row % 2
        assert found.ratings == {"sentiment": rating} and found.parts == {"1": part}
        assert found.problems == {
            2: ("visual: 1 of 100 values are not finite (NaN or infinite).",),
            5: ("sentiment: rating 7 lies outside 0 to 1.",),
        }.get(i, ())
        for modality, key in dict(audio="audio", visual="video", text="text").items():
            stored = held[f"{key}_{part}"][row : row + 1]
            np.testing.assert_array_equal(found.signals[modality].data, stored)


def test_the_real_vectors_are_those_of_the_publisher(realdata):
    recordings = list(read_mosi_utterances(realdata / "mosi"))
    assert len(recordings) == 2199 and not any(r.problems for r in recordings)
    parts = np.array([r.parts["1"] for r in recordings])
    assert [(parts == part).sum() for part in ("train", "test")] == [1447, 752]
    shapes = {
        m: {r.signals[m].data.shape for r in recordings} for m in CORPUS.modalities
    }
    assert shapes == {"audio": {(1, 73)}, "visual": {(1, 100)}, "text": {(1, 100)}}
    y = np.array([r.ratings["sentiment"] for r in recordings])
    assert y[parts == "test"].mean() == pytest.approx(0.62, abs=0.005)
    videos = {p: {r.subject for r in recordings if r.parts["1"] == p} for p in parts}
    assert len(videos["train"]) == 62 and len(videos["test"]) == 31
    assert not videos["train"] & videos["test"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text_test": np.ones((4, 99))}, r"text of float64, shape \(4, 99\)"),
        ({"label_train": np.int64(1)}, "TypeError"),
        ({"label_train": np.array(list("01010"))}, "label of <U1"),
        ({"utt_id_test": np.arange(4)}, "utt_id of int64"),
        ({"video_id_test": np.array(["\x1b[2J"] * 4)}, "video_id with letters that ca"),
        ({"audio_train": np.full((5, 73), None)}, "numbers and text, no objects"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, changes, words):
    write(tmp_path, **changes)
    refused(read_mosi_utterances, tmp_path, rf"features\.npz: expected .*{words}")

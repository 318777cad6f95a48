import numpy as np
import pytest

from emolib.containers import Features, Recording
from emolib.preprocessing.sequences import frame_statistics, pad_sequences, standardise

RNG = np.random.default_rng(0)


def utterance(trial, audio=None, text=None, *, subject="s1", visual=None, **more):
    held = {"audio": audio, "visual": visual, "text": text}
    signals = {
        name: Features(np.asarray(values, float))
        for name, values in held.items()
        if values is not None
    }
    more = {"ratings": {"emotion": 1.0}, **more}
    return Recording("own", subject, "1", trial, signals, **more)


def steps(n, width=2):
    return RNG.normal(5.0, 2.0, (n, width))


def test_sequences_are_padded_on_the_right_and_sorted():
    long, short, text = steps(4), steps(2), steps(3, 5)
    given = [
        utterance("b", short, text, ratings={"emotion": 3.0}, parts={"2": "test"}),
        utterance("a", long, steps(1, 5), parts={"1": "train"}),
    ]
    windows, removed = pad_sequences(given, ("audio", "text"), target="emotion")
    assert len(removed) == 0 and list(windows.meta["trial"]) == ["a", "b"]
    assert windows.x["audio"].shape == (2, 4, 2) and windows.x["text"].shape[1] == 3
    np.testing.assert_array_equal(windows.x["audio"][0], long.astype(np.float32))
    np.testing.assert_array_equal(windows.x["audio"][1, :2], short.astype(np.float32))
    assert not windows.x["audio"][1, 2:].any()
    assert windows.lengths["audio"].tolist() == [4, 2]
    assert windows.lengths["text"].tolist() == [1, 3]
    assert windows.y.tolist() == [1.0, 3.0] and windows.present.all()
    assert windows.meta["part_1"].tolist() == ["train", ""]
    assert windows.meta["part_2"].tolist() == ["", "test"]
    assert windows.meta["start_s"].tolist() == [0.0, 0.0]
    taken = windows.take(np.array([1]))
    assert taken.lengths["audio"].tolist() == [2]


def test_an_empty_or_absent_modality_is_not_present():
    given = [
        utterance("a", steps(2), np.zeros((0, 5))),
        utterance("b", steps(2)),
        utterance("c", steps(3), steps(1, 5)),
        utterance("d", np.zeros((0, 2))),
    ]
    windows, removed = pad_sequences(given, ("audio", "text"))
    assert windows.present.tolist() == [[True, False]] * 2 + [[True, True]]
    assert not windows.x["text"][:2].any()
    assert removed["reason"].tolist() == ["every modality is empty"]


@pytest.mark.parametrize(
    ("recordings", "words"),
    [
        ([], "must hold at least one usable utterance; got 0"),
        ([utterance("a", steps(1), ratings={})], r"all left out \(emotion: no rating"),
        ([utterance("a", steps(1)), utterance("a", steps(1))], "got two for subject"),
        ([utterance("a", steps(1)), utterance("b", steps(1, 3))], "audio must be equa"),
        ([utterance("a", None, steps(1))], r"got \['audio'\], which no usable"),
        ([utterance("a", steps(1), ratings={"joy": 1})], "target must be one of 'joy'"),
    ],
)
def test_what_cannot_be_padded_says_why(recordings, words):
    wanted = ("audio", "text") if "no usable" in words else ("audio",)
    with pytest.raises(ValueError, match=words):
        pad_sequences(recordings, wanted, target="emotion")


def test_frame_statistics_are_those_of_the_real_steps(monkeypatch):
    pieces = [steps(n, 3) * [1.0, 10.0, 0.1] + [0.0, 50.0, 0.0] for n in (4, 7, 0)]
    x = np.full((3, 7, 3), np.nan)
    for row, piece in enumerate(pieces):
        x[row, : len(piece)] = piece
    real = np.concatenate(pieces)
    for at_once in (256, 2):
        monkeypatch.setattr("emolib.preprocessing.sequences.ROWS_AT_ONCE", at_once)
        found = frame_statistics(x, np.array([4, 7, 0]))
        np.testing.assert_allclose(found.mean, real.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(found.std, real.std(axis=0), rtol=1e-12)
        assert found.n_steps == 11
        assert found.variance == pytest.approx(real.var(axis=0).mean(), rel=1e-12)
        assert found.power == pytest.approx((real**2).mean(), rel=1e-12)
    assert found.power > 5 * found.variance  # means far from zero are no signal
    with pytest.raises(ValueError, match="lengths must hold a real step; got 1 utter"):
        frame_statistics(x[2:], np.array([0]))


def test_standardised_steps_have_mean_0_and_sd_1_and_padding_stays_zero():
    x = np.full((5, 6, 3), 99.0, np.float32)
    lengths = np.array([6, 3, 5, 2, 0])
    x[..., :2] = RNG.normal(40.0, 7.0, (5, 6, 2))
    before = x.copy()
    scaled = standardise(x, lengths, frame_statistics(x[:4], lengths[:4]))
    np.testing.assert_array_equal(x, before)
    assert scaled.dtype == np.float32
    real = np.arange(6) < lengths[:, None]
    assert not scaled[~real].any()
    np.testing.assert_allclose(scaled[real][:, :2].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled[real][:, :2].std(axis=0), 1, atol=1e-5)
    assert not scaled[real][:, 2].any()  # a feature that never moves is centred


def test_unusable_utterances_are_listed_with_their_reason():
    broken, huge = steps(2), np.full((1, 2), 1e39)  # too large for single precision
    broken[1, 0] = np.inf
    odd = {
        "b": ({"audio": broken}, "audio: not finite in 1 of 4 values"),
        "c": ({"audio": huge}, "audio: not finite in 2 of 2 values"),
        "d": ({"problems": ("audio: it crackles.",)}, "audio: it crackles."),
        "e": ({"problems": ("text: every step is zero.",)}, None),
        "f": ({"ratings": {}}, "emotion: no rating"),
        "g": ({"notes": ("audio: 3 values were -inf.",)}, None),
        "h": ({"problems": ("label: it has none.",)}, "label: it has none."),
    }
    given = [utterance(k, **{"audio": steps(1), **own}) for k, (own, _) in odd.items()]
    windows, removed = pad_sequences(given, ("audio",), target="emotion")
    assert windows.meta["trial"].tolist() == ["e", "g"]
    reasons = dict(zip(removed["trial"], removed["reason"], strict=True))
    assert reasons == {name: reason for name, (_, reason) in odd.items() if reason}

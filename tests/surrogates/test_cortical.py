import numpy as np
import pytest
from scipy.signal import welch

from emolib.surrogates.cortical import (
    SOURCES,
    bandpass,
    draw_brain,
    head_model,
    synthesise_eeg,
)
from emolib.surrogates.ocular import blink_traces, draw_blinks
from emolib.surrogates.sizes import PARAMETERS

CH_NAMES = ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4",
            "F8", "AF4")  # fmt: skip
LEFT, RIGHT = slice(0, 4), slice(13, 9, -1)
NAMED = {p.name: p for p in PARAMETERS}


def eeg(levels=None, n=24, seconds=60, **parts):
    rngs = [np.random.default_rng(100 + i) for i in range(n)]
    brains = [draw_brain(np.random.default_rng(900 + i), 14, 1.0) for i in range(n)]
    traces = np.zeros((n, len(SOURCES), 4 * seconds + 1))
    if levels is not None:
        traces += np.asarray(levels)[:, None]
    return synthesise_eeg(
        rngs, traces, brains, ch_names=CH_NAMES, sfreq=128.0, n_times=128 * seconds,
        **parts,
    )  # fmt: skip


def band_db(x, low, high):
    freqs, power = welch(x, 128.0, nperseg=256)
    inside = (freqs >= low) & (freqs <= high)
    return 10 * np.log10(power[..., inside].mean(-1)).mean(axis=0)


def loading(affect):
    return np.array([getattr(NAMED[s.parameter], affect) if s.parameter else 0.0
                     for s in SOURCES])  # fmt: skip


def test_there_are_thirty_two_rhythm_sources():
    bands = [source.band for source in SOURCES]
    assert [bands.count(b) for b in ("alpha", "theta", "beta", "gamma")] == [
        21,
        1,
        6,
        4,
    ]


def test_posterior_alpha_alone_is_largest_over_the_back_of_the_head():
    posterior = [(s.parameter or "").startswith("posterior_alpha") for s in SOURCES]
    moments = np.array([s.moment_nam for s in SOURCES]) * posterior
    names = (*CH_NAMES, "Fz", "Cz", "Pz", "P3", "P4", "Fp1", "C3", "C4")
    spread = np.sqrt(((head_model(names).rhythms * moments) ** 2).sum(axis=1))
    back = [name[0] in "OP" for name in names]
    assert spread[back].min() > spread[np.logical_not(back)].max()


def test_frontal_asymmetry_has_opposite_signs_left_and_right():
    pattern = 3 * loading("valence") * [s.band == "alpha" for s in SOURCES]
    change = band_db(eeg(pattern), 8, 12) - band_db(eeg(-pattern), 8, 12)
    assert (change[LEFT] < -1).all()
    assert (change[RIGHT] > 1).all()


def test_a_blink_is_frontal_and_hardly_reaches_the_vertex():
    blink = head_model((*CH_NAMES, "Fp1", "Fp2", "Cz", "Fz")).blink
    assert blink[14:16].mean() == pytest.approx(1.0)
    assert abs(blink[16]) < 0.10
    assert np.abs(blink[:14]).argmax() in (0, 13)
    assert (blink[:14] <= blink[[0, 13]].max()).all()


def test_blinks_come_at_the_planted_rate_and_height():
    rngs = [np.random.default_rng(i) for i in range(50)]
    blinks = draw_blinks(rngs, np.full((50, 241), np.log(17.0)))
    assert np.mean([own.shape[1] for own in blinks]) == pytest.approx(17, abs=2)
    traces = blink_traces(blinks, 60 * 128, 128.0)
    alone = [own for own in blinks[0].T if 2 < own[0] < 58]
    start, duration, height = alone[0]
    piece = traces[0, round(start * 128) : round((start + duration) * 128) + 1]
    assert piece.max() >= 0.95 * height
    heights = np.concatenate([own[2] for own in blinks])
    assert heights.min() >= 100
    assert heights.max() <= 250


def test_the_background_alone_falls_like_one_over_f():
    x = eeg(rhythms=False, sensors=False)
    freqs, power = welch(x, 128.0, nperseg=512)
    inside = (freqs >= 2) & (freqs <= 40)
    slopes = [
        -np.polyfit(np.log(freqs[inside]), np.log(own[inside]), 1)[0]
        for own in power.reshape(-1, len(freqs))
    ]
    assert 0.8 < np.percentile(slopes, 1)
    assert np.percentile(slopes, 99) < 1.6


def test_the_filtered_eeg_has_the_size_of_the_real_one():
    x = eeg()
    x = bandpass(x - x.mean(axis=1, keepdims=True), 4.0, 45.0, 128.0)
    sd = np.median(x.std(axis=-1), axis=0)
    assert sd.min() > 5
    assert sd.max() < 20


def test_alpha_stands_above_its_flanks():
    freqs, power = welch(eeg()[:, 6:8], 128.0, nperseg=512)
    mean = power.mean(axis=(0, 1))
    peak = mean[(freqs >= 9) & (freqs <= 11)].max()
    flanks = mean[((freqs >= 5) & (freqs <= 6)) | ((freqs >= 14) & (freqs <= 16))]
    assert 3 < 10 * np.log10(peak / flanks.mean()) < 15


AT_SENSORS = [
    # affect, band in Hz, channel, the source's loading in dB
    ("arousal", (8.5, 11.5), "O1", -2.0),
    ("arousal", (8.5, 11.5), "P7", -2.0),
    ("arousal", (8.5, 11.5), "F3", -0.4),
    ("arousal", (16, 24), "T7", 1.0),
    ("arousal", (16, 24), "F4", 1.0),
    ("arousal", (33, 41), "T8", 0.5),
    ("valence", (8.5, 11.5), "F3", -1.0),
    ("valence", (8.5, 11.5), "F8", 1.0),
    ("valence", (33, 41), "F7", 0.6),
    ("valence", (5.2, 6.8), "F3", 1.5),
]


@pytest.mark.parametrize("affect", ["valence", "arousal"])
def test_each_effect_reaches_the_sensor_over_its_source(affect):
    up, down = eeg(loading(affect)), eeg(-loading(affect))
    for which, band, ch_name, planted in AT_SENSORS:
        if which == affect:
            seen = (band_db(up, *band) - band_db(down, *band)) / 2
            share = seen[CH_NAMES.index(ch_name)] / planted
            assert 0.3 < share < 1.3, (ch_name, band, share)


@pytest.mark.parametrize("db", [-3.0, 1.5, 4.0])
def test_a_source_changes_by_the_planted_decibels(db):
    rest, moved = (
        eeg(np.full(len(SOURCES), level), background=False, sensors=False)
        for level in (0.0, db)
    )
    change = 10 * np.log10((moved**2).mean(axis=-1) / (rest**2).mean(axis=-1))
    np.testing.assert_allclose(change, db, atol=1e-3)


def test_each_part_can_be_left_out_and_gains_are_a_persons_own():
    assert not eeg(n=1, rhythms=False, background=False, sensors=False).any()
    calm = [draw_brain(np.random.default_rng(i), 14, 0.0) for i in range(2)]
    assert calm[0].gain == calm[1].gain == 1
    assert calm[0].iaf_hz == 10
    assert 8 <= min(
        draw_brain(np.random.default_rng(i), 14, 3.0).iaf_hz for i in range(50)
    )


def test_a_trial_does_not_depend_on_the_trials_drawn_with_it():
    together = eeg(n=3, seconds=8)
    np.testing.assert_allclose(together[0], eeg(n=1, seconds=8)[0], atol=1e-3)

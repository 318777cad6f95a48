"""Physiology: what planted parameters become in EEG, ECG and skin conductance."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import welch

from emolib.surrogates import cortical, dreamer
from emolib.surrogates.affect import Trials, simulate_subject
from emolib.surrogates.cortical import SOURCES, eeg_and_blinks, synthesise_eeg
from emolib.surrogates.design import Knobs
from emolib.surrogates.dreamer import dreamer_design
from emolib.surrogates.peripheral import synthesise_conductance, synthesise_ecg
from emolib.surrogates.sizes import PARAMETERS
from emolib.surrogates.traces import bandpass
from tests.datasets.true_formats import ELECTRODES

EEG = tuple(ELECTRODES)
TABLE = Path(cortical.__file__).with_name("lead_field.csv")
NAMED = {p.name: p for p in PARAMETERS}
SILENT = dict.fromkeys(SOURCES, -400.0)


def eeg(levels=(), n=24, seconds=60, signature=1.0):
    """EEG of n persons whose sources have constant levels in dB."""
    rngs, persons = ([np.random.default_rng(root + i) for i in range(n)]
                     for root in (100, 900))  # fmt: skip
    flat = np.ones((n, 4 * seconds + 1))
    traces = {name: level * flat for name, level in dict(levels).items()}
    traces |= {"other": flat}
    return synthesise_eeg(
        Trials(rngs, persons, traces, 128.0, 128 * seconds, signature), EEG
    )


def loading(affect, scale=1.0, band=""):
    """Return each source's level when one affect is one SD high."""
    return {name: scale * getattr(NAMED[name], affect) for name in SOURCES
            if name in NAMED and band in name}  # fmt: skip


def band_db(x, low, high):
    freqs, power = welch(x, 128.0, nperseg=256)
    inside = (freqs >= low) & (freqs <= high)
    return 10 * np.log10(power[..., inside].mean(-1))


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def lead_field(electrodes):
    """Return what MNE gives for the head of `lead_field.csv`, as its rows."""
    import mne

    names = ("colin27_1005", "standard_1005")  # of one template, in newer and older MNE
    known = mne.channels.get_builtin_montages()
    montage = next(name for name in names if name in known)
    montage = mne.channels.make_standard_montage(montage)
    info = mne.create_info(montage.ch_names, 128.0, "eeg", verbose="error")
    sphere = mne.make_sphere_model(
        "auto", "auto", info.set_montage(montage), verbose="error"
    )
    where = {ch["ch_name"]: ch["loc"][:3] - sphere["r0"] for ch in info["chs"]}
    sites = unit(np.array([where[name.rpartition("_")[2]] for name in SOURCES]))
    rng = np.random.default_rng(20_260)
    places = unit(rng.standard_normal((30, 3)))
    places[:, 2] = np.abs(places[:, 2])
    places, arrows = (
        places * rng.uniform(0.4, 0.8, (30, 1)),
        rng.standard_normal((30, 3)),
    )
    eyes = unit(np.array([[-0.30, 0.90, -0.12], [0.30, 0.90, -0.12]]))
    points = np.concatenate([0.8 * sites, places, 0.86 * eyes]) * sphere.radius
    arrows = np.concatenate([sites, unit(arrows), eyes])
    space = dict(rr=points + sphere["r0"], nn=arrows)
    space = mne.setup_volume_source_space(None, space, sphere=sphere, verbose="error")
    names = [*electrodes, "M1", "M2"]
    info = mne.pick_info(info, [info.ch_names.index(name) for name in names])
    forward = mne.make_forward_solution(
        info, None, space, sphere, meg=False, eeg=True, mindist=0, verbose="error"
    )
    order = [forward["sol"]["row_names"].index(name) for name in names]
    free = forward["sol"]["data"].reshape(len(names), -1, 3)[order]
    field = np.einsum("csk,sk->cs", free, arrows) * 1e-3  # V per Am -> µV per nAm
    blink = field[:, -2:].sum(axis=1)
    blink = blink - blink[-2:].mean()
    blink = blink / blink[[names.index("Fp1"), names.index("Fp2")]].mean()
    places = np.array([where[name] for name in names]) / sphere.radius
    places = ((places - places[-2:].mean(axis=0)) * [-1, 1, 0])[:, :2]
    return np.concatenate([field[:, :-2], blink[:, None], places], axis=1)[:-2]


def test_the_lead_field_is_what_mne_gives():
    first, *rows = (row.split(",") for row in TABLE.read_text().split())
    assert first[1:33] == list(SOURCES)
    field = lead_field([row[0] for row in rows])
    kept, slack = np.array([row[1:] for row in rows], float), 1e-6 * np.abs(field).max()
    np.testing.assert_allclose(kept, field, rtol=1e-4, atol=slack)


def test_blinks_come_at_the_planted_rate_and_height():
    subject = simulate_subject(dreamer_design(), Knobs(effect=0.0), 1)
    (seen, times), (without, _) = (
        eeg_and_blinks(subject, ("Fp1", "Fp2"), 128.0, share=share) for share in (1, 0)
    )
    rate = np.exp(subject.theta[:, subject.names.index("ln_blink_rate")]).mean()
    assert sum(map(len, times)) / (18 * 122 / 60) == pytest.approx(rate, rel=0.1)
    bumps, heights = (seen - without).mean(axis=1), []
    for own, start in zip(bumps, times, strict=True):
        far = start[:-1][
            (np.diff(start, prepend=-1)[:-1] > 0.4) & (np.diff(start) > 0.4)
        ]
        heights += [own[int(s * 128) : int((s + 0.4) * 128)].max() for s in far]
    assert 95 < np.min(heights) and np.max(heights) < 251
    assert np.mean(heights) == pytest.approx(175, abs=12)


def test_background_falls_like_one_over_f_and_eeg_has_the_size_of_a_real_one():
    freqs, power = welch(eeg(SILENT), 128.0, nperseg=512)
    inside = (freqs >= 2) & (freqs <= 30)
    logs = np.log(power[..., inside]).reshape(-1, inside.sum())
    slopes = -np.polyfit(np.log(freqs[inside]), logs.T, 1)[0]
    assert 0.7 < np.percentile(slopes, 1) and np.percentile(slopes, 99) < 1.6
    x = eeg()
    freqs, power = welch(x[:, 6:8], 128.0, nperseg=512)
    mean = power.mean(axis=(0, 1))
    peak = mean[(freqs >= 9) & (freqs <= 11)].max()
    flanks = mean[((freqs >= 5) & (freqs <= 6)) | ((freqs >= 14) & (freqs <= 16))]
    assert 3 < 10 * np.log10(peak / flanks.mean()) < 15
    x = bandpass(x - x.mean(axis=1, keepdims=True), 4.0, 45.0, 128.0)
    sd = np.median(x.std(axis=-1), axis=0)
    assert 5 < sd.min() and sd.max() < 20


AT_SENSORS = [
    # affect, band in Hz, channel, the source's loading in dB
    ("arousal", (8.5, 11.5), "O1", -2.0), ("arousal", (8.5, 11.5), "P7", -2.0),
    ("arousal", (8.5, 11.5), "F3", -0.4), ("arousal", (16, 24), "T7", 1.0),
    ("arousal", (16, 24), "F4", 1.0), ("arousal", (33, 41), "T8", 0.5),
    ("valence", (8.5, 11.5), "F3", -1.0), ("valence", (8.5, 11.5), "F8", 1.0),
    ("valence", (33, 41), "F7", 0.6), ("valence", (5.2, 6.8), "F3", 1.5),
]  # fmt: skip


@pytest.mark.parametrize("affect", ["valence", "arousal"])
def test_each_effect_reaches_the_sensor_over_its_source(affect):
    up, down = eeg(loading(affect)), eeg(loading(affect, -1.0))
    for which, band, ch_name, planted in AT_SENSORS:
        if which == affect:
            seen = (band_db(up, *band) - band_db(down, *band)).mean(axis=0) / 2
            share = seen[EEG.index(ch_name)] / planted
            assert 0.3 < share < 1.3, (ch_name, band, share)
    if affect == "valence":  # asymmetry alone has opposite signs left and right
        up, down = (eeg(loading(affect, scale, "alpha")) for scale in (3, -3))
        change = (band_db(up, 8, 12) - band_db(down, 8, 12)).mean(axis=0)
        assert (change[:4] < -1).all() and (change[10:] > 1).all()


@pytest.mark.parametrize("db", [-3.0, 1.5, 4.0])
def test_a_source_changes_by_the_planted_decibels(db):
    silent = eeg(SILENT, n=8)
    rest, moved = (
        eeg(dict.fromkeys(SOURCES, level), n=8) - silent for level in (0, db)
    )
    change = 10 * np.log10((moved**2).mean(axis=-1) / (rest**2).mean(axis=-1))
    np.testing.assert_allclose(change, db, atol=1e-3)
    # and depends on no trial drawn with it
    np.testing.assert_allclose(silent[:1], eeg(SILENT, n=1), atol=1e-3)


@pytest.mark.parametrize("sfreq", [256.0, 128.0])
def test_a_plain_detector_finds_the_planted_beats_in_both_leads(r_peaks, sfreq):
    found, planted, errors = 0, 0, []
    for number in range(1, 5):
        subject = simulate_subject(dreamer_design(), Knobs(), number)
        ecg, beats = synthesise_ecg(subject.trials("ecg", sfreq))
        assert min(np.diff(own).min() for own in beats) >= 0.35 - 1e-9
        for signals, true in zip(ecg, beats, strict=True):
            for signal in signals:
                peaks = r_peaks(signal, sfreq)
                inner = true[(true > 1) & (true < 121)]
                planted += len(inner)
                found += (np.abs(peaks[:, None] - inner).min(axis=0) < 0.06).sum()
                errors += list(rate_errors(peaks, true))
    assert found / planted > 0.99
    assert np.max(errors) < 2
    assert np.median(errors) < 0.3


def rate_errors(peaks, true):
    for start in range(2, 112, 10):
        inside = true[(true >= start) & (true < start + 10)]
        near = (peaks >= inside[0] - 0.06) & (peaks <= inside[-1] + 0.06)
        yield abs(60 / np.diff(peaks[near]).mean() - 60 / np.diff(inside).mean())


def test_heart_rate_follows_arousal_as_planted():
    above = below = 0
    for number in range(1, 21):
        subject = simulate_subject(dreamer_design(), Knobs(), number)
        rate, z = [], []
        for trial, own in enumerate(synthesise_ecg(subject.trials("ecg", 128.0))[1]):
            for start in range(61 + 10, 112, 10):
                inside = own[(own >= start) & (own < start + 10)]
                rate.append(60 / np.diff(inside).mean())
                z.append(subject.z[trial, 1, 4 * start : 4 * start + 40].mean())
        z = np.array(z) - np.mean(z)
        above, below = above + z @ (np.array(rate) - np.mean(rate)), below + z @ z
    assert 1.3 < above / below < 2.3


def test_breathing_shows_in_the_intervals():
    errors, spreads = [], []
    for number in range(1, 5):
        subject = simulate_subject(
            dreamer_design(), Knobs(effect=0.0, nuisance=0.0), number
        )
        trials = subject.trials("ecg", 128.0)
        planted = np.exp(trials.traces["ln_resp_rate"]).mean(axis=1)
        for own, rate in zip(synthesise_ecg(trials)[1], planted, strict=True):
            spreads.append(np.diff(own).std() * 1e3)
            errors.append(respiratory_peak(own) - rate)
    assert np.abs(np.median(errors)) < 0.01
    assert np.percentile(np.abs(errors), 90) < 0.03
    assert 25 < np.min(spreads) and np.max(spreads) < 120


def respiratory_peak(beats):
    grid = np.arange(beats[1], beats[-1], 0.25)
    rr = np.interp(grid, beats[1:], np.diff(beats))
    freqs, spectrum = welch(rr, 4.0, nperseg=200, nfft=4096)
    inside = (freqs > 0.16) & (freqs < 0.45)
    return freqs[inside][spectrum[inside].argmax()]


def test_skin_conductance_keeps_its_level_and_responds_late_at_the_planted_rate():
    rngs = [np.random.default_rng(i) for i in range(40)]
    flat = np.ones((40, 121))
    traces = {"ln_scl": np.log(5.0) * flat, "ln_scr_rate": np.log(2.0) * flat}
    x, times = synthesise_conductance(Trials(rngs, [], traces, 128.0, 30 * 128))
    assert sum(map(len, times)) == pytest.approx(2 * 40 * 0.5, rel=0.3)
    for own, drivers in zip(x, times, strict=True):
        first = drivers[0] if len(drivers) else 30.0
        np.testing.assert_allclose(own[: int((first + 1.5) * 128)], 5.0)
        if len(drivers) == 1 and first < 20:
            assert first + 2 < own.argmax() / 128 < first + 4
            assert 0.02 < own.max() - 5.0 < 2.5


def test_windows_for_learning_curves_have_the_planted_quantity(r_peaks):
    x, rate = dreamer.rate_windows(40, seed=0)
    assert x.shape == (40, 2, 2560) and x.dtype == np.float32
    assert rate.min() >= 50 and rate.max() <= 110
    for own, planted in zip(x[:, 0], rate, strict=True):
        assert 60 / np.diff(r_peaks(own, 256)).mean() == pytest.approx(planted, abs=6)
    x, level = dreamer.power_windows(120, seed=1)
    assert x.shape == (120, 14, 1280)
    assert np.corrcoef(band_db(x[:, 6], 8, 12), level)[0, 1] > 0.7
    x, level = dreamer.asymmetry_windows(120, seed=2)
    difference = band_db(x[:, 11], 8, 12) - band_db(x[:, 2], 8, 12)
    assert np.corrcoef(difference, level)[0, 1] > 0.7
    for kind in ("rate", "power", "asymmetry"):  # the first of more are the same
        make = getattr(dreamer, f"{kind}_windows")
        few, more = make(3, seed=4), make(5, seed=4)
        np.testing.assert_allclose(few[0], more[0][:3], atol=1e-3)
        np.testing.assert_array_equal(few[1], more[1][:3])
        assert not np.array_equal(few[1], make(3, seed=5)[1])
    with pytest.raises(ValueError, match="n must be in"):
        dreamer.rate_windows(0, seed=0)

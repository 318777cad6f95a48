import numpy as np
import pytest
from scipy.io import loadmat

from emolib.surrogates.amigos import write_amigos

SHORT = ["4", "5", "9", "10", "13", "18", "19", "20", "23", "30", "31", "34", "36",
         "58", "80", "138"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("a") / "amigos"
    return write_amigos(folder, n_subjects=6, seconds=6.0)


@pytest.fixture(scope="module")
def files(folder):
    return {
        path.stem[-3:]: loadmat(path) for path in sorted(folder.iterdir())
    }  # fmt: skip


def test_the_files_are_named_and_laid_out_as_in_amigos(folder, files):
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"Data_Preprocessed_P{i:02d}.mat" for i in range(1, 7)]
    file = files["P01"]
    for name in ("joined_data", "labels_selfassessment", "labels_ext_annotation",
                 "VideoIDs"):  # fmt: skip
        assert file[name].shape == (1, 20)
        assert file[name].dtype == object
    ids = [str(own[0]) for own in file["VideoIDs"][0]]
    assert ids == [*SHORT, "N1", "P1", "B1", "U1"]
    shapes = [own.shape for own in file["joined_data"][0]]
    assert shapes == [((5 + 6) * 128, 17)] * 16 + [((5 + 90) * 128, 17)] * 4
    assert {own.dtype for own in file["joined_data"][0]} == {np.dtype("float64")}
    assert {own.shape for own in file["labels_selfassessment"][0]} == {(1, 12)}


def test_every_file_says_that_it_is_a_surrogate(folder):
    for path in folder.iterdir():
        header = path.read_bytes()[:116]
        assert b"SURROGATE" in header
        assert b"emolib" in header


def test_arousal_is_stored_before_valence(folder, files):
    ratings = np.load(folder.with_name("amigos.truth") / "ratings.npy")
    stored = np.concatenate(list(files["P02"]["labels_selfassessment"][0]))
    valence, arousal, dominance = ratings[1].T
    np.testing.assert_array_equal(stored[:, :3].T, [arousal, valence, dominance])
    assert (stored[:, :5] >= 1).all()
    assert (stored[:, :5] <= 9).all()


def test_one_emotion_is_ticked_and_fits_the_quadrant(files):
    stored = np.concatenate(list(files["P02"]["labels_selfassessment"][0]))
    flags = stored[:, 5:]
    assert set(np.unique(flags)) == {0.0, 1.0}
    assert (flags.sum(axis=1) == 1).all()
    pleasant = (stored[:, 1] > 5) & (stored[:, 0] > 5)
    assert flags[pleasant][:, [2, 3]].sum() == pleasant.sum()


def test_the_external_annotation_has_valence_first(folder, files):
    z = np.load(folder.with_name("amigos.truth") / "z.npy")[0, 17]
    own = files["P01"]["labels_ext_annotation"][0, 17]
    assert own.shape == (5, 3)
    np.testing.assert_array_equal(own[:, 0], [1, 2, 3, 4, 5])
    assert np.abs(own[:, 1:]).max() <= 1
    second = np.clip(z[:2, 60:140].mean(axis=1) / 3, -1, 1)
    np.testing.assert_allclose(own[1, 1:], second, atol=1e-6)
    first = z[:2, :60].sum(axis=1) / 80 / 3
    np.testing.assert_allclose(own[0, 1:], first, atol=1e-6)


def test_p05_saw_no_long_video_and_p06_lost_eeg(files):
    for name, shape in (("joined_data", (0, 0)), ("labels_selfassessment", (1, 0)),
                        ("labels_ext_annotation", (1, 0))):  # fmt: skip
        assert {own.shape for own in files["P05"][name][0, 16:]} == {shape}
        assert 0 not in files["P05"][name][0, 0].shape
    lost = [
        k for k, x in enumerate(files["P06"]["joined_data"][0]) if np.isnan(x).any()
    ]
    assert len(lost) == 3
    assert max(lost) < 16
    for k in lost:
        own = files["P06"]["joined_data"][0, k]
        assert np.isnan(own[:, :14]).all()
        assert np.isfinite(own[:, 14:]).all()
    for subject in ("P01", "P02", "P03", "P04", "P05"):
        assert all(np.isfinite(x).all() for x in files[subject]["joined_data"][0])


def test_eeg_is_average_referenced_and_band_limited(files):
    own = files["P01"]["joined_data"][0, 16]
    assert np.abs(own[:, :14].mean(axis=1)).max() < 1e-3
    power = np.abs(np.fft.rfft(own[:, 6] * np.hanning(len(own)))) ** 2
    freqs = np.fft.rfftfreq(len(own), 1 / 128)
    inside = power[(freqs > 5) & (freqs < 40)].mean()
    assert power[freqs < 2].mean() < 0.01 * inside
    assert power[freqs > 58].mean() < 0.01 * inside
    assert 3 < np.median(own[:, :14].std(axis=0)) < 25


def test_gsr_is_stored_as_resistance_and_counts_its_responses(folder, files):
    responses = np.load(folder.with_name("amigos.truth") / "skin_responses.npy")
    noted = np.load(folder.with_name("amigos.truth") / "theta.npy")
    levels = [
        np.median(1e6 / files["P01"]["joined_data"][0, k][:, 16]) for k in (16, 17)
    ]
    assert 1.5 < np.mean(levels) < 15
    rate = np.exp(noted[..., _index(folder, "ln_scr_rate"), :][:, 16:]).mean()
    counted = np.isfinite(responses[:, 16:]).sum() / (6 * 4 * 1.5)
    assert counted == pytest.approx(rate, rel=0.25)


def _index(folder, name):
    import json

    text = (folder.with_name("amigos.truth") / "parameters.json").read_text()
    return json.loads(text)["parameters"].index(name)


def test_a_skin_response_starts_late_and_has_the_planted_height():
    from emolib.surrogates.electrodermal import synthesise_conductance

    level = np.full((1, 121), np.log(5.0))
    x = synthesise_conductance(
        level, [np.array([[4.0], [0.25]])], sfreq=128.0, n_times=30 * 128
    )[0]
    np.testing.assert_allclose(x[: 5 * 128], 5.0)
    assert x.max() == pytest.approx(5.25, abs=0.002)
    assert 5.5 < x.argmax() / 128 < 7.5


def test_ecg_stands_in_the_fifteenth_and_sixteenth_column(files):
    own = files["P01"]["joined_data"][0, 16][:, 14:16]
    assert 300 < own[:, 0].max() < 3000
    assert np.corrcoef(own.T)[0, 1] > 0.5


def test_fewer_trials_leave_the_other_cells_empty(tmp_path):
    folder = write_amigos(tmp_path / "x", n_subjects=1, n_trials=2, seconds=6.0)
    file = loadmat(folder / "Data_Preprocessed_P01.mat")
    shapes = [own.shape[0] for own in file["joined_data"][0]]
    assert shapes == [1408] * 2 + [0] * 14 + [95 * 128] * 4
    assert file["labels_selfassessment"][0, 2].shape == (1, 0)


def test_the_first_subjects_of_a_larger_corpus_are_the_smaller_corpus(folder, tmp_path):
    fewer = write_amigos(tmp_path / "x", n_subjects=2, seconds=6.0)
    for path in fewer.iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()
    other = write_amigos(tmp_path / "y", n_subjects=1, seconds=6.0, seed=1)
    path = next(other.iterdir())
    assert path.read_bytes() != (folder / path.name).read_bytes()


def test_more_trials_than_short_videos_is_an_error(tmp_path):
    with pytest.raises(
        ValueError, match=r"n_trials must be in \[1, 16\]; got 17. AMIG"
    ):
        write_amigos(tmp_path / "x", n_trials=17)
    assert not list(tmp_path.iterdir())

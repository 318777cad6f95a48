"""Rated trials with film and EEG: their files, literally, and what may be wrong."""

import shutil
from functools import partial

import av
import edfio
import numpy as np
import pytest
from scipy.io import loadmat

from emolib.corpora import write_surrogate
from emolib.corpora.check import check_corpus
from emolib.datasets.mahnob_continuous import CORPUS, read_mahnob_continuous
from emolib.datasets.mahnob_features import read_mahnob_features
from tests.datasets.refusals import refused

write = partial(write_surrogate, "mahnob_continuous")
SIZE = dict(n_subjects=2, n_trials=2, seconds=12.0)
AVI = "P1-Rec1-2009.07.09.12.00.00_C1 trigger _C_Section_2.avi"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write(tmp_path_factory.mktemp("a") / "b", **SIZE)


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "mahnob")


def test_files_are_those_of_the_corpus_and_clocks_begin_where_they_do(written):
    held = loadmat(written / "data" / "lable_continous_Mahnob.mat")
    assert held["trials_included"].dtype == np.uint8
    assert held["trials_included"].tolist() == [[1, 2], [1, 4], [2, 2], [2, 4]]
    assert held["labels"].shape == (4, 1) and held["labels"][0, 0].shape == (1, 48)
    numbers = sorted(path.name for path in (written / "Sessions").iterdir())
    assert numbers == ["132", "134", "2", "4"]
    bdf = edfio.read_bdf(written / "Sessions/2/Part_1_S_Trial1_emotion.bdf")
    status = bdf.get_signal("Status").data
    pulses = np.flatnonzero(np.diff((status != 0).astype(int)) == 1)
    assert pulses.tolist() == [30 * 256 - 1, 42 * 256 - 1]
    with av.open(str(written / "Sessions/2" / AVI)) as film:
        stream = film.streams.video[0]
        assert (stream.codec.name, stream.width, stream.height) == ("mpeg4", 64, 64)
        assert float(stream.average_rate) == 60.97
        assert 28 * 60.97 - 4 <= stream.frames <= 128 * 60.97 + 4
    for trial in read_mahnob_continuous(written):
        assert trial.signals["eeg"].duration_s == 12 and not trial.problems
        assert trial.baseline["eeg"].duration_s == 30
        trace = trial.traces["valence"]
        assert (trace.sfreq, trace.start_s, len(trace.values)) == (4.0, 0.0, 48)
        assert trial.ratings == {"valence": trace.values.mean()}


def test_public_files_hold_the_same_labels_twice_as_large(written, tmp_path):
    folder = write(tmp_path / "public", **SIZE, holds="features")
    held = loadmat(folder / "data/Features/P2-features-resamp4hz-trial-4.mat")
    shapes = {name: held[name].shape for name in held if name[0] != "_"}
    assert shapes == {
        "target": (1, 48), "eeg_band_feats": (48, 85), "eeg_band_feats_full": (48, 128),
        "face_feats": (48, 327), "gaze_feats": (48, 2),
    }  # fmt: skip
    labels = loadmat(written / "data" / "lable_continous_Mahnob.mat")["labels"]
    np.testing.assert_array_equal(held["target"], 2 * labels[3, 0])
    for trial, label in zip(read_mahnob_features(folder), labels[:, 0], strict=True):
        np.testing.assert_array_equal(trial.traces["valence"].values, label[0])


def test_both_kinds_of_folder_pass_the_check_and_the_next_command_is_named(tmp_path):
    size = dict(n_subjects=3, n_trials=3, seconds=8.0)
    folder = write(tmp_path / "a", **size, holds="features")
    report = check_corpus("mahnob_features", folder)
    assert (report.usable, report.source) == (True, "surrogate")
    assert "next: emolib run rmmt --config public_features" in report.text
    report = check_corpus("mahnob_continuous", folder)
    assert not report.usable and "expected Sessions/" in report.text


def test_a_film_shows_each_moment_s_frame_and_decodes_nothing_before(written):
    film = next(read_mahnob_continuous(written)).signals["face"]
    times = np.array([0.0, 0.125, 0.125, 5.0])
    shown = list(film.frames(times))
    assert [image.shape for image in shown] == [(64, 64, 3)] * 4
    with av.open(str(film.path)) as container:
        every = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    for image, number in zip(shown, (0, 7, 7, 304), strict=True):
        np.testing.assert_array_equal(image, every[number])
    late = np.array([1.0, 10000.0])
    refused(film.frames, late, r"at least 60970\d frames; got fewer")


def test_each_thing_that_is_wrong_with_a_film_is_said(folder):
    films = sorted((folder / "Sessions").rglob("*.avi"))
    xml = films[1].parent / "session.xml"
    xml.write_text(xml.read_text().replace('vidRate="60.97"', 'vidRate="25"'))
    films[2].unlink()
    films[0].write_bytes(films[0].read_bytes()[:1000])
    labels = folder / "data" / "lable_continous_Mahnob.mat"
    told = {t.session: t.problems for t in read_mahnob_continuous(folder)}
    damaged, slow, none, whole = (told[n] for n in ("132", "134", "2", "4"))
    assert whole == () and none == ("face: the folder has no AVI.",)
    assert slow == ("face: 60.97 frames a second in the film, 25 in session.xml.",)
    assert len(damaged) == 1 and damaged[0].startswith("face: ")
    labels.unlink()
    refused(CORPUS.files, folder, "and, with them, lable_continous_Mahnob.mat")


def test_faces_that_were_cut_out_before_stand_in_for_the_film(folder):
    ready = folder / "compacted_48" / "P1-T4"
    ready.mkdir(parents=True)
    faces = np.zeros((16 * 48, 48, 48, 3), np.uint8)
    faces[:, 0, 0, 0] = np.arange(16 * 48) // 16
    np.save(ready / "video.npy", faces)
    held = {t.session: t for t in read_mahnob_continuous(folder)}
    film = held["4"].signals["face"]
    assert not held["4"].problems and held["2"].signals["face"].path.suffix == ".avi"
    shown = [image[0, 0, 0] for image in film.frames((np.arange(48) + 0.5) / 4)]
    assert shown == list(range(48))
    np.save(ready / "video.npy", faces[: 16 * 40])
    (short,) = (t for t in read_mahnob_continuous(folder) if t.session == "4")
    assert short.problems == ("face: 12 s of labels outlast 10 s of film.",)

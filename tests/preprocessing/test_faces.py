"""Faces are found, cut out and filled; what shows none is said."""

import weakref

import numpy as np
import pytest

from emolib.checks import CorpusError
from emolib.containers import Video
from emolib.preprocessing.faces import cut_face, cut_faces, step_times
from emolib.surrogates.expressions import draw_expressions


@pytest.fixture(scope="module")
def drawn():
    frames = draw_expressions(5, n_people=25).frames
    return np.repeat(frames[..., None], 3, axis=-1)


def test_a_drawn_face_is_found_and_fills_what_is_cut_out(drawn):
    cut = [cut_face(frame) for frame in drawn]
    assert np.mean([face is not None for face in cut]) > 0.98
    faces = np.stack([face for face in cut if face is not None])
    assert faces.shape[1:] == (48, 48, 3) and faces.dtype == np.uint8
    mean = faces.mean(axis=(0, 3))
    assert mean[14:20, 10:16].mean() < mean[24:30, 10:16].mean() - 20  # eye, cheek
    assert cut_face(np.full((64, 64, 3), 90, np.uint8)) is None


def test_the_real_clip_decodes_and_is_cut(realdata):
    clips = sorted((realdata / "face-clip").glob("*.mp4"))
    if not clips:
        pytest.skip("no real clip of a face")
    fps, length_s = Video(clips[0], 1.0).measured()
    times = step_times(int(4 * length_s), 4.0)
    faces = cut_faces(Video(clips[0], fps).frames(times), times)
    assert faces.pixels.shape == (len(times), 48, 48, 3) and faces.found.mean() > 0.5


def test_a_gap_is_filled_by_the_nearest_face_unless_it_is_too_long(drawn):
    frames = [drawn[0]] * 4 + [np.zeros_like(drawn[0])] * 12 + [drawn[9]] * 4
    faces = cut_faces(frames, step_times(20, 4.0), longest_gap_s=1.0)
    assert faces.found.tolist() == [True] * 4 + [False] * 12 + [True] * 4
    assert np.flatnonzero(faces.guessed).tolist() == [8, 9, 10, 11]
    assert (faces.pixels[:10] == cut_face(drawn[0])).all()
    np.testing.assert_array_equal(faces.pixels[10], cut_face(drawn[9]))


def test_a_film_without_a_face_is_one_error_that_names_what_was_searched():
    frames = [np.zeros((64, 64, 3), np.uint8)] * 8
    with pytest.raises(CorpusError, match="got none in 8 frames from 0.125 to 1.88 s"):
        cut_faces(frames, step_times(8, 4.0))


def test_ready_made_faces_pass_untouched():
    rng = np.random.default_rng(0)
    ready = rng.integers(0, 255, (6, 48, 48, 3), np.uint8)
    np.testing.assert_array_equal(cut_faces(ready, step_times(6, 4.0)).pixels, ready)


def test_one_frame_is_in_memory_at_a_time(drawn):
    alive = []

    class Frame(np.ndarray):
        pass

    def film():
        for frame in drawn[:40]:
            assert sum(ref() is not None for ref in alive) <= 1
            own = frame.copy().view(Frame)
            alive.append(weakref.ref(own))
            yield own

    cut_faces(film(), step_times(40, 4.0))
    assert len(alive) == 40


def test_a_step_is_seen_in_its_middle_or_sixteen_times():
    assert step_times(3, 4.0).tolist() == [0.125, 0.375, 0.625]
    many = step_times(2, 4.0, 16)
    assert many[:2].tolist() == [0, 1 / 64] and many[16] == 0.25 and len(many) == 32
    with pytest.raises(ValueError, match="frames_per_step must be one of 1, 16; got 4"):
        step_times(2, 4.0, 4)

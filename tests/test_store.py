import multiprocessing
import signal
import time

import numpy as np
import pandas as pd
import pytest

from emolib.store import (
    Key,
    Outcome,
    Store,
    cache_folder,
    project_root,
    read_table,
    write_table,
)

KEY = Key("toy", "unit", {"settings": {"lr": 0.1}}, "cpu")
SPAWN = multiprocessing.get_context("spawn")


def outcome():
    floats = np.array([0.1, 1 / 3, 1e-300, -0.0, np.nan, np.inf])
    predictions = pd.DataFrame(
        {"trial": ["01", "1", "", "nan", 'a "b", c\nd', "é"], "y_score_1": floats}
    )
    return Outcome(
        predictions,
        tables={"history": pd.DataFrame({"epoch": [0, 1], "total": [0.3, 0.1]})},
        arrays={"z": np.arange(12, dtype=np.float32).reshape(3, 4), "none": np.ones(0)},
        state={"encoder.layers.0.weight": np.ones((2, 2)), "n": np.array(7)},
        notes={"best_epoch": 1},
    )


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


# ---------------------------------------------------------------- what is kept


def test_an_outcome_comes_back_exactly_and_is_no_pickle(store):
    given = outcome()
    store.put(KEY, given, seconds=1.5)
    entry = store.find(KEY)
    for name, frame in given.all_tables().items():
        pd.testing.assert_frame_equal(entry.tables[name], frame, check_exact=True)
    assert np.signbit(entry.predictions["y_score_1"][3])
    assert isinstance(entry.arrays["z"], np.memmap)
    for name, array in {**given.arrays, **given.state}.items():
        back = {**entry.arrays, **entry.state}[name]
        assert np.array_equal(back, array) and back.dtype == array.dtype
        assert back.shape == array.shape
    with pytest.raises(ValueError, match="read-only"):
        entry.arrays["z"][0] = 1
    assert entry.manifest["notes"] == {"best_epoch": 1} and entry.key == KEY
    assert entry.manifest["seconds"] == 1.5
    files = [path for path in store.root.glob("toy/**/*") if path.is_file()]
    assert {path.suffix for path in files} == {".npy", ".csv", ".json"}


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "column",
    [
        RNG.normal(size=50) * 10.0 ** np.arange(-25, 25),
        RNG.integers(0, 2**64, 2000, dtype=np.uint64).view(np.float64),
        RNG.normal(size=50).astype(np.float32),
        np.arange(50, dtype=np.int16),
        np.arange(50) % 2 == 0,
        np.array([2**63 - 1, -(2**63)]),
        [f"{i:03d}" for i in range(50)],
        ["None", "NA", "", "1e5", " padded ", "true"],
        [""],
        np.array([], dtype=np.float64),
        np.array([], dtype=np.int64),
    ],
)
def test_every_type_of_column_comes_back_exactly(tmp_path, column):
    frame = pd.DataFrame({"x": column, "beside": ["nan"] * len(column)}).astype(
        {"beside": str}
    )
    for part in (frame, frame[["x"]], frame[[]]):
        kinds = write_table(tmp_path / "t.csv", part)
        back = read_table(tmp_path / "t.csv", kinds)
        assert list(back) == list(part)
        if kinds:
            pd.testing.assert_frame_equal(back, part, check_exact=True)
            assert write_table(tmp_path / "u.csv", back) == kinds
            files = [tmp_path / "t.csv", tmp_path / "u.csv"]
            assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tables": {"t": pd.DataFrame({"a": ["x", None]})}}, "text throughout"),
        ({"tables": {"t": pd.DataFrame({"a": [{}, {}]})}}, "text throughout"),
        ({"tables": {"t": pd.DataFrame({"a": pd.to_datetime(["2020"])})}}, "text thro"),
        ({"tables": {"t": pd.DataFrame({0: [1]})}}, r"as text.*got \{0"),
        ({"tables": {"t": pd.DataFrame([[1, 2]], columns=["a", "a"])}}, "different"),
        ({"arrays": {"a": np.array([{}, None], dtype=object)}}, "allow_pickle=False"),
        ({"state": {"W": np.zeros(2), "w": np.zeros(2)}}, "differ in more than case"),
        *(
            ({"arrays": {name: np.zeros(2)}}, "must have names of letters")
            for name in ("a/b", "..", "a:b", "", "é", "x" * 200)
        ),
    ],
)
def test_what_would_not_come_back_is_refused_and_leaves_nothing(store, given, words):
    with pytest.raises(ValueError, match=words):
        store.put(KEY, Outcome(**given))
    assert list(store.root.glob("toy/*")) == []


# ---------------------------------------------------------------- keys and folders


def test_every_part_of_a_key_tells_entries_apart():
    keys = [
        KEY,
        Key("toy", "stage", KEY.parts, "cpu"),
        Key("other", "unit", KEY.parts, "cpu"),
        Key("toy", "unit", KEY.parts, "NVIDIA H200"),
        Key("toy", "unit", {"settings": {"lr": 0.2}}, "cpu"),
    ]
    assert len({key.name for key in keys}) == 5
    assert keys[3].name == f"unit-{KEY.digest[:16]}-NVIDIA_H200"
    assert Key("toy", "windows", {}).name.count("-") == 1, "of windows no device"


def test_another_devices_entry_is_found_when_any_device_will_do(store):
    borrowed = Key("toy", "unit", KEY.parts, "NVIDIA H200")
    store.put(borrowed, outcome())
    assert store.find(KEY) is None
    assert store.find(KEY, any_device=True).key == borrowed
    store.put(KEY, outcome())
    assert store.find(KEY, any_device=True).key == KEY


def test_the_project_and_its_cache_are_found(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "emolib"\n')
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.delenv("EMOLIB_CACHE", raising=False)
    assert project_root() == tmp_path and cache_folder() == tmp_path / ".emolib"
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path / "elsewhere"))
    assert Store().root == tmp_path / "elsewhere" / "store"


def changed(name, change):
    """Return what changes the bytes of one file of an entry."""

    def damage(folder):
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return damage


DAMAGE = {
    "truncated": changed("arrays/z.npy", lambda held: held[:-3]),
    "lost": lambda folder: (folder / "arrays/z.npy").unlink(),
    "half a manifest": changed("manifest.json", lambda held: held[:40]),
    "mended": changed("manifest.json", lambda held: held.replace(b"0.1", b"0.2")),
    "no manifest of ours": changed("manifest.json", lambda _: b"[1, 2]"),
    "renamed": lambda folder: folder.rename(folder.with_name("unit-0123-cpu")),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_not_served_and_is_made_anew(store, damage):
    damage(store.put(KEY, outcome()).folder)
    assert store.find(KEY) is None
    assert store.find(Key("toy", "unit", {"settings": {"lr": 0.2}}, "cpu")) is None
    store.put(KEY, outcome())
    assert np.array_equal(store.find(KEY).arrays["z"], outcome().arrays["z"])
    assert not list(store.root.glob("*/.unit*"))


def test_no_flipped_bit_of_a_manifest_is_ever_served(store):
    sound, rng = store.put(KEY, outcome()), np.random.default_rng(0)
    file = sound.folder / "manifest.json"
    whole = np.frombuffer(file.read_bytes(), np.uint8)
    served = []
    for place, bit in rng.integers((len(whole), 8), size=(2000, 2)):
        flipped = whole.copy()
        flipped[place] ^= 1 << bit
        file.write_bytes(flipped.tobytes())
        served.append(store.find(KEY))
    assert all(e is None or e.manifest == sound.manifest for e in served)
    assert sum(e is None for e in served) > 1500


# ---------------------------------------------------------------- two at once


def make_slowly(root, diary, seconds=0.5):
    store = Store(root)

    def make():
        with diary.open("a") as lines:
            lines.write("made\n")
        time.sleep(seconds)
        return store.put(KEY, outcome())

    assert store.once(KEY, make).key == KEY


def test_what_many_want_at_once_is_made_once_by_one_that_lives(tmp_path):
    root, diary = tmp_path / "store", tmp_path / "diary"
    first = SPAWN.Process(target=make_slowly, args=(root, diary, 60))
    first.start()
    while not diary.exists():
        time.sleep(0.01)
    others = [SPAWN.Process(target=make_slowly, args=(root, diary)) for _ in range(2)]
    for process in others:
        process.start()
    time.sleep(1.0)
    assert diary.read_text() == "made\n", "who comes second waits"
    first.kill()
    for process in (first, *others):
        process.join()
    assert [p.exitcode for p in (first, *others)] == [-signal.SIGKILL, 0, 0]
    assert diary.read_text() == "made\n" * 2, "and takes over when the first dies"

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tarfile
import time

import numpy as np
import pandas as pd
import pytest

from emolib.store import (
    Key,
    Outcome,
    Store,
    cache_folder,
    export_archive,
    import_archive,
    project_root,
)
from emolib.store.locks import locked
from emolib.store.tables import read_table, write_table

KEY = Key("toy", "unit", {"settings": {"lr": 0.1}, "device": "cpu"})


def outcome(n=3):
    floats = np.array([0.1, 1 / 3, 1e-300, -0.0, np.nan, np.inf])
    predictions = pd.DataFrame(
        {"trial": ["01", "1", "", "nan", 'a "b", c\nd', "é"], "y_score_1": floats}
    )
    return Outcome(
        predictions,
        tables={"history": pd.DataFrame({"epoch": [0, 1], "total": [0.3, 0.1]})},
        arrays={"z": np.arange(n * 4, dtype=np.float32).reshape(n, 4)},
        state={"encoder.layers.0.weight": np.ones((2, 2)), "n": np.array(7)},
        notes={"best_epoch": 1},
    )


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


# ---------------------------------------------------------------- what is kept


def test_an_outcome_comes_back_exactly(store):
    given = outcome()
    store.put(KEY, given, seconds=1.5)
    entry = store.find(KEY)
    pd.testing.assert_frame_equal(
        entry.predictions, given.predictions, check_exact=True
    )
    pd.testing.assert_frame_equal(
        entry.tables["history"], given.tables["history"], check_exact=True
    )
    assert np.signbit(entry.predictions["y_score_1"][3])
    assert isinstance(entry.arrays["z"], np.memmap)
    assert entry.arrays["z"].dtype == np.float32
    assert np.array_equal(entry.arrays["z"], given.arrays["z"])
    assert entry.state.keys() == given.state.keys()
    assert entry.state["n"].shape == () and entry.state["n"] == 7
    assert entry.notes == {"best_epoch": 1}
    assert entry.manifest["seconds"] == 1.5
    assert entry.key == KEY


@pytest.mark.parametrize(
    "column",
    [
        np.random.default_rng(0).normal(size=50) * 10.0 ** np.arange(-25, 25),
        np.random.default_rng(0).normal(size=50).astype(np.float32),
        np.arange(50, dtype=np.int16),
        np.arange(50) % 2 == 0,
        np.array([2**63 - 1, -(2**63)]),
        [f"{i:03d}" for i in range(50)],
        ["None", "NA", "", "1e5", " padded ", "true"],
        np.array([], dtype=np.float64),
        np.array([], dtype=np.int64),
    ],
)
def test_every_type_of_column_comes_back_exactly(tmp_path, column):
    frame = pd.DataFrame({"x": column})
    columns = write_table(tmp_path / "t.csv", frame)
    back = read_table(tmp_path / "t.csv", columns)
    pd.testing.assert_frame_equal(back, frame, check_exact=True)
    again = write_table(tmp_path / "u.csv", back)
    assert again == columns
    assert (tmp_path / "t.csv").read_bytes() == (tmp_path / "u.csv").read_bytes()


def test_a_table_without_columns_comes_back(tmp_path):
    columns = write_table(tmp_path / "t.csv", pd.DataFrame())
    assert read_table(tmp_path / "t.csv", columns).empty


def test_an_empty_array_comes_back(store):
    store.put(KEY, Outcome(arrays={"none": np.zeros((0, 4), np.float32)}))
    assert store.find(KEY).arrays["none"].shape == (0, 4)


def test_arrays_read_back_cannot_be_written_to(store):
    store.put(KEY, outcome())
    with pytest.raises(ValueError, match="read-only"):
        store.find(KEY).arrays["z"][0] = 1


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"a": ["x", None]}), "numbers or text throughout"),
        (pd.DataFrame({"a": [{}, {}]}), "numbers or text throughout"),
        (pd.DataFrame({"a": pd.to_datetime(["2020-01-01"])}), "numbers or text"),
        (pd.DataFrame({0: [1]}), "columns must be named by text"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "different names"),
    ],
)
def test_a_table_that_would_not_come_back_is_refused(store, frame, words):
    with pytest.raises(ValueError, match=words):
        store.put(KEY, Outcome(tables={"t": frame}))
    assert not list(store.root.rglob("*.csv"))


def test_an_array_of_objects_is_refused(store):
    with pytest.raises(ValueError, match="'a' must hold numbers"):
        store.put(KEY, Outcome(arrays={"a": np.array([{}, None], dtype=object)}))


@pytest.mark.parametrize("name", ["a/b", "..", "a:b", "", "con", "NUL.x", "a."])
def test_a_name_that_is_no_file_name_everywhere_is_refused(store, name):
    with pytest.raises(ValueError, match="must have names of letters"):
        store.put(KEY, Outcome(arrays={name: np.zeros(2)}))


def test_names_that_differ_in_case_alone_are_refused(store):
    with pytest.raises(ValueError, match="differ in more than case"):
        store.put(KEY, Outcome(state={"W": np.zeros(2), "w": np.zeros(2)}))


def test_a_missing_name_says_what_there_is(store):
    entry = store.put(KEY, outcome())
    with pytest.raises(KeyError, match=r"'q' is not in this entry; it has \['z'\]"):
        entry.arrays["q"]


def test_nothing_in_the_store_is_a_pickle(store):
    store.put(KEY, outcome())
    files = [path for path in store.root.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".npy", ".csv", ".json"}
    for path in files:
        if path.suffix == ".npy":
            np.load(path, allow_pickle=False)


# ---------------------------------------------------------------- keys and folders


def test_every_part_of_a_key_tells_entries_apart():
    names = {
        KEY.name,
        Key("toy", "stage", KEY.parts).name,
        Key("other", "unit", KEY.parts).name,
        Key("toy", "unit", {**KEY.parts, "device": "H200"}).name,
        Key("toy", "unit", {"settings": {"lr": 0.2}, "device": "cpu"}).name,
    }
    assert len(names) == 5
    assert all(len(name.rpartition("-")[2]) == 16 for name in names)


def test_the_environment_moves_the_store(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path / "elsewhere"))
    assert Store().root == tmp_path / "elsewhere" / "store"
    monkeypatch.delenv("EMOLIB_CACHE")
    assert cache_folder() == project_root() / ".emolib"


def test_the_project_is_found_from_inside_it(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "emolib"\n')
    monkeypatch.chdir(tmp_path / "notebooks")
    assert project_root() == tmp_path


def damage(folder, how):
    file = folder / "arrays" / "z.npy"
    whole = file.read_bytes()
    if how == "truncated":
        file.write_bytes(whole[:-3])
    if how == "mangled":
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    if how == "lost":
        file.unlink()
    if how == "manifest":
        (folder / "manifest.json").write_text('{"format": 1')
    if how == "renamed":
        other = folder.with_name("unit-0123456789abcdef")
        folder.rename(other)


@pytest.mark.parametrize("how", ["truncated", "mangled", "lost", "manifest", "renamed"])
def test_a_damaged_entry_is_not_found_and_is_made_anew(store, how):
    entry = store.put(KEY, outcome())
    damage(entry.folder, how)
    assert store.find(KEY) is None
    store.put(KEY, outcome())
    assert np.array_equal(store.find(KEY).arrays["z"], outcome().arrays["z"])
    assert not list(store.root.glob("*/.aside-*"))


def test_losing_a_race_leaves_the_first_entry(store):
    first = store.put(KEY, outcome())
    mark = first.folder.stat().st_ino
    store.put(KEY, outcome())
    assert store.find(KEY).folder.stat().st_ino == mark
    assert [path.name for path in first.folder.parent.iterdir()] == [KEY.name]


def test_an_outcome_that_cannot_be_written_leaves_nothing(store, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("emolib.store.disk.np.save", full)
    with pytest.raises(OSError, match="must be writable and have room.*EMOLIB_CACHE"):
        store.put(KEY, outcome())
    assert not [path for path in store.root.rglob("*") if path.is_file()]


def test_what_a_dead_process_left_half_written_is_swept(store):
    store.put(KEY, outcome())
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    mine = store._aside(store.folder(KEY))
    theirs = mine.with_name(mine.name.replace(str(os.getpid()), str(process.pid)))
    mine.mkdir()
    theirs.mkdir()
    store.sweep()
    assert mine.exists() and not theirs.exists()
    assert store.find(KEY)


# ---------------------------------------------------------------- two at once


def hold(path, held):
    with locked(path):
        held.set()
        time.sleep(60)


def test_a_lock_waits_for_its_holder_and_falls_with_it(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    held = spawn.Event()
    holder = spawn.Process(target=hold, args=(tmp_path / "lock", held))
    holder.start()
    assert held.wait(30)
    assert (tmp_path / "lock").read_text() == str(holder.pid)
    started = time.monotonic()
    timer = subprocess.Popen(["sh", "-c", f"sleep 0.7; kill -9 {holder.pid}"])
    with locked(tmp_path / "lock"):
        waited = time.monotonic() - started
    timer.wait()
    holder.join()
    assert holder.exitcode == -signal.SIGKILL
    assert 0.5 < waited < 10


def make_slowly(root, diary):
    store = Store(root)

    def make():
        with diary.open("a") as lines:
            lines.write("made\n")
        time.sleep(0.5)
        return store.put(KEY, outcome())

    store.once(KEY, make)


def test_what_two_processes_want_at_once_is_made_once(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    arguments = (tmp_path / "store", tmp_path / "diary")
    both = [spawn.Process(target=make_slowly, args=arguments) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert (tmp_path / "diary").read_text() == "made\n"


# ---------------------------------------------------------------- archives


@pytest.mark.parametrize("name", ["units.tar", "units.tar.gz"])
def test_an_archive_brings_entries_to_another_store(store, tmp_path, name):
    entry = store.put(KEY, outcome(), seconds=2.0)
    store.put(Key("other", "unit", {}), outcome())
    assert export_archive(store, tmp_path / name, recipes=["toy"]) == 1
    other = Store(tmp_path / "other")
    (new,) = import_archive(tmp_path / name, other)
    assert new.manifest == entry.manifest
    assert other.find(KEY).state["n"] == 7
    assert import_archive(tmp_path / name, other) == []
    assert not list(other.root.glob(".importing*"))


def test_damaged_entries_are_not_exported(store, tmp_path):
    damage(store.put(KEY, outcome()).folder, "mangled")
    assert export_archive(store, tmp_path / "units.tar") == 0


def test_an_archive_of_another_ending_is_refused(store, tmp_path):
    with pytest.raises(ValueError, match="must end in .tar or .tar.gz; got 'u.zip'"):
        export_archive(store, tmp_path / "u.zip")


def repack(source, target, change):
    """Copy an archive, changing the members that `change` gives a new one for."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            content = old.extractfile(member).read()
            for made, data in change(member, content):
                made.size = len(data)
                new.addfile(made, __import__("io").BytesIO(data))


def renamed(name):
    def change(member, content):
        yield member, content
        if member.name.endswith("manifest.json"):
            other = tarfile.TarInfo(name)
            yield other, b"x"

    return change


def linked(member, content):
    yield member, content
    if member.name.endswith("manifest.json"):
        other = tarfile.TarInfo(f"toy/{KEY.name}/arrays/y.npy")
        other.type, other.linkname = tarfile.SYMTYPE, "/etc/passwd"
        yield other, b""


def mangled(member, content):
    yield member, content[:-1] + b"?" if member.name.endswith(".npy") else content


def other_key(member, content):
    if member.name.endswith("manifest.json"):
        manifest = json.loads(content)
        manifest["key"]["settings"]["lr"] = 0.2
        content = json.dumps(manifest).encode()
    yield member, content


def escaping(member, content):
    if member.name.endswith("manifest.json"):
        manifest = json.loads(content)
        manifest["files"]["../../../secret.csv"] = {"bytes": 0, "sha256": ""}
        content = json.dumps(manifest).encode()
    yield member, content


def incomplete(member, content):
    if not member.name.endswith("z.npy"):
        yield member, content


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (renamed("../outside.npy"), "entries of a store, no others"),
        (renamed("/toy/unit-0123456789abcdef/a.npy"), "entries of a store, no others"),
        (renamed(f"toy/{KEY.name}/../x.npy"), "entries of a store, no others"),
        (renamed(f"toy/{KEY.name}/run.sh"), "entries of a store, no others"),
        (renamed(f"toy/{KEY.name}/extra.npy"), "files that fit their manifest"),
        (renamed("toy/unit-0123456789abcdef/a.npy"), "manifests that fit"),
        (renamed(f"toy/{KEY.name}/manifest.json"), "a whole tar file"),
        (linked, "entries of a store, no others"),
        (mangled, "files that fit their manifest"),
        (other_key, "manifests that fit"),
        (escaping, "manifests that fit"),
        (incomplete, "files that fit their manifest"),
    ],
)
def test_an_archive_with_anything_wrong_is_refused_whole(
    store, tmp_path, change, words
):
    store.put(KEY, outcome())
    export_archive(store, tmp_path / "good.tar")
    repack(tmp_path / "good.tar", tmp_path / "bad.tar", change)
    other = Store(tmp_path / "other")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=f"{words}.*Nothing was imported"):
        import_archive(tmp_path / "bad.tar", other)
    assert [path for path in other.root.rglob("*") if path.is_file()] == []
    assert sorted(p for p in tmp_path.iterdir() if p != other.root) == before


def test_a_truncated_archive_is_refused(store, tmp_path):
    store.put(KEY, outcome())
    export_archive(store, tmp_path / "good.tar")
    whole = (tmp_path / "good.tar").read_bytes()
    (tmp_path / "bad.tar").write_bytes(whole[:1700])
    with pytest.raises(ValueError, match="Nothing was imported"):
        import_archive(tmp_path / "bad.tar", Store(tmp_path / "other"))

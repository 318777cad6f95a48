"""The one door for files: what goes wrong is one error that names cause and remedy."""

import struct
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat
from scipy.sparse import eye

from emolib.checks import CorpusError
from emolib.corpora import CORPORA
from emolib.datasets import opened
from emolib.datasets.arrays import feature_file, load_npy, load_npz, read_array
from emolib.datasets.mat import load_mat
from emolib.datasets.trials import build_trial
from tests.datasets.refusals import refused

# ------------------------------------------------------------- small files that lie


def mat(folder, held, old, new):
    """Write a MATLAB file and replace some bytes that stand there once."""
    path = folder / "a.mat"
    savemat(path, {"x": held})
    whole = path.read_bytes()
    assert whole.count(old) == 1
    path.write_bytes(whole.replace(old, new))
    return lambda: load_mat(path, ["x"])


def cells(folder):
    one, many = struct.pack("<4I", 5, 8, 1, 1), struct.pack("<4I", 5, 8, 10**4, 10**4)
    return mat(folder, np.array([["text"]], object)[:, :1], one, many)


def tag(folder):
    size, longer = (struct.pack("<II", 9, n) for n in (2400, 2**32 - 16))
    return mat(folder, np.arange(300.0), size, longer)


def header(kind, shape):
    said = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(said)) + said.encode()


def npy(kind, shape, folder):
    (folder / "a.npy").write_bytes(header(kind, shape))
    return lambda: load_npy(folder / "a.npy")


def npz(content, folder):
    with zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("x.npy", content)
    return lambda: load_npz(folder / "a.npz", ["x"])


def hdf5(folder):
    with h5py.File(folder / "a.h5", "w") as file:
        for name in ("x", "y"):  # neither is too much by itself
            file.create_dataset(name, (2**14, 2**10), "f4", chunks=(64, 64))

    def read():
        with feature_file(folder / "a.h5") as file:
            read_array(file, "x")
            read_array(file, "y")

    return read


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (cells, "it takes more than"),
        (tag, "it takes more than"),
        (partial(npy, "|S0", (10**9,)), r"shape \(10{9},\) of \|S0 in \d+ bytes"),
        (partial(npy, "<f8", (10**12,)), r"shape \(10{12},\) of float64 in"),
        (partial(npy, "<f8", (-1,)), r"shape \(-1,\) of float64 in"),
        (partial(npz, header("<f8", (10**10,))), r"shape \(10{10},\) of float64 in"),
        (partial(npz, header("<f8", (8,)) + bytes(2**28)), "268.* bytes in 26"),
        (partial(npz, b"no array at all"), "the magic string is not correct"),
        (hdf5, "shape .16384, 1024., in pieces of .64, 64."),
    ],
)
def test_what_a_small_file_promises_is_bounded(tmp_path, monkeypatch, make, words):
    monkeypatch.setattr(opened, "LEAST", opened.Budget(100 * 2**20, 2))
    with pytest.raises(CorpusError, match=rf"a\.\w+: expected .*{words}.*\. "):
        make(tmp_path)()


def test_a_large_file_may_take_more_than_a_small_one(tmp_path):
    (tmp_path / "a").write_bytes(bytes(2**20))
    small, large = opened.LEAST, opened.budget(tmp_path / "a")
    assert large.n_bytes == small.n_bytes + 2**25 and large.seconds > small.seconds


@pytest.mark.parametrize(
    "held", [eye(3).tocsc(), np.array([[eye(3).tocsc()]], object), {"a": eye(2)}]
)
def test_a_sparse_matrix_is_refused_at_any_depth(tmp_path, held):
    savemat(tmp_path / "a.mat", {"x": held})
    words = r"a\.mat: .*refused \(a csc_.*no plain data"
    refused(load_mat, tmp_path / "a.mat", words, names=["x"])


# ------------------------------------------------------------- cause and remedy


@pytest.mark.parametrize("stop", [MemoryError, KeyboardInterrupt, SystemExit])
def test_only_the_machine_and_the_user_go_through_the_door(tmp_path, stop):
    with pytest.raises(stop), opened.opened(tmp_path, "a file"):
        raise stop
    for error in (zipfile.zlib.error, RuntimeError, UnboundLocalError, RecursionError):
        words = "expected a file; got contents that do not read .*: why"
        with pytest.raises(CorpusError, match=words), opened.opened(tmp_path, "a file"):
            raise error("why")


def test_an_hdf5_file_that_another_program_has_open_is_not_called_mangled(tmp_path):
    path = tmp_path / "a.h5"
    h5py.File(path, "w").close()
    code = f"import h5py; f = h5py.File({str(path)!r}, 'a'); print(); input()"
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as other:
        other.stdout.readline()
        words = "a file that another program has open. Close that program"
        with pytest.raises(CorpusError, match=words), feature_file(path):
            pass
        other.communicate(b"\n")
    with feature_file(path) as file:
        assert "x" not in file


@pytest.mark.parametrize("name", CORPORA)
def test_a_folder_that_may_not_be_read_is_not_called_empty(tmp_path, monkeypatch, name):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    refused(CORPORA[name].files, tmp_path, "no permission to read it. Its owner may")


FEATURES = "P{}-features-resamp4hz-trial-{}.mat"


@pytest.mark.parametrize(
    ("corpus", "first", "second"),
    [
        ("amigos", "Data_Preprocessed_P01.mat", "Data_Preprocessed_P1.mat"),
        ("deap", "S01.DAT", "s01.dat"),
        ("mahnob_features", FEATURES.format("01", "2"), FEATURES.format("1", "02")),
    ],
)
def test_two_files_of_one_person_are_named(tmp_path, corpus, first, second):
    for name in (first, second):
        (tmp_path / name).write_bytes(b"")
    words = rf"{second}: expected one file of each name; got '.*{first}' too. Keep on"
    refused(CORPORA[corpus].files, tmp_path, words)


# ------------------------------------------------------------- text from files

TITLE = "\x1b]0;title\x07\x1b[2J\nforged: a line\u202e"


def test_text_from_files_is_escaped_and_cut():
    for text in (TITLE, "long" * 10**6):
        error = opened.wrong(f"name{TITLE}", text, text, "Do this.")
        assert str(error).isprintable() and len(str(error)) < 2100
        corpus = CORPORA["dreamer"]
        made = build_trial(corpus, (text, text, text), {}, {}, [text], notes=[text])
        said = (made.subject, made.session, made.trial, *made.problems, *made.notes)
        assert all(own.isprintable() and len(own) < 600 for own in said)
    assert r"\x1b]0;title\x07" in str(opened.wrong("a", "b", TITLE))
    assert str(opened.wrong("a", "b", "c" * 10**7, "Do this.")).endswith("Do this.")

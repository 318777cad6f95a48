import struct
import subprocess

import numpy as np
import pytest
from scipy.io import savemat

from emolib.checks import CorpusError
from emolib.datasets import opened
from emolib.datasets.amigos import read_amigos
from emolib.datasets.mat import cells, header_text, load_mat, matrix
from emolib.datasets.pickles import load_pickle
from tests.datasets.true_formats import amigos_cells, cell, struct_of, write_dreamer


def write(folder, **held):
    savemat(folder / "a.mat", held)
    return folder / "a.mat"


def test_a_truncated_file_is_one_clear_error(tmp_path):
    path = write_dreamer(tmp_path)
    whole = path.read_bytes()
    for share in (0.0, 0.01, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(CorpusError, match=r"DREAMER\.mat: expected .*; got .*Copy"):
            load_mat(path, ["DREAMER"])


@pytest.mark.parametrize("compressed", [True, False])
def test_mangled_bytes_never_raise_anything_else(tmp_path, compressed):
    held = {k: cell(v, (1, 20)) for k, v in amigos_cells(1, seconds=1).items()}
    path = tmp_path / "Data_Preprocessed_P01.mat"
    savemat(path, held, do_compression=compressed)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(5):
        mangled = bytearray(whole)
        start = int(rng.integers(128, len(whole) - 16))
        mangled[start : start + 16] = rng.bytes(16)
        path.write_bytes(bytes(mangled))
        try:
            list(read_amigos(tmp_path, videos="all"))
        except CorpusError as error:
            assert "Data_Preprocessed_P01.mat" in str(error)


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"MATLAB 7.3 MAT-file, Platform: x" + b" " * 96, "an HDF5 file .*'-v7'"),
        (b"\x89HDF\r\n\x1a\n" + b"\x00" * 200, "an HDF5 file"),
        (b"nothing of the kind" * 20, "380 bytes of something else"),
        (b"PK\x03\x04....", "a ZIP archive .unpack it"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a note of Git LFS .run"),
    ],
)
def test_another_kind_of_file_is_told_by_what_it_begins_with(tmp_path, content, got):
    path = tmp_path / "DREAMER.mat"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=f"expected a MATLAB 5 file; got {got}"):
        load_mat(path, ["DREAMER"])
    if "something else" not in got:
        with pytest.raises(CorpusError, match=f"expected a pickle of .*; got {got}"):
            load_pickle(path)


def test_a_missing_variable_is_named_beside_what_is_there(tmp_path):
    path = write(tmp_path, another=1.0)
    path.write_bytes(path.read_bytes().replace(b"another", b"a\n\x1b[31m"))
    with pytest.raises(CorpusError, match="variables DREAMER; got a file that ") as e:
        load_mat(path, ["DREAMER"])
    assert "\x1b" not in str(e.value) and "\n" not in str(e.value)


def test_a_file_that_kills_its_reader_is_an_error(tmp_path):
    path = write(tmp_path, DREAMER=np.arange(30.0))
    whole, tag = path.read_bytes(), struct.pack("<II", 9, 240)
    assert whole.count(tag) == 1
    path.write_bytes(whole.replace(tag, struct.pack("<II", 8, 240)))
    with pytest.raises(CorpusError, match=r"a\.mat: .*kills its reader by signal 11"):
        load_mat(path, ["DREAMER"])


def test_a_file_that_unpacks_to_too_much_or_takes_too_long_is_an_error(
    tmp_path, monkeypatch
):
    path = write(tmp_path, x=1.0)
    savemat(path, {"x": np.zeros(12_000_000)}, do_compression=True)
    monkeypatch.setattr(opened, "MAX_BYTES", 2**28)
    with pytest.raises(CorpusError, match="do not read .*MemoryError"):
        load_mat(path, ["x"])
    monkeypatch.setattr(opened, "MAX_SECONDS", 0.01)
    with pytest.raises(CorpusError, match="it takes longer than"):
        load_mat(path, ["x"])


def test_a_file_is_tried_once_and_never_where_it_says_that_we_wrote_it(
    tmp_path, monkeypatch
):
    started, run = [], subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda *a, **k: started.append(a) or run(*a, **k)
    )
    path = write(tmp_path, x=1.0, y=2.0)
    assert load_mat(path, ["x"]) == load_mat(path, ["x"]) == {"x": 1.0}
    assert len(started) == 1
    with path.open("r+b") as file:
        file.write(b"MATLAB 5.0 MAT-file, SURROGATE written by emolib".ljust(116))
    assert load_mat(path, ["y"]) == {"y": 2.0} and len(started) == 1
    assert header_text(path).endswith("SURROGATE written by emolib")


def test_wrappings_of_structs_cells_and_texts_come_off(tmp_path):
    inner = struct_of(a=cell(["x"], (1, 1)), m=np.ones((2, 3), np.int16))
    path = write(tmp_path, s=cell([inner], (1, 1)), two=cell([inner, inner], (2, 1)))
    held = load_mat(path, ["s", "two"])
    (one,) = cells(held["s"])
    assert one["a"] == "x" and [own["a"] for own in cells(held["two"])] == ["x", "x"]
    assert matrix(one["m"]).dtype == float and matrix(one["m"]).shape == (2, 3)
    assert matrix(one["a"]).shape == matrix(np.zeros(3)).shape == (0, 0)

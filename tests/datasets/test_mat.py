import struct
import zlib

import numpy as np
import pytest
from scipy.io import savemat

from emolib.checks import CorpusError
from emolib.datasets import mat
from emolib.datasets.mat import check_whole, header_text, load_mat
from emolib.datasets.structs import cells, matrix, text, unwrap
from tests.datasets.true_formats import write_amigos, write_dreamer


@pytest.fixture
def path(tmp_path):
    return write_dreamer(tmp_path)


@pytest.mark.parametrize("share", [0.0, 1e-4, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_one_clear_error(path, share):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(CorpusError, match=r"DREAMER\.mat: expected .*; got .*\. Copy"):
        load_mat(path, ["DREAMER"])


@pytest.mark.parametrize("seed", range(12))
def test_mangled_bytes_are_one_clear_error_or_are_read(path, seed):
    rng = np.random.default_rng(seed)
    whole = bytearray(path.read_bytes())
    where = rng.integers(128, len(whole), 64) if seed else np.arange(128, 192)
    for i in where:
        whole[i] = rng.integers(256)
    path.write_bytes(bytes(whole))
    with pytest.raises(CorpusError, match="expected"):
        load_mat(path, ["DREAMER"])


def test_mangled_bytes_of_an_uncompressed_file_never_raise_anything_else(tmp_path):
    from emolib.datasets.amigos import read_amigos
    from tests.datasets.true_formats import amigos_cells, cell

    held = amigos_cells(1, seconds=1)
    path = tmp_path / "Data_Preprocessed_P01.mat"
    savemat(path, {k: cell(v, (1, 20)) for k, v in held.items()})
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(150):
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
        (b"MATLAB 7.3 MAT-file, Platform: x" + b" " * 96, "an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + b"\x00" * 200, "an HDF5 file"),
        (b"nothing of the kind" * 20, "380 bytes of something else"),
    ],
)
def test_what_is_no_matlab_5_file_is_told_by_its_kind(tmp_path, content, got):
    path = tmp_path / "DREAMER.mat"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=f"expected a MATLAB 5 file; got {got}"):
        load_mat(path, ["DREAMER"])


def test_a_missing_variable_is_named_beside_what_is_there(tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"other": 1.0})
    with pytest.raises(CorpusError, match="variables DREAMER; got a file that holds"):
        load_mat(path, ["DREAMER"])


def test_a_file_that_unpacks_to_too_much_is_refused_unread(tmp_path):
    path = write_amigos(tmp_path)
    header = path.read_bytes()[:128]
    bombs = b""
    for _ in range(4):
        packed = zlib.compress(struct.pack("<II", 14, 2**32 - 8) + b"\x00" * 64)
        bombs += struct.pack("<II", 15, len(packed)) + packed
    path.write_bytes(header + bombs)
    with pytest.raises(CorpusError, match="do not trust this one"):
        load_mat(path, ["joined_data"])


def test_only_the_wanted_variables_are_read(tmp_path, monkeypatch):
    path = write_amigos(tmp_path)
    assert set(load_mat(path, ["VideoIDs"])) == {"VideoIDs"}
    assert check_whole(path) > path.stat().st_size
    monkeypatch.setattr(mat, "MAX_BYTES", 10)
    with pytest.raises(CorpusError, match="at most 10 bytes when unpacked"):
        load_mat(path, ["VideoIDs"])


def test_the_header_text_is_read_without_the_rest(tmp_path):
    path = write_amigos(tmp_path)
    assert header_text(path).startswith("MATLAB 5.0 MAT-file")


def test_wrappings_of_structs_cells_and_texts_come_off():
    inner = np.empty((1, 1), dtype=[("a", object)])
    inner["a"][0, 0] = "x"
    wrapped = np.empty((1, 1), dtype=object)
    wrapped[0, 0] = inner
    assert unwrap(wrapped)["a"] == "x"
    assert cells(wrapped)[0]["a"] == "x"
    assert cells(np.zeros((3, 3))) == []
    assert text(np.array([["N1"]])) == "N1"
    assert text(np.array([[4.0]])) == "4"
    assert text(np.array([], dtype="U1")) == ""
    assert matrix(np.array([["N1"]])).shape == (0, 0)
    assert matrix(np.zeros((2, 3), dtype=np.int16)).dtype == float

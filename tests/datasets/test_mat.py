import struct
import subprocess

import numpy as np
import pytest
from scipy.io import savemat

from emolib.datasets import opened
from emolib.datasets.mat import header_text, load_mat
from emolib.datasets.pickles import load_pickle
from tests.datasets.refusals import refused


def write(folder, **held):
    savemat(folder / "a.mat", held)
    return folder / "a.mat"


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
    refused(load_mat, path, f"expected a MATLAB 5 file; got {got}", names=["DREAMER"])
    if "something else" not in got:
        refused(load_pickle, path, f"expected a pickle of .*; got {got}")


def test_a_file_that_kills_its_reader_is_an_error(tmp_path):
    path = write(tmp_path, DREAMER=np.arange(30.0))
    whole, tag = path.read_bytes(), struct.pack("<II", 9, 240)
    assert whole.count(tag) == 1
    path.write_bytes(whole.replace(tag, struct.pack("<II", 8, 240)))
    words = r"a\.mat: .*kills its reader by signal 11"
    refused(load_mat, path, words, names=["DREAMER"])


def test_a_file_that_takes_too_much_memory_or_time_is_an_error(tmp_path, monkeypatch):
    path = write(tmp_path, x=1.0)
    savemat(path, {"x": np.zeros(12_000_000)}, do_compression=True)
    monkeypatch.setattr(opened, "LEAST", opened.Budget(2**24, 20))
    refused(load_mat, path, "do not read .*MemoryError", names=["x"])
    monkeypatch.setattr(opened, "LEAST", opened.Budget(2**28, 0.01))
    refused(load_mat, path, "it takes longer than", names=["x"])


def test_a_file_is_tried_once_and_never_if_it_says_it_is_ours(tmp_path, monkeypatch):
    started, run = [], subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda *a, **k: started.append(a) or run(*a, **k)
    )
    path = write(tmp_path, x=1.0, y=2.0)
    assert load_mat(path, ["x"]) == load_mat(path, ["x"]) == {"x": 1.0}
    assert len(started) == 1
    with path.open("r+b") as file:
        file.write(b"MATLAB 5.0 MAT-file, SURROGATE written by emolib".ljust(116))
        file.seek(0, 2)
        file.write(b"SURROGATE written by emolib")
    assert load_mat(path, ["y"]) == {"y": 2.0} and len(started) == 1
    assert header_text(path).endswith("SURROGATE written by emolib")

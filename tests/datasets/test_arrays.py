import h5py
import numpy as np
import pytest

from emolib.datasets.arrays import feature_file, load_npy, load_npz, read_array
from tests.datasets.refusals import refused


def write(folder, make=lambda file: None, name="a.h5"):
    with h5py.File(folder / name, "w") as file:
        plain = np.arange(6, dtype=np.int16).reshape(2, 3)
        file.create_dataset("plain", data=plain, chunks=(1, 2), compression="gzip")
        make(file)
    return folder / name


def outside(file):
    kind = [("secret.bin", 0, h5py.h5f.UNLIMITED)]
    file.create_dataset("x", (4, 3), "u1", external=kind)


def virtual(file):
    layout = h5py.VirtualLayout((2, 3), "i2")
    layout[:] = h5py.VirtualSource("other.h5", "plain", (2, 3))
    file.create_virtual_dataset("x", layout)


def of_objects(file):
    kind = h5py.vlen_dtype(np.int32)
    file.create_dataset("x", (1, 1), kind)[0, 0] = [1, 2]


def compound(file):
    file["x"] = np.zeros((2, 2), [("a", "f4"), ("b", "f4")])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (outside, "contents that stand in another file.*do not trust this one"),
        (virtual, "contents that stand in another file"),
        (of_objects, "object of shape"),
        (compound, "'<f4'.* of shape"),
        (lambda f: f.update(x=h5py.ExternalLink("other.h5", "/plain")), "a link to"),
        (lambda f: f.update(x=h5py.SoftLink("/plain")), "a link to somewhere else"),
        (lambda f: f.create_dataset("x", (10**6, 10**6), "f4", chunks=(1, 9)), "shape"),
        (lambda f: f.create_dataset("x", (9, 9), "f4", maxshape=(10**9, 10**9),
                                    chunks=(10**4, 10**4)), "in pieces of"),
        (lambda f: f.create_dataset("x", data="text"), "object of shape"),
        (lambda f: f.create_dataset("x", data=np.zeros(3)), r"of shape \(3,\)"),
        (lambda f: f.create_group("x"), "no array"),
        (lambda f: None, "'x' to be an array .*got no array"),
    ],
)  # fmt: skip
def test_only_plain_numbers_in_the_file_itself_are_read(tmp_path, make, words):
    (tmp_path / "secret.bin").write_bytes(b"not yours to read")
    write(tmp_path, name="other.h5")
    with feature_file(write(tmp_path, make)) as file:
        refused(read_array, file, rf"a\.h5: expected .*{words}", name="x")
        assert read_array(file, "plain").tolist() == [[0, 1, 2], [3, 4, 5]]


def test_numpy_files_give_numbers_and_text_and_never_unpickle(tmp_path):
    objects = np.array([{"a": 1}], object)
    np.save(tmp_path / "a.npy", np.arange(3))
    np.save(tmp_path / "o.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=np.arange(3), t=["a"])
    np.savez(tmp_path / "o.npz", x=objects)
    assert load_npy(tmp_path / "a.npy").tolist() == [0, 1, 2]
    assert load_npz(tmp_path / "a.npz", ["t"])["t"].tolist() == ["a"]
    (tmp_path / "s.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:-9])
    (tmp_path / "h.npy").write_bytes(b"<html>")
    (tmp_path / "e.npy").write_bytes(b"")
    (tmp_path / "s.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:-90])
    for name, words in (
        ("o.npy", "items of type object"), ("s.npy", "do not read"),
        ("h.npy", "a web page"), ("e.npy", "an empty file"),
        ("o.npz", "items of type object"), ("s.npz", "do not read"),
    ):  # fmt: skip
        read, more = (load_npz, {"names": "x"}) if name[-1] == "z" else (load_npy, {})
        refused(read, tmp_path / name, rf"{name}: expected .*{words}", **more)
    words = "expected the arrays x, y; got x, t"
    refused(load_npz, tmp_path / "a.npz", words, names=["x", "y"])

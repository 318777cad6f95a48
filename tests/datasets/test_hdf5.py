import h5py
import numpy as np
import pytest

from emolib.checks import CorpusError
from emolib.datasets import hdf5
from emolib.datasets.hdf5 import FeatureFile, root_texts


def write(folder, make, name="a.h5"):
    with h5py.File(folder / name, "w") as file:
        file["plain"] = np.arange(6, dtype=np.int16).reshape(2, 3)
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


def linked(file):
    file["x"] = h5py.ExternalLink("other.h5", "/plain")


def linked_group(file):
    file["x"] = h5py.ExternalLink("other.h5", "/")


def large(file):
    file.create_dataset("x", (10**6, 10**6), "f4", chunks=(1, 100))


def compound(file):
    file["x"] = np.zeros((2, 2), [("a", "f4"), ("b", "f4")])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (outside, "contents that stand in another file.*do not trust this one"),
        (virtual, "contents that stand in another file"),
        (of_objects, "contents of kind object"),
        (compound, "contents of kind"),
        (linked, "a link to somewhere else"),
        (lambda f: f.update(x=h5py.SoftLink("/plain")), "a link to somewhere else"),
        (large, r"got 4000000000000 bytes"),
        (lambda f: f.create_dataset("x", data="text"), "contents of kind object"),
        (lambda f: f.create_dataset("x", data=np.zeros(3)), "with 2 axes; got shape"),
        (lambda f: f.create_group("x"), "do not read"),
        (lambda f: None, "an array called 'x'; got none of that name"),
    ],
)
def test_only_plain_numbers_in_the_file_itself_are_read(tmp_path, make, words):
    (tmp_path / "secret.bin").write_bytes(b"not yours to read")
    write(tmp_path, lambda file: None, "other.h5")
    with FeatureFile(write(tmp_path, make)) as opened:
        with pytest.raises(CorpusError, match=rf"a\.h5: expected .*{words}"):
            opened.read("x")
        assert opened.read("plain").tolist() == [[0, 1, 2], [3, 4, 5]]
        assert "plain" in opened and "plain" in opened.names()


def test_a_path_through_another_file_is_refused(tmp_path):
    write(tmp_path, lambda file: None, "other.h5")
    with FeatureFile(write(tmp_path, linked_group)) as opened:
        with pytest.raises(CorpusError, match="a link to somewhere else"):
            opened.read("x/plain")


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5, "MAX_BYTES", 20)
    with FeatureFile(write(tmp_path, lambda file: None)) as opened:
        opened.read("plain")
        with pytest.raises(CorpusError, match="got 24 bytes"):
            opened.read("plain")


def test_compressed_chunks_are_read(tmp_path):
    values = np.random.default_rng(0).normal(size=(50, 4))

    def make(file):
        file.create_dataset("x", data=values, chunks=(8, 4), compression="gzip")

    with FeatureFile(write(tmp_path, make)) as opened:
        np.testing.assert_array_equal(opened.read("x"), values)


def test_a_damaged_file_raises_one_error_wherever_it_is_damaged(tmp_path):
    path = write(
        tmp_path, lambda f: f.update({f"u{i}": np.ones((9, 30)) for i in range(9)})
    )
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    spoilt = [whole[: len(whole) // 3], whole[:-5], b"", b"<html>", b"x" * 600]
    for _ in range(60):
        changed = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 4000), 8):
            changed[place] = rng.integers(256)
        spoilt.append(bytes(changed))
    n_refused = 0
    for contents in spoilt:
        path.write_bytes(contents)
        try:
            with FeatureFile(path) as opened:
                for name in opened.names():
                    opened.read(name)
        except CorpusError as error:
            assert "a.h5: expected" in str(error)
            n_refused += 1
    assert n_refused > 10
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


def test_texts_of_the_root_are_read(tmp_path):
    def make(file):
        file.attrs["about"] = "made by somebody"
        file.attrs["number"] = 3
        file.attrs["objects"] = np.array(["a", "b"], h5py.string_dtype())

    assert "made by somebody" in root_texts(write(tmp_path, make))

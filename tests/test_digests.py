import os
import sys
import time

import numpy as np
import pytest
from toy_project import ToyProject

from emolib import digests
from emolib.digests import code


def test_equal_values_have_equal_digests_whatever_their_type_or_order():
    one = {"b": (1, 2.5), "a": np.float64(0.1), "c": None}
    other = {"c": None, "a": 0.1, "b": [1, 2.5]}
    assert digests.digest_of(one) == digests.digest_of(other)


def test_unequal_values_have_unequal_digests():
    values = [1, 1.0, "1", True, None, [1], {"1": 1}, float("nan"), float("inf")]
    assert len({digests.digest_of(value) for value in values}) == len(values)


@pytest.mark.parametrize("value", [{1: 2}, {"a": {1, 2}}, [np.zeros(3)], object()])
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(TypeError, match="settings must be made of dictionaries"):
        digests.plain(value)


def make_old(file):
    """Date a file back, so that its digest is worth keeping."""
    then = time.time() - 60
    os.utime(file, (then, then))


def test_a_second_call_on_unchanged_files_opens_none(tmp_path, monkeypatch):
    files = [tmp_path / "a.mat", tmp_path / "b.mat"]
    for file in files:
        file.write_bytes(file.name.encode())
        make_old(file)
    kept = tmp_path / "cache" / "file_digests.json"
    first = digests.hash_files(files, kept=kept)

    def opened(path):
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr("emolib.digests.files.hash_file", opened)
    assert digests.hash_files(files, kept=kept) == first
    with pytest.raises(AssertionError, match="was opened"):
        digests.hash_files(files, kept=kept, verify=True)


def test_a_changed_file_has_a_new_digest_and_a_mangled_list_is_no_harm(tmp_path):
    file, kept = tmp_path / "a.mat", tmp_path / "kept.json"
    file.write_bytes(b"one")
    make_old(file)
    first = digests.hash_files([file], kept=kept)
    file.write_bytes(b"two")
    assert digests.hash_files([file], kept=kept) != first
    kept.write_text("{")
    assert digests.hash_files([file], kept=kept) != first


def test_a_file_that_may_still_be_changing_is_not_kept(tmp_path):
    file, kept = tmp_path / "a.mat", tmp_path / "kept.json"
    file.write_bytes(b"one")
    digests.hash_files([file], kept=kept)
    assert not kept.exists()


def skeleton(text):
    return code._read_code(text.encode(), "emolib")[0]


def test_comments_docstrings_and_layout_are_not_code():
    bare = "def f(x):\n    return x + 1\n"
    dressed = (
        '"""Room."""\n\n\ndef f(x):  # why\n    """Add."""\n    return (x +\n 1)\n'
    )
    assert skeleton(bare) == skeleton(dressed)


@pytest.mark.parametrize(
    "other",
    ["def f(x):\n return x + 2\n", "def f(x):\n return x + 1.0\n", "def f(y): ...\n"],
)
def test_a_changed_statement_is_changed_code(other):
    assert skeleton("def f(x):\n return x + 1\n") != skeleton(other)


def closure(name):
    return set(digests.code_digests([name]))


def test_the_closure_follows_every_form_of_import(tmp_path, monkeypatch):
    files = {
        "a": "import emolib.b\nfrom emolib import c\nfrom . import d as x\n",
        "b": "def f():\n    from emolib.e import g\n",
        "c": "import os\nfrom emolib.store import Outcome\n",
        "d": "from .p import q\nfrom .p.r import s\n",
        "e": "g = 1\n",
        "p/__init__": "from emolib.f import h\n",
        "p/q": "",
        "p/r": "",
        "f": "",
        "unrelated": "",
    }
    for name, text in files.items():
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    assert closure("emolib.a") == {f"emolib.{n}" for n in "abcde"} | {
        "emolib.p.q",
        "emolib.p.r",
    }
    assert closure("emolib.p") == {"emolib.p", "emolib.f"}


def test_a_missing_module_is_named():
    with pytest.raises(ModuleNotFoundError, match="emolib.nowhere must be a module"):
        digests.code_digests(["emolib.nowhere"])


def test_versions_leave_out_the_name_of_a_build():
    versions = digests.library_versions()
    assert list(versions) == ["numpy", "scipy", "scikit-learn", "torch", "mne"]
    assert not any("+" in version for version in versions.values())


EDIT_AFTER_IMPORT = """
from emolib.digests import changed_since, code_digests
import emolib.papers.toy.data
roots = ["emolib.papers.toy.data"]
before = code_digests(roots)
file = Path("emolib/papers/toy/data.py")
text = file.read_text()
file.write_text(text.replace("n = 12", "n = 13  # more"))
edited = (changed_since(before), code_digests(roots) == before)
import importlib
importlib.reload(emolib.papers.toy.data)
reloaded = changed_since(before)
file.write_text(text + "# a comment\\n")
say([*edited, reloaded, changed_since(before)])
"""


def test_a_module_counts_as_it_was_when_imported(tmp_path):
    changed, same_key, reloaded, commented = ToyProject(tmp_path / "toy").run(
        EDIT_AFTER_IMPORT
    )
    assert changed == ["emolib.papers.toy.data"]
    assert same_key, "the digest must be that of the imported source"
    assert reloaded == changed, "others still hold what the first import defined"
    assert commented == []


def test_importing_the_package_watches_imports_once():
    digests.watch_imports()
    finders = [f for f in sys.meta_path if isinstance(f, code._Witness)]
    assert len(finders) == 1

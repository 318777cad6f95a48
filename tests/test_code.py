import numpy as np
import pytest

from emolib import code

# ---------------------------------------------------------------- values and files


def test_equal_values_have_equal_digests_whatever_their_type_or_order():
    one = {"b": (1, 2.5), "a": np.float64(0.1), "c": None}
    other = {"c": None, "a": 0.1, "b": [1, 2.5]}
    assert code.digest_of(one) == code.digest_of(other)


def test_unequal_values_have_unequal_digests():
    values = [1, 1.0, "1", True, None, [1], {"1": 1}, float("nan"), float("inf")]
    assert len({code.digest_of(value) for value in values}) == len(values)


@pytest.mark.parametrize("value", [{1: 2}, {"a": {1, 2}}, [np.zeros(3)], object()])
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(TypeError, match="settings must be made of dictionaries"):
        code.plain(value)


# ---------------------------------------------------------------- code


FILES = {
    "a": "import emolib.b\nfrom emolib import c, d as x\nimport emolib.corpora\n",
    "b": "def f():\n    from emolib.e import g\n",
    "c": "import os\nfrom emolib.store import Outcome\nfrom emolib import z\n",
    "d": "from emolib.p.q import k\nfrom emolib.p.r import s\n",
    "e": "g = 1\n",
    "p/__init__": "from emolib.f import h\n",
    **dict.fromkeys(("p/q", "p/r", "f", "unrelated", "corpora", "store"), ""),
}


def test_the_closure_follows_every_import_but_the_machinery(tmp_path, monkeypatch):
    for name, text in FILES.items():
        file = tmp_path / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    monkeypatch.setattr(code, "_IMPORTED", code._read_package())

    def closure(name, **options):
        found = code.code_digests([f"emolib.{name}"], **options)
        return {name.removeprefix("emolib.") for name in found}

    assert closure("a") == {*"abcde", "p.q", "p.r", "corpora"}
    assert closure("a", outside=["emolib.corpora"]) == {*"abcde", "p.q", "p.r"}
    assert closure("p") == {"p", "f"}, "a package counts where it is imported from"
    with pytest.raises(ModuleNotFoundError, match="emolib.nowhere must be a module"):
        closure("nowhere")


def test_versions_leave_out_the_name_of_a_build():
    versions = code.library_versions()
    assert list(versions) == ["numpy", "scipy", "scikit-learn", "torch", "mne"]
    assert not any("+" in version for version in versions.values())

import numpy as np
import pytest
from toy_project import ToyProject

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


def skeleton(text):
    return code._read_code(text.encode())[0]


def test_comments_docstrings_and_layout_are_not_code():
    bare = "def f(x):\n    return x + 1\n"
    dressed = (
        '"""Room."""\n\n\ndef f(x):  # why\n    """Add."""\n    return (x +\n 1)\n'
    )
    assert skeleton(bare) == skeleton(dressed)


@pytest.mark.parametrize("other", ["return x + 2", "return x + 1.0", "return 'x + 1'"])
def test_a_changed_statement_is_changed_code(other):
    assert skeleton("def f(x):\n return x + 1\n") != skeleton(f"def f(x):\n {other}\n")


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

    def closure(name, **options):
        found = code.code_digests([f"emolib.{name}"], on_disk=True, **options)
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


EDIT_AFTER_IMPORT = """
from emolib.code import check_unchanged, code_digests
roots = ["emolib.papers.toy.data"]
before = code_digests(roots)
words = []
file = Path("emolib/papers/toy/data.py")
text = file.read_text()
for new in (text.replace("* 10.0", "* 5.0"), "def broken(", text + "# a comment\\n"):
    file.write_text(new)
    try:
        words.append(check_unchanged(before))
    except RuntimeError as error:
        words.append(str(error))
say([*words, code_digests(roots) == before])
"""


def test_a_module_counts_as_it_was_when_the_package_was_imported(tmp_path):
    *changed, commented, same = ToyProject(tmp_path / "toy").run(EDIT_AFTER_IMPORT)
    for words in changed:
        assert "changed since: emolib.papers.toy.data. Nothing was stored" in words
    assert commented is None and same

import re

import pytest
from toy_project import ToyProject

from emolib.store import Store
from emolib.units import status

CODE = """
from emolib.units import prune, status, verify, why
def ask(function, *more, **options):
    try:
        return function(*more, **options)
    except ValueError as error:
        return str(error)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    toy = ToyProject(tmp_path_factory.mktemp("finished") / "project")
    toy.run("go([toy(0), toy(1)])")
    return toy


@pytest.fixture
def toy(finished, tmp_path):
    """Return a project of two finished units, to do with as one likes."""
    return finished.copy_to(tmp_path / "project")


def ask(toy, expression):
    return toy.run(f"{CODE}\nsay({expression})")


def test_status_shows_the_size_by_recipe_kind_and_device(toy):
    rows = ask(toy, "status().to_dict('records')")
    assert [(row["kind"], row["device"], row["n_entries"]) for row in rows] == [
        ("stage", "cpu", 1),
        ("unit", "cpu", 2),
        ("windows", "cpu", 1),
    ]
    assert all(row["recipe"] == "toy" and row["bytes"] > 500 for row in rows)


def test_status_of_an_empty_store_has_no_rows(tmp_path):
    assert len(status(Store(tmp_path))) == 0


def test_why_says_that_a_unit_is_stored(toy):
    assert ask(toy, "why(toy(0), device='cpu')").endswith(": stored")


def test_why_names_the_setting_that_differs_from_the_nearest(toy):
    words = ask(toy, "why(toy(0, n_features=4), device='cpu')")
    assert re.search(
        r"not stored; the nearest is unit-\w{16}:\n"
        r"  settings: n_features was 3, now 4$",
        words,
    )


def test_why_names_the_module_that_changed(toy):
    toy.edit("papers/toy/stages.py", "(n_features)", "(n_features + 1)")
    words = ask(toy, "why(toy(0), device='cpu')")
    assert words.endswith(":\n  code: emolib.papers.toy.stages changed")


def test_why_of_a_name_says_whether_todays_code_can_use_it(toy):
    name = next(toy.store.glob("toy/unit-*")).name
    words = [name, name[:9], f"toy/{name}", name.removeprefix("unit-")]
    for answer in ask(toy, f"[why(word) for word in {words}]"):
        assert answer.endswith("usable with today's code")
    toy.edit("papers/toy/diary.py", "sleep(seconds)", "sleep(seconds or 0)")
    assert "code: emolib.papers.toy.diary changed" in ask(toy, f"why({name!r})")
    (toy.recipe / "systems" / "linear.py").unlink()
    assert "systems.linear must be a module" in ask(toy, f"why({name!r})")


def test_why_of_a_system_that_never_ran_says_so(toy):
    assert "no unit of other was ever stored" in ask(
        toy, "why(toy(0, 'other'), device='cpu')"
    )


@pytest.mark.parametrize("word", ["unit-", "zzz", ""])
def test_a_name_that_does_not_begin_one_entry_is_refused(toy, word):
    words = ask(toy, f"ask(why, {word!r})")
    assert "a name must begin one entry of the store" in words


def test_prune_only_names_what_it_would_remove_unless_told(toy):
    toy.edit("papers/toy/systems/linear.py", "score > 0.5", "score > 0.6")
    before = toy.tables()
    rows = ask(toy, "prune().to_dict('records')")
    assert len(rows) == 2, "the stage and the windows are still good"
    assert {row["reason"] for row in rows} == {
        "code: emolib.papers.toy.systems.linear changed"
    }
    assert toy.tables() == before
    assert ask(toy, "len(prune(dry=False))") == 2
    assert [path.name.split("-")[0] for path in sorted(toy.store.glob("toy/*"))] == [
        "stage",
        "windows",
    ]
    assert ask(toy, "len(prune())") == 0


def test_prune_removes_what_is_damaged_and_keeps_what_is_good(toy):
    next(toy.store.glob("toy/unit-*/manifest.json")).write_text("{")
    assert ask(toy, "prune(dry=False)['reason'].tolist()") == ["damaged"]
    assert len(list(toy.store.glob("toy/unit-*"))) == 1


def test_verify_hashes_everything(toy, monkeypatch):
    assert ask(toy, "verify()") == []
    file = next(toy.store.glob("toy/unit-*/arrays/x.npy"))
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    (words,) = ask(toy, "verify()")
    assert re.fullmatch(
        r"toy/unit-\w{16} is damaged: arrays/x.npy; it will be made anew", words
    )


def test_a_large_file_is_hashed_by_verify_alone(toy):
    file = next(toy.store.glob("toy/windows-*/arrays/x.eeg.npy"))
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    small = "import emolib.store.folders as f; f.ALWAYS_HASHED = 100\n"
    code = CODE + small + "found = len(go([toy(0)]))\nsay([found, len(verify())])"
    assert toy.run(code) == [1, 1]

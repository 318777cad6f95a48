import os
import re
import shutil

import pytest
from toy_project import ToyProject

from emolib.store import Store
from emolib.upkeep import status, why


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    toy = ToyProject(tmp_path_factory.mktemp("finished") / "project")
    toy.run("go([toy(0), toy(1)])")
    return toy


@pytest.fixture
def toy(finished, tmp_path):
    """Return a project of two finished units, to do with as one likes."""
    shutil.copytree(finished.folder, tmp_path / "project")
    return ToyProject(tmp_path / "project")


def ask(toy, expression):
    return toy.run(f"say({expression})")


def test_the_plan_counts_what_is_done_and_judges_by_earlier_units(toy):
    code = """
ask = lambda units, **more: plan_line(units, device="cpu", **more)
units = [toy(i, n_features=2) for i in range(4)]
lines = [ask([toy(0, "other"), toy(9, data={"seed": 2}, n_features=7)][:1])]
go([toy(0, n_features=5, stage_s=0), toy(1, n_features=5, burn_s=1.2)])
go(units[:2])
lines += [ask(units + units), ask([toy(0, n_features=5, burn_s=1.2, seed=1)] * 2)]
lines += [ask([toy(8), toy(0, "other"), toy(1, "other")], n_workers=2)]
say([*lines, ask([]), ask(units[:2])])
"""
    none, half, slow, two, nothing, done = toy.run(code)
    assert none == "0 units done, 1 to do, no earlier run to judge 1 by"
    assert half == "2 units done, 2 to do, about 0:00:00"
    assert slow == "0 units done, 1 to do, about 0:00:01", "the units most alike count"
    assert two == "0 units done, 3 to do, about 0:00:00, no earlier run to judge 2 by"
    assert (nothing, done) == ("0 units done, 0 to do", "2 units done, 0 to do")


def test_status_shows_the_size_by_paper_kind_and_device(toy, tmp_path):
    rows = ask(toy, "status().to_dict('records')")
    found = [(row["kind"], row["device"], row["n_entries"]) for row in rows]
    assert found == [("stage", "cpu", 1), ("unit", "cpu", 2), ("windows", "", 1)]
    assert all(row["paper"] == "toy" and row["bytes"] > 500 for row in rows)
    assert len(status(Store(tmp_path / "empty"))) == 0


def test_why_says_whether_todays_code_can_use_an_entry(toy):
    name = toy.units()[0].name
    for answer in ask(toy, f"[why(word) for word in {[name, name[:9]]}]"):
        assert answer == f"{name}\n  usable today"
    toy.edit("papers/toy/diary.py", "sleep(seconds)", "sleep(seconds or 0)")
    words = ask(toy, f"why({name!r})")
    assert re.search(r"\n  emolib.papers.toy.diary was \w+, now \w+$", words)
    (toy.paper / "systems" / "linear.py").unlink()
    assert "systems.linear must be a module" in ask(toy, f"why({name!r})")
    for word in ("unit-", "zzz", ""):
        with pytest.raises(ValueError, match="a name must begin one entry"):
            why(word, Store(toy.store))


def test_prune_names_and_then_removes_what_cannot_be_used(toy):
    assert ask(toy, "len(prune())") == 0
    toy.edit("papers/toy/systems/linear.py", "score > 0.5", "score > 0.6")
    (toy.units()[0] / "manifest.json").write_text("{")
    left = toy.store / "toy" / ".unit-of-a-process-that-died"
    left.mkdir()
    os.utime(left, (0, 0))
    before = toy.tables()
    rows = ask(toy, "prune().to_dict('records')")
    damaged, changed = sorted(row["reason"] for row in rows)
    assert damaged == "damaged"
    assert changed.startswith("emolib.papers.toy.systems.linear was")
    assert toy.tables() == before
    assert ask(toy, "len(prune(dry=False))") == 2
    kept = [path.name.split("-")[0] for path in sorted(toy.store.glob("toy/*"))]
    assert kept == ["stage", "windows"], "they are still good"
    assert not left.exists()

import json
import re
import signal
import time

import pytest
from toy_project import ToyProject


@pytest.fixture
def toy(tmp_path):
    return ToyProject(tmp_path / "project")


THREE = "done = go([toy(i) for i in range(3)]{more})\nsay([len(done), done.failures])"
RUN = THREE.format(more="")


# ---------------------------------------------------------------- computed once


def test_a_second_run_computes_nothing_and_gives_the_same(toy):
    code = "say(go([toy(i) for i in range(3)]).table().to_csv())"
    first = toy.run(code)
    assert toy.diary(forget=True) == [
        "prepare", "unit 0", "stage project 3", "working 0",
        "unit 1", "working 1", "unit 2", "working 2",
    ]  # fmt: skip
    assert toy.run(code) == first
    assert toy.diary() == []


def test_a_stage_that_two_systems_share_is_computed_once(toy):
    toy.run("say(len(go([toy(0), toy(0, 'other'), toy(1, n_features=4)])))")
    stages = [line for line in toy.diary() if line.startswith("stage")]
    assert stages == ["stage project 3", "stage project 4"]


def test_a_stage_wanted_by_two_workers_at_once_is_computed_once(toy):
    toy.run("say(len(go([toy(i, after='unit 1') for i in range(2)], 2)))")
    diary = toy.diary()
    assert diary.count("stage project 3") == 1
    assert diary.index("unit 1") < diary.index("working 0"), "both began before it"


def test_two_runs_at_once_share_their_units(toy):
    code = "say(len(go([toy(i, seconds=0.3) for i in range(3)])))"
    both = [toy.start(code) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["3"] * 2
    diary = toy.diary()
    assert sorted(diary) == sorted(set(diary))


def test_a_unit_given_twice_is_computed_once_and_returned_twice(toy):
    assert toy.run("say(len(go([toy(0), toy(0)])))") == 2
    assert toy.diary().count("unit 0") == 1


def test_labels_are_not_part_of_a_unit_but_reach_its_table(toy):
    code = """
from dataclasses import replace
go([toy(0)])
done = go([replace(toy(0), labels={"fold": 0, "method": "ours"})])
say(sorted(set(done.table()["method"])))
"""
    assert toy.run(code) == ["ours"]
    assert toy.diary().count("unit 0") == 1


# ---------------------------------------------------------------- what a key covers


EDITS = {
    "papers/toy/systems/linear.py": ("score > 0.5", "score > 0.6"),
    "papers/toy/stages.py": ("(n_features)", "(n_features + 1)"),
    "papers/toy/data.py": ("* 10.0", "* 5.0"),
    "containers.py": ("PREDICTION_IDS = (", "MORE = 1\nPREDICTION_IDS = ("),
}


def test_changed_code_is_computed_anew(toy):
    toy.run(RUN)
    for file, (old, new) in EDITS.items():
        toy.diary(forget=True)
        toy.edit(file, old, new)
        assert toy.run(RUN) == [3, []]
        assert {"unit 0", "unit 1", "unit 2"} <= set(toy.diary()), file
        assert ("prepare" in toy.diary()) == ("data" in file or "cont" in file)


def test_what_computes_nothing_can_change_without_a_new_run(toy):
    toy.run(RUN)
    toy.diary(forget=True)
    toy.edit("papers/toy/stages.py", "import numpy as np", "import numpy as np  # np")
    toy.edit("papers/toy/data.py", '"""Windows of a toy', '"""The windows of a toy')
    toy.edit("papers/toy/systems/linear.py", "score[0] = np.nan", "score[0] = (np.nan)")
    (toy.recipe / "items.py").write_text("TABLES = ['new']\n")
    (toy.recipe / "__init__.py").write_text("from emolib.papers.toy import items\n")
    (toy.recipe.parent / "unrelated").mkdir()
    (toy.recipe.parent / "unrelated" / "data.py").write_text("x = 1\n")
    (toy.folder / "emolib" / "figures.py").write_text("x = 1\n")
    toy.edit("store/locks.py", "time.sleep(0.05)", "time.sleep(0.06)")
    toy.edit("__init__.py", '__version__ = "', '__version__ = "9.')
    assert toy.run(RUN) == [3, []]
    assert toy.diary() == []


def test_a_changed_corpus_is_computed_anew(toy):
    toy.run(RUN)
    toy.diary(forget=True)
    toy.edit("papers/toy/data.py", 'f"corpus {', 'f"mended corpus {')
    toy.run(RUN)
    assert "prepare" in toy.diary() and "unit 2" in toy.diary()


def test_damaged_units_are_computed_anew_and_no_other(toy):
    code = RUN.replace("range(3)", "range(4)")
    toy.run(code)
    before = toy.tables()
    files = sorted(toy.store.glob("toy/unit-*/predictions.csv"))
    truncated, mangled, lost, _ = files
    truncated.write_bytes(truncated.read_bytes()[:-9])
    mangled.write_bytes(b"?" + mangled.read_bytes()[1:])
    lost.unlink()
    toy.diary(forget=True)
    assert toy.run(code) == [4, []]
    assert sum(line.startswith("unit") for line in toy.diary()) == 3
    assert toy.tables() == before


EDIT_WHILE_LIVE = """
go([toy(0)])
file = Path("emolib/papers/toy/stages.py")
text = file.read_text()
file.write_text(text.replace("(n_features)", "(n_features + 1)"))
words = []
for n_workers in (1, 2):
    try:
        go([toy(1), toy(2)], n_workers)
    except RuntimeError as error:
        words.append(str(error))
n_kept = len(go([toy(0)]))
file.write_text(text + "# only a comment\\n")
say([words, n_kept, len(go([toy(1)]))])
"""


def test_a_process_whose_code_changed_on_disk_refuses_to_store(toy):
    words, n_kept, n_after = toy.run(EDIT_WHILE_LIVE)
    assert len(words) == 2
    for sentence in words:
        assert re.search("changed since: emolib.papers.toy.stages.*restart", sentence)
    assert n_kept == 1, "what is stored can still be read"
    assert n_after == 1, "a comment changes nothing"
    units = {line for line in toy.diary() if line.startswith("unit")}
    assert units == {"unit 0", "unit 1"}


@pytest.mark.parametrize("n_workers", [1, 2])
def test_code_that_changes_during_a_run_is_not_stored(toy, n_workers):
    code = f"""
done = go([toy(i, seconds=0.5) for i in range(2)], {n_workers})
say([len(done), [reason for _, reason in done.failures]])
"""
    process = toy.start(code)
    toy.wait_for("working 0")
    toy.edit("papers/toy/stages.py", "(n_features)", "(n_features + 1)")
    said, complaint = process.communicate(timeout=60)
    n_done, reasons = json.loads(said)
    assert n_done == 0
    assert all("restart the kernel" in reason for reason in reasons)
    assert not list(toy.store.glob("toy/unit-*"))


# ---------------------------------------------------------------- same bytes


def test_workers_and_hash_seeds_do_not_change_a_byte(tmp_path):
    found = []
    for n_workers, seed in ((1, "0"), (3, "2")):  # two workers: test_units_kill.py
        toy = ToyProject(tmp_path / f"{n_workers}")
        toy.run(THREE.format(more=f", {n_workers}"), PYTHONHASHSEED=seed)
        found.append(toy.tables())
    assert len(found[0]) == 2 + 3 + 3 * 4
    assert found[0] == found[1]


# ---------------------------------------------------------------- failures


FAILING = """
units = [toy(0), toy(1, fails=True), toy(2, diverges=True), toy(3)]
done = go(units, {n_workers})
failed = [[unit.labels["fold"], reason] for unit, reason in done.failures]
say([[unit.labels["fold"] for unit, _ in done], failed])
"""


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_unit_that_fails_costs_its_cell_alone(toy, n_workers):
    finished, failed = toy.run(FAILING.format(n_workers=n_workers))
    assert finished == [0, 3]
    assert failed[0] == [1, "ValueError: learning rate must be small; got 1e9."]
    assert failed[1][0] == 2
    assert "y_score_1 must be finite; got 1 of 12" in failed[1][1]


def test_a_unit_that_failed_is_tried_again(toy):
    toy.run(2 * FAILING.format(n_workers=1))
    times = {fold: toy.diary().count(f"unit {fold}") for fold in range(4)}
    assert times == {0: 1, 1: 2, 2: 2, 3: 1}


def test_a_corpus_that_cannot_be_read_costs_its_units_and_is_read_once(toy):
    code = """
broken = {"seed": 1, "broken": True}
done = go([toy(0, data=broken), toy(1, data=broken), toy(2)])
say([len(done), [reason for _, reason in done.failures]])
"""
    n_done, reasons = toy.run(code)
    assert n_done == 1
    assert reasons == ["ValueError: DREAMER.mat must be whole; got half of it."] * 2
    assert toy.diary().count("prepare") == 2  # the broken one and the good one


def test_a_worker_that_dies_costs_its_unit_and_is_replaced(toy):
    code = """
done = go([toy(0), toy(1, dies=True), *map(toy, range(2, 6))], 2)
say([[u.labels["fold"] for u, _ in done], [reason for _, reason in done.failures]])
"""
    finished, reasons = toy.run(code)
    assert finished == [0, 2, 3, 4, 5]
    assert reasons == ["its worker died (signal 9); if memory ran out, lower n_workers"]


def test_a_run_that_is_stopped_leaves_finished_units_and_no_worker(toy):
    code = """
import signal
def stop(*_): raise KeyboardInterrupt
signal.signal(signal.SIGUSR1, stop)
try:
    go([toy(0), *(toy(i, seconds=60) for i in range(1, 4))], 2)
except KeyboardInterrupt:
    say("stopped")
"""
    process = toy.start(code)
    toy.wait_for("working 2")
    started = time.monotonic()
    process.send_signal(signal.SIGUSR1)
    assert process.communicate(timeout=30)[0].strip() == '"stopped"'
    assert time.monotonic() - started < 5
    assert toy.processes() == []
    assert len(list(toy.store.glob("toy/unit-*"))) == 1


# ---------------------------------------------------------------- another device


def test_units_from_another_device_count_when_any_will_do(toy):
    code = """
import shutil
from emolib.store import Key
entry = go([toy(0)]).entries[0][1]
borrowed = Key("toy", "unit", {**entry.key.parts, "device": "NVIDIA H200"})
from emolib.store import Outcome
moved = Store().put(borrowed, Outcome(entry.predictions), seconds=1, peak_bytes=1)
shutil.rmtree(entry.folder)
from emolib.units.shelf import Shelf
from emolib.units.unit import Keyring
found = []
for any_device in (True, False):
    shelf = Shelf(Store(), Keyring("cpu"), any_device=any_device)
    entry = shelf.find(shelf.keyring.unit(toy(0)))
    found.append(entry and entry.manifest["key"]["device"])
say(found)
"""
    assert toy.run(code) == ["NVIDIA H200", None]

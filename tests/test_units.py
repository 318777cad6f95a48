"""Units in a project of their own: computed once, killed, damaged, edited."""

import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from toy_project import ToyProject, wait_until

from emolib.containers import Windows
from emolib.store import Store
from emolib.training.devices import local_devices, one_thread
from emolib.units import Context, Unit, reason_of, run_units

needs_proc = pytest.mark.skipif(
    sys.platform != "linux", reason="reads /proc to find what is left of a run"
)


@pytest.fixture
def toy(tmp_path):
    return ToyProject(tmp_path / "project")


RUN = "say(told(go([toy(i) for i in range(3)])))"
DONE = [[0, 1, 2], []]


# ---------------------------------------------------------------- computed once


def test_a_second_run_computes_nothing_and_windows_come_first(toy):
    assert toy.run(RUN) == DONE
    assert toy.diary(forget=True) == [
        "prepare", "unit 0", "stage project 3", "working 0",
        "unit 1", "working 1", "unit 2", "working 2",
    ]  # fmt: skip
    assert toy.run(RUN) == DONE
    assert toy.diary() == []


def test_a_stage_is_shared_by_systems_and_by_workers(toy):
    toy.run("""
go([toy(0), toy(0, 'other'), toy(1, n_features=4)])
go([toy(i, n_features=5, after='unit 1') for i in range(2)], 2)
""")
    stages = [line for line in toy.diary() if line.startswith("stage")]
    assert stages == [f"stage project {n}" for n in (3, 4, 5)]


def test_a_unit_is_what_it_reads_not_what_tables_call_it(toy):
    code = """
from dataclasses import replace
done = go([toy(0), toy(0), replace(toy(0), labels={"fold": "one", "method": "NMER"})])
say([*told(done), len({entry.folder for _, entry in done.entries})])
"""
    assert toy.run(code) == [[0, 0, "one"], [], 1]
    assert toy.diary().count("unit 0") == 1


# ---------------------------------------------------------------- what a key covers


UNITS = {"unit": 3, "working": 3}
EVERYTHING = {"prepare": 1, "stage": 1, **UNITS}


@pytest.mark.parametrize(
    ("file", "old", "new", "again"),
    [
        ("papers/toy/systems/linear.py", "score > 0.5", "score > 0.6", UNITS),
        ("papers/toy/stages.py", "(n_f", "(1 + n_f", {"stage": 1, **UNITS}),
        ("papers/toy/data.py", "* 10.0", "* 5.0", EVERYTHING),
        ("papers/toy/data.py", 'f"corpus {', 'f"longer corpus {', EVERYTHING),
        ("corpora.py", ".normal(", ".uniform(", EVERYTHING),
        ("corpora.py", "(12, 2, 16)", "(3 * 4, 2, 16)", {"prepare": 1}),
        ("containers.py", "PARTS = (", "MORE = 1\nPARTS = (", EVERYTHING),
    ],
)
def test_what_changed_code_and_inputs_touch_is_computed_anew_and_no_more(
    toy, file, old, new, again
):
    toy.run(RUN)
    toy.diary(forget=True)
    toy.edit(file, old, new)
    assert toy.run(RUN) == DONE
    assert Counter(line.split()[0] for line in toy.diary()) == again


def test_what_computes_nothing_can_change_without_a_new_run(toy):
    toy.run(RUN)
    toy.diary(forget=True)
    toy.edit("papers/toy/stages.py", "import numpy as np", "import numpy as np  # np")
    toy.edit("papers/toy/data.py", '"""Windows of a toy', '"""The windows of a toy')
    toy.edit("papers/toy/systems/linear.py", "score[0] = np.nan", "score[0] = (np.nan)")
    (toy.paper / "tables.py").write_text("TABLES = ['new']\n")
    (toy.paper / "__init__.py").write_text("from emolib.papers.toy import tables\n")
    (toy.paper.parent / "unrelated").mkdir()
    (toy.paper.parent / "unrelated" / "data.py").write_text("x = 1\n")
    toy.edit("store.py", "poll_interval=0.05", "poll_interval=0.06")
    toy.edit("workers.py", "4 * 2**30", "5 * 2**30")
    toy.edit("__init__.py", '__version__ = "', '__version__ = "9.')
    assert toy.run(RUN) == DONE
    assert toy.diary() == []


def test_versions_of_libraries_and_of_a_gpu_tell_units_apart(monkeypatch, tmp_path):
    monkeypatch.setattr("emolib.code.code_digests", lambda modules, **_: {"m": "0"})
    monkeypatch.setattr("emolib.papers.ecg_eeg.data.input_digest", lambda data: "x")
    monkeypatch.setattr("emolib.papers.ecg_eeg.data.prepare", lambda data: windows())
    monkeypatch.setattr("emolib.code.check_unchanged", lambda code: None)
    now, names = {"versions": {"numpy": "2.0", "mne": "1.9"}, "kind": "cpu"}, []
    monkeypatch.setattr("emolib.code.library_versions", lambda: now["versions"])
    monkeypatch.setattr("emolib.units.device_kind", lambda device: now["kind"])
    for change in ({}, {"kind": "H200"}, {"versions": {"numpy": "2.0", "mne": "2.0"}}):
        now |= change
        context = Context(Unit("ecg_eeg", "chance", {}, {"fold": 0}), Store(tmp_path))
        names.append((context.unit_key.name, context.prepared.folder.name))
    assert len({unit for unit, _ in names}) == 3
    assert names[0][1] == names[1][1] != names[2][1], "windows suit all devices"


EDIT_WHILE_LIVE = """
go([toy(0)])
file = Path("emolib/papers/toy/stages.py")
text = file.read_text()
words = []
changed = text.replace("(n_features)", "(n_features + 1)")
for n_workers, new in ((1, changed), (2, changed), (1, "def broken(")):
    file.write_text(new)
    try:
        go([toy(1), toy(2)], n_workers)
    except RuntimeError as error:
        words.append(str(error))
kept = told(go([toy(0)]))
file.write_text(text + "# only a comment\\n")
say([words, kept, told(go([toy(1)]))])
"""


def test_a_process_whose_code_changed_on_disk_refuses_to_store(toy):
    words, kept, after = toy.run(EDIT_WHILE_LIVE)
    assert len(words) == 3
    for sentence in words:
        assert re.search("changed since: emolib.papers.toy.stages.*restart", sentence)
    assert kept == [[0], []], "what is stored can still be read"
    assert after == [[1], []], "a comment changes nothing"
    assert {s for s in toy.diary() if s.startswith("unit")} == {"unit 0", "unit 1"}


@pytest.mark.parametrize("n_workers", [1, 2])
def test_code_that_changes_during_a_run_is_not_stored(toy, n_workers):
    code = f"say(told(go([toy(i, seconds=0.5) for i in range(2)], {n_workers})))"
    process = toy.start(code)
    toy.wait_for("working 0")
    toy.edit("papers/toy/stages.py", "(n_features)", "(n_features + 1)")
    done, reasons = json.loads(process.communicate(timeout=60)[0])
    assert done == [] and all("restart the kernel" in reason for reason in reasons)
    assert toy.units() == []


# ---------------------------------------------------------------- failures


UNITS = """
units = [toy(0), toy(1, fails=True), toy(2, diverges=True), toy(3),
         toy(4, data={"seed": 1, "broken": True}),
         toy(5, data={"seed": 1, "broken": True})]
"""


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_unit_that_fails_costs_its_cell_alone_and_is_tried_again(toy, n_workers):
    go = f"go(units, {n_workers})"
    finished, failed = toy.run(f"{UNITS}\n{go}\nsay(told({go}))")
    assert finished == [0, 3]
    unread = "ValueError: DREAMER.mat must be whole; got half of it."
    assert failed[0] == "ValueError: learning rate must be small; got 1e9."
    assert "y_score_1 must be finite; got 1 of 12" in failed[1]
    assert failed[2:] == [unread, unread], "a corpus that is broken is read once a run"
    times = {line: toy.diary().count(line) for line in ("prepare", "unit 0", "unit 1")}
    assert times == {"prepare": 3, "unit 0": 1, "unit 1": 2}


class OutOfMemoryError(RuntimeError):
    """As torch names its own."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OutOfMemoryError("CUDA"), "out of GPU memory; lower batch_size = 256"),
        (MemoryError(), "out of memory; lower n_workers, or use a machine with more"),
        (ValueError("a\n  b"), "ValueError: a b"),
        (KeyError("no 'x' here"), "KeyError: no 'x' here"),
        (ValueError("x\n" * 9999), "ValueError: " + "x " * 250),
    ],
)
def test_a_reason_is_one_line_that_says_what_to_do(error, words):
    unit = Unit("toy", "linear", settings={"batch_size": 256, "lr": 0.1})
    assert reason_of(error, unit) == words


# ---------------------------------------------------------------- processes


TABLES = "units = [toy(i, seconds=0.2, stage_s=0.3) for i in range(6)]\n"
ALL = TABLES + "say(told(go(units, {n_workers})))"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the tables of a run in this process that nobody disturbed."""
    toy = ToyProject(tmp_path_factory.mktemp("undisturbed") / "project")
    assert toy.run(ALL.format(n_workers=1), PYTHONHASHSEED="0")[1] == []
    assert len(toy.tables()) == 4 + 1 + 6 * 4
    return toy.tables()


@pytest.mark.parametrize("n_workers", [2, 3])
def test_workers_and_hash_seeds_do_not_change_a_byte(toy, undisturbed, n_workers):
    toy.run(ALL.format(n_workers=n_workers), PYTHONHASHSEED=str(n_workers))
    assert toy.tables() == undisturbed


def finished(toy):
    """Return the folds whose units are in the store."""
    files = [folder / "predictions.csv" for folder in toy.units()]
    return {int(pd.read_csv(file)["fold"][0]) for file in files}


def check_resumed(toy, undisturbed, n_workers):
    """Run again: only what was unfinished is computed, and all is as undisturbed."""
    done = finished(toy)
    toy.diary(forget=True)
    assert toy.run(ALL.format(n_workers=n_workers)) == [list(range(6)), []]
    began = {int(line[5:]) for line in toy.diary() if line.startswith("unit")}
    assert began == set(range(6)) - done
    assert toy.tables() == undisturbed
    assert not list(toy.store.glob("*/.[!l]*")), "nothing half-written is left"


@needs_proc
@pytest.mark.parametrize(
    ("moment", "n_workers"),
    [("prepare", 2), ("stage project 3", 2), ("working 3", 2), ("working 3", 1),
     ("any", 2)],
)  # fmt: skip
def test_a_killed_driver_loses_only_the_units_in_work(
    toy, undisturbed, moment, n_workers
):
    moments = random.Random(0)
    for _ in range(3 if moment == "any" else 1):
        driver = toy.start(ALL.format(n_workers=n_workers))
        if moment == "any":
            time.sleep(moments.uniform(0.3, 1.6))
        else:
            toy.wait_for(moment)
        with driver:
            driver.kill()
            driver.wait()
        wait_until(lambda: not toy.processes(), 3)
    check_resumed(toy, undisturbed, n_workers)


@needs_proc
def test_a_killed_worker_costs_its_unit_and_the_next_run_computes_that(
    toy, undisturbed
):
    driver = toy.start(TABLES + "units[0] = toy(0, dies=True)\nsay(told(go(units, 2)))")
    toy.wait_for("working 3")
    os.kill(toy.processes("spawn_main")[0], signal.SIGKILL)
    said, complaint = driver.communicate(timeout=60)
    done, reasons = json.loads(said)
    assert len(done) == 4 and complaint == ""
    words = "its worker died (signal 9); if memory ran out, lower n_workers"
    assert reasons == [words] * 2
    assert toy.processes() == [] and len(finished(toy)) == 4
    check_resumed(toy, undisturbed, 2)


@needs_proc
def test_a_run_that_is_stopped_leaves_finished_units_and_no_worker(toy):
    code = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # not of a shell's background
try:
    go([toy(0), *(toy(i, seconds=60) for i in range(1, 4))], 2)
except KeyboardInterrupt:
    say("stopped")
"""
    process = toy.start(code)
    toy.wait_for("working 2")
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[0].strip() == '"stopped"'
    assert time.monotonic() - started < 5
    assert toy.processes() == [] and finished(toy) == {0}


def test_every_unit_runs_with_one_thread_and_leaves_none_behind(monkeypatch):
    import torch
    from threadpoolctl import threadpool_info

    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    torch.set_num_threads(2)
    before = [pool["num_threads"] for pool in threadpool_info()]
    with one_thread():
        assert {pool["num_threads"] for pool in threadpool_info()} <= {1}
        assert torch.get_num_threads() == 1
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert [pool["num_threads"] for pool in threadpool_info()] == before
    assert torch.get_num_threads() == 2
    assert os.environ["OMP_NUM_THREADS"] == "2"
    assert "MKL_NUM_THREADS" not in os.environ


def test_fewer_than_one_worker_is_refused_and_a_cpu_needs_no_torch(toy):
    with pytest.raises(ValueError, match=r"n_workers must be in \[1, 1024\]; got 0"):
        run_units([], n_workers=0)
    assert local_devices("auto")[0] in ("cpu", "cuda:0")
    assert toy.run("go([toy(0)])\nsay('torch' in sys.modules)") is False


# ---------------------------------------------------------------- what a unit is given


def windows():
    meta = pd.DataFrame({"subject": ["s01", "s02"], "trial": ["01", "02"]})
    return Windows(
        x={"ecg": np.ones((2, 2, 6)), "eeg": np.zeros((2, 3, 5))},
        y=np.array([[1, 0], [0, 1]]),
        meta=meta.assign(start_s=[0.0, 1 / 3]),
        present=np.array([[True, False], [True, True]]),
        sfreq={"ecg": 256.0, "eeg": 128.0},
        ch_names={"ecg": ("1", "2"), "eeg": ("F3", "F4", "Cz")},
        lengths={"ecg": np.array([6, 5])},
        step_index=np.array([[0, 1], [1, 2]]),
    )


def test_windows_come_back_from_the_store(tmp_path, monkeypatch):
    monkeypatch.setattr("emolib.papers.ecg_eeg.data.input_digest", lambda data: "x")
    monkeypatch.setattr("emolib.papers.ecg_eeg.data.prepare", lambda data: windows())
    given, back = windows(), Context(Unit("ecg_eeg", "x"), Store(tmp_path)).windows
    assert list(back.x) == ["ecg", "eeg"] and back.x["ecg"].dtype == np.float32
    assert isinstance(back.x["eeg"], np.memmap)
    for name in ("y", "present", "step_index"):
        assert np.array_equal(getattr(back, name), getattr(given, name))
    pd.testing.assert_frame_equal(back.meta, given.meta, check_exact=True)
    assert back.sfreq == given.sfreq and back.ch_names == given.ch_names
    assert np.array_equal(back.lengths["ecg"], given.lengths["ecg"])
    assert back.removed is None

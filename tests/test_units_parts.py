import io
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from toy_project import ToyProject

from emolib.containers import Windows
from emolib.store import Key, Outcome, Store
from emolib.units import Unit, estimate
from emolib.units.context import Settings, outcome_of, windows_of
from emolib.units.machine import PeakMemory, local_devices, one_thread
from emolib.units.progress import ProgressLine, clock, time_left
from emolib.units.unit import Keyring, check_workers
from emolib.units.work import check_outcome, reason_of


@pytest.fixture
def toy(tmp_path):
    return ToyProject(tmp_path / "project")


THREE = "done = go([toy(i) for i in range(3)]{more})\nsay([len(done), done.failures])"
RUN = THREE.format(more="")


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize("library", ["numpy", "torch", "mne"])
def test_another_version_of_a_library_is_another_key(library, monkeypatch):
    unit = Unit("ecg_eeg", "chance", {}, {"fold": 0})
    inputs = {'["ecg_eeg",{}]': "x"}
    monkeypatch.setattr(
        "emolib.units.unit.code_digests", lambda modules: {"m": "0" * 16}
    )
    now = Keyring("cpu", inputs).unit(unit)
    versions = {**now.parts["versions"], library: "0.0"}
    monkeypatch.setattr("emolib.units.unit.library_versions", lambda: versions)
    assert Keyring("cpu", inputs).unit(unit).name != now.name


def test_windows_are_prepared_once_for_all_devices(monkeypatch):
    unit = Unit("ecg_eeg", "chance", {}, {"fold": 0})
    monkeypatch.setattr("emolib.units.unit.code_digests", lambda modules: {})
    rings = [Keyring(kind, {'["ecg_eeg",{}]': "x"}) for kind in ("cpu", "H200")]
    assert len({ring.windows(unit).name for ring in rings}) == 1
    assert len({ring.unit(unit).name for ring in rings}) == 2


# ---------------------------------------------------------------- threads


def test_every_unit_runs_with_one_thread_and_leaves_none_behind(monkeypatch):
    from threadpoolctl import threadpool_info

    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    np.ones((2, 2)) @ np.ones((2, 2))
    before = [pool["num_threads"] for pool in threadpool_info()]
    with one_thread():
        assert {pool["num_threads"] for pool in threadpool_info()} <= {1}
        assert os.environ["OMP_NUM_THREADS"] == os.environ["MKL_NUM_THREADS"] == "1"
    assert [pool["num_threads"] for pool in threadpool_info()] == before
    assert os.environ["OMP_NUM_THREADS"] == "2"
    assert "MKL_NUM_THREADS" not in os.environ


def test_one_thread_holds_for_torch_too():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


# ---------------------------------------------------------------- reasons


class OutOfMemoryError(RuntimeError):
    """As torch names its own."""


def test_out_of_memory_names_the_setting_to_lower():
    unit = Unit("toy", "linear", settings={"batch_size": 256, "lr": 0.1})
    reason = reason_of(OutOfMemoryError("CUDA out of memory"), unit)
    assert reason == "out of GPU memory; lower batch_size = 256"
    other = Unit("toy", "linear")
    assert "the batch size" in reason_of(OutOfMemoryError(), other)
    assert "lower n_workers" in reason_of(MemoryError(), unit)


def test_a_reason_is_one_line():
    unit = Unit("toy", "linear")
    assert reason_of(ValueError("a\n  b"), unit) == "ValueError: a b"
    assert reason_of(KeyError("no 'x' here"), unit) == "KeyError: no 'x' here"
    assert "\n" not in reason_of(ValueError("x\n" * 9999), unit)


@pytest.mark.parametrize("outcome", [None, {}, Outcome()])
def test_a_system_that_returns_no_outcome_is_told_so(outcome):
    with pytest.raises(TypeError, match="must return an Outcome with predictions"):
        check_outcome(outcome)


def test_scores_that_are_no_numbers_are_a_divergence():
    odd = Outcome(pd.DataFrame({"y_true": [0, 1], "y_score_1": [0.5, np.inf]}))
    with pytest.raises(FloatingPointError, match="got 1 of 2 .*Training diverged"):
        check_outcome(odd)


# ---------------------------------------------------------------- the parts


def test_windows_come_back_from_the_store(tmp_path):
    meta = pd.DataFrame({"subject": ["s01", "s02"], "trial": ["01", "02"]})
    given = Windows(
        x={"ecg": np.ones((2, 2, 6)), "eeg": np.zeros((2, 3, 5))},
        y=np.array([[1, 0], [0, 1]]),
        meta=meta.assign(start_s=[0.0, 1 / 3]),
        present=np.array([[True, False], [True, True]]),
        sfreq={"ecg": 256.0, "eeg": 128.0},
        ch_names={"ecg": ("1", "2"), "eeg": ("F3", "F4", "Cz")},
        lengths={"ecg": np.array([6, 5])},
        step_index=np.array([[0, 1], [1, 2]]),
    )
    unit = Unit("toy", "linear")
    key = Key("toy", "windows", unit.data)
    back = windows_of(Store(tmp_path).put(key, outcome_of(given)))
    assert list(back.x) == ["ecg", "eeg"] and back.x["ecg"].dtype == np.float32
    assert isinstance(back.x["eeg"], np.memmap)
    for name in ("y", "present", "step_index"):
        assert np.array_equal(getattr(back, name), getattr(given, name))
    pd.testing.assert_frame_equal(back.meta, given.meta, check_exact=True)
    assert back.sfreq == given.sfreq and back.ch_names == given.ch_names
    assert np.array_equal(back.lengths["ecg"], given.lengths["ecg"])


def test_a_setting_that_was_not_given_is_an_error_and_an_unread_one_is_noted(toy):
    settings = Settings({"lr": 0.1, "unused": 1})
    assert settings["lr"] == 0.1
    assert settings.unread == {"unused"}
    assert {**settings} == {"lr": 0.1, "unused": 1} and not settings.unread
    with pytest.raises(KeyError, match="'seed' must be among the unit's settings"):
        settings["seed"]
    code = "say(go([toy(0, forgotten=1)]).entries[0][1].manifest['unread'])"
    assert toy.run(code) == ["forgotten"]


def test_units_hold_plain_values_alone():
    assert Unit("toy", "linear", settings={"bands": (1, 2)}).settings["bands"] == [1, 2]
    with pytest.raises(TypeError, match="settings must be made of"):
        Unit("toy", "linear", settings={"bands": {1, 2}})


@pytest.mark.parametrize("function", [lambda: 0, Outcome.all_tables, len])
def test_a_stage_that_cannot_be_found_on_disk_is_refused(function):
    unit = Unit("toy", "linear")
    with pytest.raises(ValueError, match="a stage must be a function at the top"):
        Keyring("cpu").stage(unit, function, {})


def test_fewer_than_one_worker_is_refused():
    with pytest.raises(ValueError, match=r"n_workers must be in \[1, 1024\]; got 0"):
        check_workers(0)


def test_a_trained_model_is_given_back(toy):
    code = """
try:
    load(toy(0), device="cpu")
except FileNotFoundError as error:
    missing = str(error)
entry = go([toy(0)]).entries[0][1]
model = load(toy(0), device="cpu")
say([missing, model["n"], bool((model["weight"] == entry.state["weight"]).all())])
"""
    missing, n_windows, same = toy.run(code)
    assert "the unit must be finished; got none of 'linear'" in missing
    assert n_windows == 12 and same


def test_devices_are_named_and_the_cpu_needs_no_torch():
    assert local_devices("cpu") == ["cpu"]
    assert local_devices("auto")[0] in ("cpu", "cuda:0")
    code = (
        "import sys; from emolib.units.machine import local_devices, kind_of; "
        "local_devices('cpu'); kind_of('cpu'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_peak_memory_sees_an_array_come_and_go():
    memory = PeakMemory("cpu")
    before = memory.read()["peak_bytes"]
    np.ones(20_000_000)
    assert memory.read()["peak_bytes"] - before > 100_000_000


# ---------------------------------------------------------------- plan and progress


def test_the_plan_counts_what_is_done_and_says_what_is_unknown(toy):
    code = """
units = [toy(i) for i in range(4)]
plans = [estimate(units, device="cpu")]
go(units[:2])
plans.append(estimate(units, device="cpu"))
plans.append(estimate(units + [toy(0, "other")], device="cpu", n_workers=2))
go(units)
plans.append(estimate(units + units, device="cpu"))
names = ("n_done", "n_todo", "seconds", "memory_bytes", "disk_bytes", "text")
say([[getattr(plan, name) for name in names] for plan in plans])
"""
    none, half, two, all_done = toy.run(code)
    assert none[:5] == [0, 4, None, None, None]
    assert "no earlier unit of toy/linear: cost unknown" in none[5]
    assert half[:2] == [2, 2] and half[2] > 0 and half[3] > 1e6 and half[4] > 1000
    assert re.match(r"2 units done, 2 to do; about 0:00, \d+ MB of memory", half[5])
    assert two[2] == pytest.approx(half[2] / 2) and two[3] > half[3]
    assert "no earlier unit of toy/other" in two[5]
    assert all_done[:2] == [4, 0] and all_done[5] == "4 units done, 0 to do"


def test_the_plan_trusts_the_earlier_units_most_like_the_new(toy):
    code = """
go([toy(0, n_features=2), toy(0, n_features=5, seconds=0.5)])
say([estimate([toy(1, n_features=n, **more)], device="cpu").seconds
     for n, more in ((2, {}), (5, {"seconds": 0.5}))])
"""
    quick, slow = toy.run(code)
    assert quick < 0.5 < slow


def test_the_progress_line_goes_to_its_file_and_is_wiped(tmp_path, monkeypatch):
    file = tmp_path / "progress.txt"
    monkeypatch.setenv("EMOLIB_PROGRESS", str(file))
    with ProgressLine(3, 90.0) as line:
        assert file.read_text() == "units 0/3  0:00, about 1:30 more"
        line.step()
        assert file.read_text().startswith("units 1/3")
    assert file.read_text() == ""


def test_without_a_terminal_or_a_person_there_is_no_progress(capfd, monkeypatch):
    monkeypatch.delenv("EMOLIB_PROGRESS", raising=False)
    with ProgressLine(3, None) as line:
        line.step()
    assert capfd.readouterr() == ("", "")


def test_a_terminal_shows_one_line_that_is_wiped(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("EMOLIB_PROGRESS", raising=False)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ProgressLine(2, None) as line:
        line.step()
    shown = sys.stderr.getvalue()
    assert "\n" not in shown and "units 1/2" in shown
    assert shown.endswith("\r\x1b[2K")


def test_time_is_told_from_the_plan_and_then_from_the_pace():
    assert time_left(0, 4, 10, None) is None
    assert time_left(0, 4, 10, 60) == 50
    assert time_left(1, 4, 70, 60) == 210
    assert [clock(7), clock(192), clock(3723)] == ["0:07", "3:12", "1:02:03"]


def test_a_plan_of_nothing_says_so(tmp_path):
    assert estimate([], Store(tmp_path), device="cpu").text == "0 units done, 0 to do"

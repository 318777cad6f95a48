import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest
from toy_notebooks import SAVE_NO_FIGURE, write_notebook, write_project

from emolib.__main__ import main

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def project(tmp_path, monkeypatch):
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Unit:
    key: str
    paper: str = "toy"
    system: str = "ours"
    labels: dict = field(default_factory=dict)


@pytest.fixture
def recipe(monkeypatch):
    """A recipe with five units, one of which fails."""
    asked = []

    def run_units(units, **options):
        asked.extend(unit.key for unit in units)
        good = [u for u in units if u.key != "k4"]
        return SimpleNamespace(
            entries=[(u, SimpleNamespace(folder=Path(f"unit-{u.key}"))) for u in good],
            failures=[(u, "loss is not finite") for u in units if u.key == "k4"],
        )

    def expand(parameters):
        return [Unit(f"k{i}") for i in range(parameters["n_folds"] + 1)]

    monkeypatch.setattr("emolib.units.run_units", run_units)
    monkeypatch.setattr(
        "emolib.upkeep.plan_line", lambda units, **machine: f"{len(units)} units to do"
    )
    monkeypatch.setattr(
        "emolib.batch.jobs.recipe_module", lambda job: SimpleNamespace(expand=expand)
    )
    return asked


def test_run_prints_the_plan_the_tables_and_the_folder(project, capsys):
    write_notebook(project, save=SAVE_NO_FIGURE)
    assert main(["run", "toy", "--config", "quick", "-p", "n_folds", "2"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("toy quick: no stored units")
    assert "| toy | Table 1 |" in said
    folder = said.rstrip().splitlines()[-1].removeprefix("written: ")
    assert folder.startswith("reports/toy/quick+")
    assert len((project / folder / "results.csv").read_text().splitlines()) == 3


def test_a_dry_run_stops_after_the_plan(project, capsys, recipe):
    assert main(["run", "toy", "--config", "quick", "--dry-run"]) == 0
    assert capsys.readouterr().out == "toy quick: 5 units to do\n"
    assert not (project / "reports").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "toi"], "notebook must be known; got 'toi'. Did you mean 'toy'?"),
        (["run", "toy", "--config", "quik"], "Did you mean 'quick'?"),
        (["run", "toy", "-p", "n_flods", "2"], "Did you mean 'n_folds'?"),
        (["run", "toy", "-p", "n_folds", "many"], "n_folds must be int; got 'many'"),
        (["run", "toy", "-p", "targets", "x"], "Write targets: [x]"),
        (["run", "toy", "-p", "lr", "[1"], "-p lr must be YAML; got '[1'"),
        (["run", "toy", "-p", "lr", "1", "-p", "lr", "2"], "once a key; got 'lr'"),
        (["reports", "--tier", "quik"], "tier must be one of 'smoke', 'quick'"),
        (["compare", "toy/a", "toy/b"], "must hold a finished run"),
        (["units", "toy", "--config", "quick", "--shard", "x"], "--shard must be i/n"),
        (["units", "toy", "--config", "quick", "--shard", "3/2"], "must be in [1, 2]"),
    ],
)
def test_each_mistake_is_one_line_and_exit_code_1(project, capsys, words, message):
    assert main(words) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.startswith("emolib: ") and len(said.splitlines()) == 1
    assert not (project / "reports").exists()


def test_values_are_read_as_yaml(project):
    from emolib.commands.notebooks import read_pairs

    pairs = [["a", "[1, 2]"], ["b", "true"], ["c", "6e-4"], ["d", "x"]]
    assert read_pairs(pairs) == {"a": [1, 2], "b": True, "c": "6e-4", "d": "x"}


def test_shards_share_the_units_among_them(project, recipe, capsys):
    for i in (1, 2):
        words = ["units", "toy", "--config", "quick", "--shard", f"{i}/2"]
        main([*words, "--allow-partial"])
    assert sorted(recipe) == ["k0", "k1", "k2", "k3", "k4"]


def test_a_stamp_lists_the_units_and_what_failed(project, recipe, capsys):
    words = ["units", "toy", "--config", "quick", "--stamp", "deep/stamp.txt"]
    assert main(words) == 1
    assert not Path("deep/stamp.txt").exists()
    assert "system=ours: loss is not finite" in capsys.readouterr().out
    assert main([*words, "--allow-partial"]) == 0
    lines = Path("deep/stamp.txt").read_text().splitlines()
    assert lines[:4] == [f"toy/unit-k{i}" for i in range(4)]
    assert "loss is not finite" in lines[4]


def test_a_report_with_failed_units_exits_1_unless_that_is_allowed(
    tmp_path, monkeypatch, capsys
):
    failing = SAVE_NO_FIGURE.replace(
        "results=results,",
        "results=results, failures=[dict(method='ours', reason='diverged')],",
    )
    write_project(tmp_path, save=failing)
    monkeypatch.chdir(tmp_path)
    assert main(["run", "toy"]) == 1
    assert "failed unit: method=ours: diverged" in capsys.readouterr().out
    assert main(["run", "toy", "--allow-partial"]) == 0
    run = json.loads((tmp_path / "reports/.scratch/toy/run.json").read_text())
    assert run["failures"] == [{"method": "ours", "reason": "diverged"}]


def test_open_says_where_the_copy_is(project, capsys):
    assert main(["open", "toy", "--config", "quick"]) == 0
    assert "jupyter lab work/toy_quick.ipynb" in capsys.readouterr().out


def test_the_run_command_imports_no_snakemake(project):
    code = (
        "import sys; from emolib.__main__ import main; "
        "assert main(['run', 'toy', '--dry-run']) == 0; "
        "assert not [m for m in sys.modules if m.startswith('snakemake')]"
    )
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    for name in ("run", "open", "units", "compare", "reports", "gallery", "corpora"):
        assert name in said

"""The steps of CONTRIBUTING.md, followed: a toy baseline and a toy corpus get rows.

`contributed/` holds the new files; `LINES` the lines that go into files of the package.
Both are put into a copy of it, and the tables of paper 2 are asked for there.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

SETTINGS = "papers/ecg_eeg/settings.py"
ROW = '    "Pooled mean": System("pooled_mean", "baseline", BASELINE),\n'
LINES = {
    "baseline": [(SETTINGS, "SYSTEMS = {\n", ROW)],
    "corpus": [
        ("corpora/__init__.py", "from emolib.datasets import (\n", "    meadow,\n"),
        ("corpora/__init__.py", "_KNOWN = (\n", "    meadow.CORPUS,\n"),
        (SETTINGS, "TARGETS = {\n", '    "meadow": ("calm",),\n'),
    ],
}
N_FILES = {"baseline": 3, "corpus": 4}
CODE = """
import json, sys
from emolib.papers import ecg_eeg

rows = {}
for parameters in json.loads(sys.argv[1]):
    study = ecg_eeg.run(ecg_eeg.Settings.of(parameters))
    assert not study.failures, study.failures
    for name, table in ecg_eeg.tables.tables(study).items():
        if len(table):
            rows[name] = table.to_dict("records")
print(json.dumps(rows, default=str))
"""
TINY = {"systems": ["Pooled mean", "chance"], "n_folds": 3, "device": "cpu"}
TINY["overrides"] = {"window_s": 5.0}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return a copy of the project to which both walk-throughs were applied."""
    root = tmp_path_factory.mktemp("contributed")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "emolib", root / "emolib", ignore=ignored)
    shutil.copytree(
        HERE / "contributed", root / "emolib", ignore=ignored, dirs_exist_ok=True
    )
    shutil.copy(ROOT / "pyproject.toml", root)
    for name, anchor, line in (*LINES["baseline"], *LINES["corpus"]):
        path = root / "emolib" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(anchor) == 1, f"{anchor!r} moved out of {name}"
        path.write_text(text.replace(anchor, anchor + line), encoding="utf-8")
    return root


def run(tree, *words):
    own = {"PYTHONPATH": str(tree), "EMOLIB_CACHE": str(tree / "cache")}
    done = subprocess.run(
        [sys.executable, "-P", *words],
        env={**os.environ, **own}, cwd=tree, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def tables(tree):
    """Return the rows of every table: the toy baseline on DREAMER and on MEADOW."""
    runs = [
        {"n_subjects": 6, "surrogate": {"n_trials": 4, "seconds": 11.0}},
        {"corpora": ["meadow"], "targets": ["calm"], "surrogate": {"seconds": 10.0}},
    ]
    said = run(tree, "-c", CODE, json.dumps([{**TINY, **changes} for changes in runs]))
    return json.loads(said.splitlines()[-1])


@pytest.mark.parametrize("what", LINES)
def test_the_guide_names_every_file_that_its_steps_touch(what):
    _, _, section = GUIDE.partition(f"## A new {what}\n")
    section = section.partition("\n## ")[0]
    new = {"baseline": "pooled_mean", "corpus": "meadow"}[what]
    touched = {name for name, _, _ in LINES[what]}
    for path in (HERE / "contributed").rglob(f"{new}.py"):
        name = path.relative_to(HERE / "contributed").as_posix()
        touched.add(name.replace(new, "<name>"))
    assert len(touched) == N_FILES[what]
    missing = [name for name in sorted(touched) if f"`emolib/{name}`" not in section]
    assert not missing, f"CONTRIBUTING.md does not name {missing}"


def test_the_command_knows_a_corpus_added_by_these_steps(tree):
    folder = str(tree / "meadow")
    run(tree, "-m", "emolib", "corpora", "surrogate", "meadow", folder)
    said = run(tree, "-m", "emolib", "corpora", "check", "meadow", folder)
    assert "MEADOW" in said and "SURROGATE" in said
    assert "calm" in said and "NOT USABLE" not in said


@pytest.mark.parametrize(
    ("table", "what"), [("table_1", "dreamer arousal"), ("table_meadow", "meadow calm")]
)
def test_a_baseline_gets_its_row_and_a_corpus_its_table(tables, table, what):
    rows = [r for r in tables[table] if r["method"] == "Pooled mean"]
    assert {"accuracy", "auc", "f1_macro"} <= {row["metric"] for row in rows}
    assert {row["source"] for row in rows} == {"surrogate"}
    assert what in {f"{row['dataset']} {row['target']}" for row in rows}

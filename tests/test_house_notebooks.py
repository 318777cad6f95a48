"""The rules for notebooks and their configs, read from the files as committed."""

import ast
import json
import re
from pathlib import Path
from statistics import median

import pytest
import yaml

from emolib.reporting.notebooks import parameters_of

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
MAIN = sorted(FOLDER.glob("*.ipynb"))
ALL = [*MAIN, *sorted((FOLDER / "solutions").glob("*.ipynb"))]
CONFIGS = sorted((FOLDER / "configs").glob("*/*.yaml"))
PAPERS = [path for path in MAIN if (ROOT / "emolib" / "papers" / path.stem).is_dir()]
MAX_MEDIAN_LINES, MAX_MEDIAN_WORDS, MAX_PARAMETER_LINES = 6, 85, 15
MAX_SEEN_LINES, MAX_FOLDED_LINES, MAX_FOLDED_SHARE = 24, 25, 1 / 3
UNPLAIN = re.compile(
    r"\b(novel|state[- ]of[- ]the[- ]art|obviously|simply|just)\b", re.I
)

each_notebook = pytest.mark.parametrize(
    "path", ALL, ids=lambda p: p.relative_to(FOLDER).with_suffix("").as_posix()
)
each_main = pytest.mark.parametrize("path", MAIN, ids=lambda p: p.stem)
each_paper = pytest.mark.parametrize("path", PAPERS, ids=lambda p: p.stem)


def cells_of(path, kind="code"):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == kind]


def source(cell):
    return "".join(cell["source"])


def lines(cell):
    return [line for line in source(cell).splitlines() if line.strip()]


def tagged(path, tag):
    return [c for c in cells_of(path) if tag in c["metadata"].get("tags", [])]


def is_folded(cell):
    return "jupyter" in cell["metadata"]


def is_seen(cell):  # handouts leave answers out
    return not is_folded(cell) and "answer" not in cell["metadata"].get("tags", [])


@each_main
def test_the_first_code_cell_holds_parameters_that_papermill_can_list(path):
    (cell,) = tagged(path, "parameters")
    assert cell["id"] == cells_of(path)[0]["id"]
    assignments = [x for x in lines(cell) if not x.lstrip().startswith("#")]
    assert len(assignments) <= MAX_PARAMETER_LINES
    for line in assignments:
        (node,) = ast.parse(line).body
        assert isinstance(node, ast.Assign | ast.AnnAssign), line
        assert line.count("=") == 1, f"a second '=' hides the parameter: {line}"


@each_notebook
def test_a_notebook_opens_with_its_title_and_has_clean_metadata(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    first = notebook["cells"][0]
    assert first["cell_type"] == "markdown" and source(first).startswith("# ")
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info", "emolib"}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    for cell in notebook["cells"]:
        known = {
            "tags": cell["metadata"].get("tags"),
            "jupyter": {"source_hidden": True},
        }
        assert cell["metadata"].items() <= known.items(), cell["metadata"]


@each_notebook
def test_a_notebook_is_committed_as_run_from_top_to_bottom_without_a_complaint(path):
    counts = [cell["execution_count"] for cell in cells_of(path)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in cells_of(path):
        for output in cell["outputs"]:
            assert output["output_type"] != "error", source(cell)
            assert output.get("name") != "stderr", "".join(output["text"])


@each_notebook
def test_check_cells_print_fixed_words(path):
    cells = tagged(path, "nbval-check-output")
    assert cells or path not in MAIN, "a notebook checks what it shows"
    for cell in cells:
        assert cell["outputs"], f"nothing to compare: {source(cell)[:60]}"
        printed = json.dumps(cell["outputs"])
        assert not re.search(r"\d\.\d{4,}", printed), f"a long float: {source(cell)}"


@each_notebook
def test_code_cells_are_short_and_define_no_class(path):
    cells = cells_of(path)
    assert median(len(lines(cell)) for cell in cells) <= MAX_MEDIAN_LINES
    for cell in cells:
        most = MAX_FOLDED_LINES if is_folded(cell) else MAX_SEEN_LINES
        assert len(lines(cell)) <= most, source(cell)[:60]
        nodes = ast.walk(ast.parse(source(cell)))  # no magics, no shell lines
        assert not any(isinstance(node, ast.ClassDef) for node in nodes)


@each_main
def test_a_reader_sees_no_more_code_than_text_and_little_is_folded(path):
    code, text = cells_of(path), cells_of(path, "markdown")
    seen, told = ([c for c in cells if is_seen(c)] for cells in (code, text))
    coded, said = ([len(source(c).split()) for c in cells] for cells in (seen, told))
    assert len(told) >= len(seen) and sum(said) >= sum(coded)
    assert sum(map(is_folded, code)) <= MAX_FOLDED_SHARE * len(code)
    assert median(said) <= MAX_MEDIAN_WORDS
    most = 50 if "ablation" in path.stem else 60
    assert (40 if path in PAPERS else 20) <= len(code) + len(text) <= most


@each_paper
def test_a_papers_notebook_trains_by_hand_before_its_grid_and_hides_machinery(path):
    cells = [(source(cell), cell["metadata"]) for cell in cells_of(path)]
    code = "".join(text for text, _ in cells)
    assert 0 < code.find(".backward()") < code.find(f"{path.stem}.run(")
    for text, about in cells:
        machinery = re.search(r"(?m)^(from|import) |save_report\(", text)
        assert not machinery or "jupyter" in about, text[:60]


@pytest.mark.parametrize("path", [*FOLDER.glob("*_lab.ipynb")], ids=lambda p: p.stem)
def test_a_lab_fills_90_minutes_and_holds_its_answers_in_cells_of_their_own(path):
    text = "\n".join(source(cell) for cell in cells_of(path, "markdown"))
    assert sum(map(int, re.findall(r"(?m)^#+ .*\((\d+) minutes\)", text))) == 90
    assert len(tagged(path, "answer")) >= 5  # handouts leave them out
    said = json.dumps([cell["outputs"] for cell in cells_of(path)])
    assert "right" in said and "not yet" not in said


@each_notebook
def test_the_words_of_a_notebook_are_plain(path):
    text = [x for c in cells_of(path, "markdown") for x in source(c).splitlines()]
    own = [line for line in text if not line.startswith((">", "# "))]
    assert not [line for line in own if UNPLAIN.search(line)]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_every_key_of_a_config_is_a_parameter_of_its_notebook(path):
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    parameters_of(FOLDER / f"{path.parent.name}.ipynb", path.stem)  # refuses others
    assert given["config"] == path.stem


def test_every_notebook_has_the_configs_that_a_batch_asks_for():
    for path in MAIN:
        found = {c.stem for c in CONFIGS if c.parent.name == path.stem}
        is_lab = path.stem.endswith("_lab")  # is taught, and has no report
        assert is_lab or found >= {"smoke", "quick"}, f"{path.stem} has {found}"

"""The rules for notebooks and their configs, read from the files as committed."""

import ast
import json
import re
from pathlib import Path
from statistics import median

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
MAIN = sorted(FOLDER.glob("*.ipynb"))
ALL = [*MAIN, *sorted((FOLDER / "solutions").glob("*.ipynb"))]
CONFIGS = sorted((FOLDER / "configs").glob("*/*.yaml"))
MAX_MEDIAN_LINES, MAX_PARAMETER_LINES = 6, 15

each_notebook = pytest.mark.parametrize(
    "path", ALL, ids=lambda p: p.relative_to(FOLDER).with_suffix("").as_posix()
)
each_main = pytest.mark.parametrize("path", MAIN, ids=lambda p: p.stem)
each_config = pytest.mark.parametrize(
    "path", CONFIGS, ids=lambda p: f"{p.parent.name}-{p.stem}"
)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(path):
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def source(cell):
    return "".join(cell["source"])


def lines(cell):
    return [line for line in source(cell).splitlines() if line.strip()]


def tagged(path, tag):
    return [c for c in code_cells(path) if tag in c["metadata"].get("tags", [])]


def parameter_names(path):
    """Return the names that the parameters cell assigns."""
    names = []
    for node in ast.parse(source(tagged(path, "parameters")[0])).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names += [target.id for target in targets]
    return names


@each_main
def test_the_first_code_cell_is_the_only_parameters_cell(path):
    cells = tagged(path, "parameters")
    assert len(cells) == 1
    assert cells[0]["id"] == code_cells(path)[0]["id"]


@each_main
def test_papermill_can_list_every_parameter(path):
    cell = tagged(path, "parameters")[0]
    assignments = [x for x in lines(cell) if not x.lstrip().startswith("#")]
    assert len(assignments) <= MAX_PARAMETER_LINES
    for line in assignments:
        nodes = ast.parse(line).body
        assert len(nodes) == 1 and isinstance(nodes[0], ast.Assign | ast.AnnAssign), (
            line
        )
        assert line.count("=") == 1, f"a second '=' hides the parameter: {line}"


@each_notebook
def test_a_notebook_opens_with_its_title(path):
    first = read(path)["cells"][0]
    assert first["cell_type"] == "markdown"
    assert source(first).startswith("# ")


@each_main
def test_a_notebook_checks_what_it_shows(path):
    assert tagged(path, "nbval-check-output")


@each_notebook
def test_check_cells_print_fixed_words(path):
    for cell in tagged(path, "nbval-check-output"):
        assert cell["outputs"], f"nothing to compare: {source(cell)[:60]}"
        printed = json.dumps(cell["outputs"])
        assert not re.search(r"\d\.\d{4,}", printed), (
            f"a long float: {source(cell)[:60]}"
        )


@each_notebook
def test_a_notebook_is_committed_as_run_from_top_to_bottom(path):
    counts = [cell["execution_count"] for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_no_output_is_an_error_or_a_warning(path):
    for cell in code_cells(path):
        for output in cell["outputs"]:
            assert output["output_type"] != "error", source(cell)
            assert output.get("name") != "stderr", "".join(output["text"])


@each_notebook
def test_metadata_is_clean(path):
    notebook = read(path)
    assert set(notebook["metadata"]) <= {"kernelspec", "language_info", "emolib"}
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"tags"}, cell["metadata"]


@each_notebook
def test_code_cells_are_short_and_define_no_class(path):
    cells = code_cells(path)
    assert median(len(lines(cell)) for cell in cells) <= MAX_MEDIAN_LINES
    for cell in cells:
        nodes = ast.walk(ast.parse(source(cell)))  # no magics, no shell lines
        assert not any(isinstance(node, ast.ClassDef) for node in nodes)


@each_notebook
def test_the_words_of_a_notebook_are_plain(path):
    words = re.compile(
        r"\b(novel|state[- ]of[- ]the[- ]art|obviously|simply|just)\b", re.I
    )
    for cell in read(path)["cells"]:
        if cell["cell_type"] == "markdown":
            ours = [
                x for x in source(cell).splitlines() if not x.startswith((">", "# "))
            ]
            found = [line for line in ours if words.search(line)]
            assert not found


@each_main
def test_a_notebook_has_a_quick_config(path):
    assert (FOLDER / "configs" / path.stem / "quick.yaml").exists()


@each_main
def test_a_notebook_is_named_after_its_paper(path):
    stems = [p.name for p in (ROOT / "emolib" / "papers").glob("[a-z]*") if p.is_dir()]
    assert path.stem == "start_here" or path.stem.startswith(tuple(stems))


@each_config
def test_every_key_of_a_config_is_a_parameter_of_its_notebook(path):
    notebook = FOLDER / f"{path.parent.name}.ipynb"
    assert notebook.exists(), f"{path.parent.name} has configs but no notebook"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    unknown = sorted(set(given) - set(parameter_names(notebook)))
    assert not unknown, f"{path.name}: {unknown} are not parameters."
    assert given["config"] == path.stem

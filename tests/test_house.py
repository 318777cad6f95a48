"""The rules of the house: who imports whom, names, sizes, and what files may say."""

import ast
import csv
import importlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import bootstrap

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "emolib").rglob("*.py"))
STEMS = sorted(
    p.name for p in (ROOT / "emolib" / "papers").glob("[a-z]*") if p.is_dir()
)

FOUNDATION = {"containers", "checks"}
JOINERS = {
    "",
    "__main__",
    "papers",
    "study",
    "units",
    "upkeep",
    "workers",
    "corpora",
    "reporting",
    "batch",
    "commands",
}
MAY_IMPORT_TORCH = {"models", "losses", "training", "corruptions", "papers"}
MAY_PRINT = {"__main__", "batch", "commands", "reporting"}
MAX_LINES = 350
MAX_IMPORT_S = 0.3
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "functions"}


# ---------------------------------------------------------------- who imports whom


def dotted(path):
    """Return the dotted name of a module file: emolib.losses.contrastive."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(name):
    """Return the room of a dotted module name; '' is the package itself."""
    return (name.split(".") + [""])[1]


def imports(path):
    """Return every absolute module name that a file imports, at any depth."""
    name = dotted(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            from_package = (ROOT / base.replace(".", "/")).is_dir()
            found |= {f"{base}.{a.name}" if from_package else base for a in node.names}
    return found


def may_import(importer, imported):
    """Return whether the module `importer` may import the module `imported`."""
    mine, theirs = room(importer), room(imported)
    if theirs in FOUNDATION or imported.startswith("emolib.__"):
        return mine != "checks"
    if mine == theirs == "papers":
        return importer.split(".")[2:3] == imported.split(".")[2:3]
    if mine in JOINERS or mine == theirs:
        return True
    if mine == "surrogates" and theirs == "datasets":
        return imported.split(".")[2] == importer.split(".")[2]
    return (mine, theirs) == ("store", "code")


def test_rooms_import_only_the_vessels_the_checks_and_their_own_folder():
    wrong = [
        f"{dotted(path)} imports {name}"
        for path in MODULES
        for name in sorted(imports(path))
        if name.split(".")[0] == "emolib" and not may_import(dotted(path), name)
    ]
    assert not wrong, "\n".join([*wrong, "Pass what is needed as an argument instead."])


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("emolib.losses.contrastive", "emolib.checks", True),
        ("emolib.losses.contrastive", "emolib.models.blocks", False),
        ("emolib.checks", "emolib.containers", False),
        ("emolib.surrogates.dreamer", "emolib.datasets.dreamer", True),
        ("emolib.surrogates.dreamer", "emolib.datasets.amigos", False),
        ("emolib.papers.ecg_eeg.data", "emolib.splits", True),
        ("emolib.papers.ecg_eeg.data", "emolib.papers.nmer.data", False),
        ("emolib.store", "emolib.code", True),
        ("emolib.metrics", "emolib.store", False),
    ],
)
def test_the_import_rule_tells_right_from_wrong(importer, imported, allowed):
    assert may_import(importer, imported) is allowed


def test_torch_stays_behind_its_doors():
    wrong = [
        dotted(path)
        for path in MODULES
        if room(dotted(path)) not in MAY_IMPORT_TORCH
        and any(name.split(".")[0] == "torch" for name in imports(path))
    ]
    assert not wrong, f"{wrong} import torch; only {sorted(MAY_IMPORT_TORCH)} may."


def test_importing_emolib_is_quick_and_opens_no_torch():
    code = (
        "import time; start = time.perf_counter(); import emolib; "
        "print(time.perf_counter() - start); "
        "import sys; assert 'torch' not in sys.modules"
    )
    command = [sys.executable, "-c", code]
    runs = (subprocess.run(command, cwd=ROOT, capture_output=True) for _ in range(3))
    assert min(float(run.stdout) for run in runs) < MAX_IMPORT_S


# ---------------------------------------------------------------- code


def test_only_the_command_line_prints():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        if room(dotted(path)) not in MAY_PRINT
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert not wrong, f"print( in {wrong}: return it, or log it."


def test_modules_are_short_enough_to_read():
    lines = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    long = {dotted(p): n for p, n in lines.items() if n > MAX_LINES}
    assert not long, f"{long}: split at {MAX_LINES} lines."


def test_every_folder_of_the_package_is_installed():
    folders = {path.parent for path in MODULES}
    missing = [
        str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists()
    ]
    assert not missing, f"{missing} need an __init__.py."


# ---------------------------------------------------------------- files


FILES = bootstrap.tracked_files()
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".cff", ".csv", ".ipynb", ""}


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def test_no_file_is_called_by_what_it_is_not():
    wrong = [path for path in FILES if path.stem.lower() in FORBIDDEN_NAMES]
    assert not wrong, f"{names(wrong)}: name the room."


def test_file_names_are_safe_on_windows():
    reserved = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
    wrong = [
        name
        for name in names(FILES)
        if re.search(r'[<>:"|?*]|[. ](/|$)', name)
        or any(reserved.match(part) for part in Path(name).parts)
        or len(name) > 150
    ]
    assert not wrong
    folded = Counter(name.lower() for name in names(FILES))
    assert max(folded.values(), default=1) == 1, "two names differ by case alone"


def test_no_tracked_file_is_large():
    large = [path for path in FILES if path.stat().st_size > bootstrap.MAX_KB * 1000]
    assert not large, f"{names(large)}: more than {bootstrap.MAX_KB} kB."


def test_text_names_no_folder_of_one_machine_and_no_package_registry():
    tops = "|".join(["work", "tmp", "root", "home", "Users"])
    folders = rf"(?<![\w.}}~-])/(?:{tops})/"
    hosts = [
        "py" + "pi",
        "python" + "hosted",
        "download.py" + "torch",
        "ana" + "conda.",
    ]
    hosts += ["artifactory", "devpi"]
    pattern = re.compile("|".join([folders, *map(re.escape, hosts)]))
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in FILES
        if path.suffix in TEXT and path.name not in (".gitignore", Path(__file__).name)
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not wrong, "\n".join(wrong)


def test_prose_keeps_to_plain_words():
    words = re.compile(
        r"\b(novel|state[- ]of[- ]the[- ]art|obviously|simply|just)\b", re.I
    )
    wrong = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in FILES
        if path.suffix == ".md"
        for line in path.read_text(encoding="utf-8").splitlines()
        if words.search(line) and not line.lstrip().startswith(">")
    ]
    assert not wrong, "\n".join(wrong)


# ---------------------------------------------------------------- one stem everywhere


@pytest.mark.parametrize("stem", STEMS)
def test_one_stem_names_recipe_model_paper_notebook_config_and_test(stem):
    places = [
        (ROOT / "emolib", f"models/{stem}*"),
        (ROOT / "emolib", f"papers/{stem}/README.md"),
        (ROOT / "notebooks", f"{stem}.ipynb"),
        (ROOT / "notebooks", f"configs/{stem}/quick.yaml"),
        (ROOT / "tests", f"**/test_{stem}*.py"),
    ]
    missing = [f"{top.name}/{name}" for top, name in places if not any(top.glob(name))]
    assert not missing, f"{stem} has no {missing}."


def equations():
    """Return every row of every paper's equations.csv, with the file it stands in."""
    for path in sorted((ROOT / "emolib" / "papers").glob("*/equations.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                row["paper"] = path.parent.name
                yield pytest.param(row, id=f"{row['paper']}-{row['equation']}")


def resolve(name):
    """Return the object with this dotted name, inside emolib."""
    parts = name.removeprefix("emolib.").split(".")
    for n in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(["emolib", *parts[:n]]))
        except ModuleNotFoundError:
            continue
        for part in parts[n:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(f"emolib has no {name!r}")


@pytest.mark.parametrize("row", list(equations()))
def test_every_equation_has_an_object_a_test_and_a_notebook(row):
    for name in row["object"].split():
        assert resolve(name.strip(";,")) is not None
    for place in row["test"].split():
        file, _, test = place.strip(";,").partition("::")
        path = ROOT / "tests" / file.removeprefix("tests/")
        assert path.exists(), f"{file} is not in tests/"
        is_there = f"def {test}(" in path.read_text(encoding="utf-8")
        assert is_there, f"no {place}"
    stem, _, _ = row["notebook"].removeprefix("notebooks/").partition("#")
    if not (ROOT / "notebooks" / f"{row['paper']}.ipynb").exists():
        pytest.skip(f"the notebooks of {row['paper']} are not there yet")
    stem = stem.removesuffix(".ipynb")
    assert (ROOT / "notebooks" / f"{stem}.ipynb").exists(), f"no notebook {stem!r}"

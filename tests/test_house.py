"""The rules of the house: who imports whom, sizes, names, and what files may say."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "emolib").rglob("*.py"))
STEMS = sorted(p.parent.name for p in ROOT.glob("emolib/papers/*/reported.csv"))

FOUNDATION = {"containers", "checks"}
JOINERS = {
    "", "__main__", "papers", "units", "upkeep", "workers", "study", "corpora",
    "reporting", "run",
}  # fmt: skip
MAY_IMPORT_TORCH = {"models", "losses", "training", "corruptions", "papers"}
MAX_LINES, MAX_KB, MAX_IMPORT_S = 350, 500, 0.3
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "functions"}

BUDGETS = {
    "containers": 185, "checks": 70, "settings": 89, "store": 199, "code": 89,
    "workers": 81, "units": 195, "upkeep": 88, "study": 170, "run": 141,
    "__main__": 162, "reporting": 506, "corpora": 352, "datasets": 1740,
    "surrogates": 2776, "preprocessing": 921, "splits": 259, "corruptions": 523,
    "models": 1722, "losses": 338, "training": 465, "metrics": 421, "figures": 595,
    "papers": 4274,
}  # fmt: skip
"""Lines of code that each room may hold: no blank line, comment or docstring."""

MACHINERY = (
    "containers", "checks", "settings", "store", "code", "workers", "units", "upkeep",
    "study", "run", "__main__", "reporting", "corpora", "Makefile", "Snakefile",
)  # fmt: skip
MAX_MACHINERY, MAX_PACKAGE, MAX_FILES, MAX_TESTS = 2_432, 16_368, 221, 13_720


# ---------------------------------------------------------------- sizes


def code_lines(path):
    """Return how many lines of a file hold code; of a Makefile, those not comments."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return sum(bool(x.strip()) and x[0] != "#" for x in source.splitlines())
    nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Expr)]
    texts = [n for n in nodes if isinstance(getattr(n.value, "value", None), str)]
    silent = {n for text in texts for n in range(text.lineno, text.end_lineno + 1)}
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT,
               tokenize.DEDENT, tokenize.ENDMARKER}  # fmt: skip
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    spans = [range(t.start[0], t.end[0] + 1) for t in tokens if t.type not in skipped]
    return len({n for span in spans for n in span} - silent)


def lines_of(room):
    """Return the lines of code of a room: a folder, a module or another file."""
    folder, module = ROOT / "emolib" / room, ROOT / "emolib" / f"{room}.py"
    paths = [*folder.rglob("*.py")] or [module if module.is_file() else ROOT / room]
    return sum(code_lines(path) for path in paths)


@pytest.mark.parametrize("room", BUDGETS)
def test_a_room_keeps_its_budget(room):
    n = lines_of(room)
    assert n <= BUDGETS[room], f"{n} lines: have fewer ideas, not denser lines"


def test_the_house_is_thin():
    rooms = {room(dotted(path)) for path in MODULES} - {""}
    assert rooms == set(BUDGETS), "each room has a budget, and no other"
    machinery = {part: lines_of(part) for part in MACHINERY}
    assert sum(machinery.values()) <= MAX_MACHINERY, machinery
    assert sum(map(code_lines, MODULES)) <= MAX_PACKAGE
    assert len(MODULES) <= MAX_FILES
    assert sum(map(code_lines, (ROOT / "tests").rglob("*.py"))) <= MAX_TESTS


def test_lines_of_code_leave_comments_and_docstrings_out(tmp_path):
    path = tmp_path / "a.py"
    path.write_text(
        '"""Doc."""\n\n# no\nx = """a\nb"""  # yes\n\n\ndef f():\n    "t"\n'
    )
    assert code_lines(path) == 3


def test_modules_are_short_enough_to_read():
    lines = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    long = {dotted(p): n for p, n in lines.items() if n > MAX_LINES}
    assert not long, f"{long}: split at {MAX_LINES} lines."


# ---------------------------------------------------------------- who imports whom


def dotted(path):
    """Return the dotted name of a module file: emolib.losses.contrastive."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
        ".__init__"
    )


def room(name):
    """Return the room of a dotted module name; '' is the package itself."""
    return (name.split(".") + [""])[1]


def imports(path):
    """Return every module name that a file imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{dotted(path)} imports by a relative name"
            from_package = (ROOT / node.module.replace(".", "/")).is_dir()
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names if from_package else {node.module}
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


def test_torch_stays_behind_its_doors():
    wrong = [
        dotted(path)
        for path in MODULES
        if room(dotted(path)) not in MAY_IMPORT_TORCH
        and any(name.split(".")[0] == "torch" for name in imports(path))
    ]
    assert not wrong, f"{wrong} import torch; only {sorted(MAY_IMPORT_TORCH)} may."


def test_importing_emolib_is_quick_and_opens_no_torch():
    said = "print(time.process_time(), 'torch' in sys.modules)"
    command = [sys.executable, "-c", f"import emolib, sys, time; {said}"]
    runs = (subprocess.run(command, cwd=ROOT, capture_output=True) for _ in range(3))
    seconds, has_torch = zip(*(run.stdout.split() for run in runs), strict=True)
    assert min(map(float, seconds)) < MAX_IMPORT_S and {*has_torch} == {b"False"}


def test_nothing_prints_and_every_folder_is_installed():
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert not wrong, f"print( in {wrong}: return it, or log it."
    bare = {str(p.parent) for p in MODULES if not (p.parent / "__init__.py").exists()}
    assert not bare, f"{bare} need an __init__.py."


# ---------------------------------------------------------------- files


def tracked_files():
    """Return the files git knows, or might soon; none where there is no git."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    said = subprocess.run(listing, cwd=ROOT, capture_output=True, check=False).stdout
    paths = [ROOT / name for name in said.decode().split("\0") if name]
    return sorted(path for path in paths if path.is_file())


FILES = tracked_files()
TEXT = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".cff", ".csv", ".ipynb", ""}


def names(paths):
    return [path.relative_to(ROOT).as_posix() for path in paths]


def test_file_names_say_what_is_inside_and_are_safe_on_windows():
    wrong = [path for path in FILES if path.stem.lower() in FORBIDDEN_NAMES]
    assert not wrong, f"{names(wrong)}: name the room."
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
    large = [path for path in FILES if path.stat().st_size > MAX_KB * 1000]
    assert not large, f"{names(large)}: more than {MAX_KB} kB."


def test_text_names_no_folder_of_one_machine_and_no_package_registry():
    tops = "|".join(["work", "tmp", "root", "home", "Users"])
    folders = rf"(?<![\w.}}~-])/(?:{tops})/"
    hosts = ["py" + "pi", "python" + "hosted", "download.py" + "torch"]
    hosts += ["ana" + "conda.", "artifactory", "devpi"]
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


@pytest.mark.parametrize("stem", STEMS)
def test_one_stem_names_a_papers_room_model_notebook_config_and_test(stem):
    places = [
        f"emolib/papers/{stem}/README.md", f"emolib/models/{stem}*",
        f"notebooks/{stem}.ipynb", f"notebooks/configs/{stem}/quick.yaml",
        f"tests/**/test_{stem}*.py", f"tests/papers/{stem}/test_*.py",
    ]  # fmt: skip
    missing = [place for place in places if not any(ROOT.glob(place))]
    assert not missing, f"{stem} has no {missing}."

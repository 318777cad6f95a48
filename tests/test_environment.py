"""pyproject.toml, environment.yml, constraints.txt, imports and what is installed."""

import ast
import importlib.metadata
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAMES = {
    "torch": "pytorch", "snakemake": "snakemake-minimal",
    "opencv-python-headless": "py-opencv", "jupyter-client": "jupyter_client",
}  # fmt: skip
NOT_PINNED = {"pip", "wheel", "uv", "emolib", "setuptools"}
TOOLS = {
    "codespell", "ipykernel", "jupyterlab", "nbconvert", "nbstripout", "nbval",
    "pytest-benchmark", "pytest-timeout", "pytest-xdist", "ruff", "snakemake",
    "snakemake-executor-plugin-slurm", "tabulate",
}  # fmt: skip
"""What is typed, or loaded by others by its name, and not imported."""

OWN = {"emolib", "tests", *(p.stem for p in (ROOT / "tests").rglob("*.py"))}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
PINS = (ROOT / "constraints.txt").read_text("utf-8")


def requirements(*extras):
    """Return name -> range of what the project asks for."""
    lines = [*PROJECT["dependencies"]]
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    parsed = [Requirement(line) for line in lines]
    return {canonicalize_name(item.name): item.specifier for item in parsed}


def pins(python=None):
    """Return name -> version of the pins that hold here, or on another Python."""
    given = {"python_version": python, "python_full_version": f"{python}.8"}
    place = given if python else {}
    parsed = [Requirement(line) for line in PINS.splitlines()]
    held = [p for p in parsed if p.marker is None or p.marker.evaluate(place)]
    return {canonicalize_name(p.name): str(p.specifier).lstrip("=") for p in held}


def sources():
    """Yield the Python of every module, test and notebook."""
    for top in ("emolib", "tests", "benchmarks"):
        for path in (ROOT / top).rglob("*.py"):
            yield path.read_text("utf-8")
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield "".join(cell["source"])


def imported():
    """Return the top-level names that are imported anywhere, ours and Python's out."""
    found = set()
    for source in sources():
        found |= set(re.findall(r'importorskip\("(\w+)"\)', source))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - OWN


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    homes = importlib.metadata.packages_distributions()
    names = {canonicalize_name(homes.get(name, [name])[0]) for name in imported()}
    declared = set(requirements(*PROJECT["optional-dependencies"]))
    assert names - declared == set(), "imported, but not in pyproject.toml"
    assert declared - names - TOOLS == set(), "in pyproject.toml, but not imported"


def test_conda_asks_for_what_pyproject_asks_for():
    lines = [line for line in CONDA if isinstance(line, str)]
    split = [re.fullmatch(r"([a-z0-9_-]+)(.*)", line).groups() for line in lines]
    ranges = {name: SpecifierSet(text) for name, text in split if name != "pip"}
    wanted = requirements("video", "dev")
    wanted = {CONDA_NAMES.get(name, name): held for name, held in wanted.items()}
    assert ranges == {**wanted, "python": SpecifierSet(PROJECT["requires-python"])}
    assert CONDA[-1] == {"pip": ["--editable ."]}
    named = "jupyterlab papermill nbval pytorch mne scipy seaborn pytest".split()
    assert set(named) <= set(ranges)


def test_every_conda_entry_is_conda_grammar():
    rattler = pytest.importorskip("rattler")
    for line in CONDA:
        assert isinstance(line, dict) or rattler.MatchSpec(line).name is not None


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_every_range_contains_its_pin(python):
    held = pins(python)
    for name, wanted in requirements(*PROJECT["optional-dependencies"]).items():
        assert wanted.contains(held[name]), f"{name}: {held[name]} is not {wanted}"


def test_the_supported_pythons_are_the_same_everywhere():
    supported = SpecifierSet(PROJECT["requires-python"])
    minors = [n for n in range(5, 30) if supported.contains(f"3.{n}.0")]
    assert minors == [11, 12, 13]
    assert '"Python 3.1"[123].*' in (ROOT / "Makefile").read_text("utf-8")


def test_constraints_are_exact_and_name_no_host_and_no_build():
    for line in PINS.splitlines():
        assert re.match(r"[a-z0-9-]+==[0-9a-z.]+( ;|$)", line), line


@pytest.mark.skipif(
    (Path(sys.prefix) / "conda-meta").exists(), reason="conda chose its own versions"
)
def test_what_is_installed_is_what_is_pinned_and_all_that_is_asked_for():
    found = {
        canonicalize_name(item.name): item.version.partition("+")[0]
        for item in importlib.metadata.distributions()
    }
    held = pins()
    other = {
        name: (version, held.get(name, "not pinned"))
        for name, version in found.items()
        if name not in NOT_PINNED and held.get(name) != version
    }
    assert not other, f"installed, pinned: {other}. Run: make distclean env"
    missing = sorted(set(requirements("video", "dev")) - set(found))
    assert not missing, f"not installed: {missing}. Run: make env"

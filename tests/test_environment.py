"""pyproject.toml, environment.yml, constraints.txt and what is installed agree."""

import importlib.metadata
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
    "torch": "pytorch",
    "opencv-python-headless": "py-opencv",
    "snakemake": "snakemake-minimal",
}
NOT_PINNED = {"pip", "wheel", "uv", "emolib"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8")


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


def conda_ranges():
    """Return name -> range of the conda section, without Python and pip."""
    lines = [line for line in CONDA["dependencies"] if isinstance(line, str)]
    split = [re.fullmatch(r"([a-z0-9_-]+)(.*)", line).groups() for line in lines]
    return {name: SpecifierSet(text) for name, text in split if name != "pip"}


def test_conda_asks_for_what_pyproject_asks_for():
    wanted = requirements("video", "dev")
    wanted = {CONDA_NAMES.get(name, name): held for name, held in wanted.items()}
    wanted["python"] = SpecifierSet(PROJECT["requires-python"])
    assert conda_ranges() == wanted


def test_conda_names_the_eight_packages_of_the_design():
    names = "jupyterlab papermill nbval pytorch mne scipy seaborn pytest".split()
    assert set(names) <= set(conda_ranges())


def test_the_pip_section_of_conda_installs_the_project_alone():
    assert CONDA["dependencies"][-1] == {"pip": ["--editable ."]}
    assert CONDA["channels"] == ["conda-forge", "bioconda"]


def test_every_conda_entry_is_conda_grammar():
    rattler = pytest.importorskip("rattler")
    lines = [line for line in CONDA["dependencies"] if isinstance(line, str)]
    for line in lines:
        assert rattler.MatchSpec(line).name is not None


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


def test_constraints_are_exact_and_name_no_host():
    assert "://" not in PINS
    assert "@" not in PINS
    assert "+" not in PINS, "a local version such as +cpu fits one machine only"
    for line in PINS.splitlines():
        assert re.match(r"[a-z0-9-]+==[0-9a-z.]+( ;|$)", line), line


def installed():
    """Return name -> version, local part dropped, of every distribution here."""
    found = {}
    for item in importlib.metadata.distributions():
        found[canonicalize_name(item.name)] = item.version.partition("+")[0]
    return found


from_pins = pytest.mark.skipif(
    (Path(sys.prefix) / "conda-meta").exists(), reason="conda chose its own versions"
)


@from_pins
def test_what_is_installed_is_what_is_pinned():
    held, found = pins(), installed()
    for name in NOT_PINNED | {"setuptools"}:
        found.pop(name, None)
    unpinned = sorted(set(found) - set(held))
    assert not unpinned, f"installed, but not in constraints.txt: {unpinned}"
    other = {name: (v, held[name]) for name, v in found.items() if held[name] != v}
    assert not other, f"installed, pinned: {other}. Run: make env"


@from_pins
def test_everything_asked_for_is_installed():
    missing = sorted(set(requirements("video", "dev")) - set(installed()))
    assert not missing, f"not installed: {missing}. Run: make env"


def test_notebooks_find_the_kernel_of_this_environment():
    from jupyter_client.kernelspec import KernelSpecManager

    spec = KernelSpecManager().get_kernel_spec("python3")
    folder = Path(spec.resource_dir).resolve()
    inside = folder.is_relative_to(Path(sys.prefix).resolve())
    assert inside or "ipykernel" in folder.parts

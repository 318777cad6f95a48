"""A toy project: a notebook of no paper, or of a tiny one in a copy of the package."""

import os
import shutil
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
PARAMETERS = """config: str = ""  # name of the config
data: str = "surrogate"  # where the corpora come from
n_folds: int = 3  # folds
lr: float = 6e-4  # step
targets: list[str] = ["valence"]  # what is predicted
run_name: str = ""  # name of a changed run
seed: int = 0  # of everything"""

SETTINGS = """settings = dict(config=config, data=data, n_folds=n_folds, lr=lr,
                targets=targets, run_name=run_name, seed=seed)"""

WORK = """import numpy as np
import pandas as pd
rng = np.random.default_rng(seed)
rows = [dict(paper="toy", item="Table 1", dataset="toy", source=data, target=t,
             protocol="by_subject", method="Toy", variant="", condition="",
             fold=f, seed=seed, metric="auc", value=rng.random() * float(lr) * 1e3)
        for t in targets for f in range(n_folds)]
results = pd.DataFrame(rows).sample(frac=1)"""

SAVE = """from emolib.reporting import save_report
print(save_report("toy", settings, results=results,
      tables={"table_1": results.sort_values("fold").head(1)}))"""

DRAW = """from matplotlib.figure import Figure
figure = Figure(figsize=(3.5, 2))
figure.subplots().plot(results["value"].sort_values().to_numpy())
figure.alt_text = f"{len(results)} values, rising."
"""
SAVE_FIGURE = DRAW + SAVE[:-2] + ', figures={"fig_1_values": figure}))'


def write_project(root, **cells):
    """Write a toy project with notebook 'toy' and config 'quick'."""
    (root / "notebooks" / "configs" / "toy").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[project]\nname = "emolib"\n')
    (root / "notebooks" / "configs" / "toy" / "quick.yaml").write_text(
        "config: quick\nn_folds: 4\nlr: 1e-3\n"
    )
    write_notebook(root, **cells)
    return root


def write_notebook(
    root, *, parameters=PARAMETERS, settings=SETTINGS, work=WORK, save=SAVE, paper=None
):
    """Write the notebook 'toy' of a toy project."""
    cells = [nbformat.v4.new_markdown_cell("# Toy")]
    sources = [parameters, settings, work, save]
    cells += [nbformat.v4.new_code_cell(s) for s in sources if s]
    cells[1].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata = {"kernelspec": kernel, "emolib": {"paper": paper}}
    nbformat.write(notebook, root / "notebooks" / "toy.ipynb")


# ---------------------------------------------------------------- with units

TINY = {
    "__init__.py": '''"""A paper of as many units as folds."""

from typing import Literal

from emolib.settings import Count, Number, Typed
from emolib.units import Unit


class Settings(Typed):
    """What the notebook's parameters hold."""

    config: str = ""
    data: Literal["surrogate", "local"] = "surrogate"
    n_folds: Count = 3
    systems: list[Literal["slow", "broken"]] = ["slow"]
    seconds: Number = 0.1
    n_workers: Count = 1
    device: str = "cpu"
    run_name: str = ""


def expand(parameters):
    """Return the units."""
    settings = Settings.of(parameters)
    return [
        Unit(
            "tiny", system, {"n": 8},
            {"fold": fold, "seconds": settings.seconds},
            {"method": system, "fold": fold},
        )
        for system in settings.systems
        for fold in range(settings.n_folds)
    ]
''',
    "data.py": '''"""Windows of the tiny paper."""

import numpy as np
import pandas as pd

from emolib.containers import Windows


def input_digest(data):
    """Return what the data are."""
    return "tiny"


def prepare(data):
    """Return the windows."""
    n = data["n"]
    meta = pd.DataFrame({"subject": ["s1"] * n, "trial": "1", "session": "1"})
    meta = meta.assign(start_s=np.arange(n) * 1.0)
    x = {"eeg": np.zeros((n, 1, 4), "float32")}
    return Windows(x, np.arange(n) % 2, meta, np.ones((n, 1), bool))
''',
    "systems/__init__.py": '"""Its systems."""\n',
    "systems/slow.py": '''"""A system that sleeps, and notes that it did."""

import os
import time
from pathlib import Path

import numpy as np

from emolib.store import Outcome


def run(settings, context):
    """Return the same prediction for all."""
    fold, windows = settings["fold"], context.windows
    with Path(os.environ["DIARY"]).open("a") as diary:
        diary.write(f"{fold}\\n")
    time.sleep(settings["seconds"])
    return Outcome(
        windows.meta.assign(
            window=np.arange(len(windows)), fold=fold, seed=0, y_true=windows.y,
            y_pred=windows.y, y_score_1=fold / 100,
        )
    )
''',
    "systems/broken.py": '''"""A system that fails."""


def run(settings, context):
    """Fail."""
    if settings["fold"] is not None:
        raise FloatingPointError("the loss is not finite")
''',
}  # fmt: skip
TINY_PARAMETERS = """config: str = ""  # name of the config
data: str = "surrogate"  # where the corpora come from
n_folds: int = 3  # folds
systems: list[str] = ["slow"]  # rows of the table
seconds: float = 0.1  # that a unit takes
n_workers: int = 1  # processes
device: str = "cpu"  # no process loads torch
run_name: str = ""  # name of a changed run"""

TINY_SETTINGS = """from emolib.papers import tiny
from emolib.units import run_units
settings = tiny.Settings.of(globals())"""

TINY_WORK = """import pandas as pd
done = run_units(tiny.expand(settings.as_dict()), device=device)
results = pd.DataFrame([
    dict(paper="tiny", item="Table 1", dataset="toy", source=data, target="valence",
         protocol="by_subject", variant="", condition="", seed=0, metric="auc",
         value=entry.predictions["y_score_1"].mean(), **unit.labels)
    for unit, entry in done.entries])
lost = [{**unit.labels, "reason": reason} for unit, reason in done.failures]"""

TINY_SAVE = SAVE.replace("results=results,", "results=results, failures=lost,")


def write_tiny_project(root):
    """Write a project with a copy of the package in which a tiny paper stands."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "emolib", root / "emolib", ignore=ignored)
    shutil.copyfile(ROOT / "Snakefile", root / "Snakefile")
    for name, text in TINY.items():
        path = root / "emolib" / "papers" / "tiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    write_project(
        root, parameters=TINY_PARAMETERS, settings=TINY_SETTINGS, work=TINY_WORK,
        save=TINY_SAVE, paper="tiny",
    )  # fmt: skip
    (root / "notebooks/configs/toy/quick.yaml").write_text(
        "config: quick\nn_folds: 4\n"
    )
    return root


def environment_of(project, cache=".emolib"):
    """Return the environment in which a project's own package and cache are used."""
    own = {
        "PYTHONPATH": str(project if (project / "emolib").is_dir() else ROOT),
        "EMOLIB_CACHE": str(project / cache), "DIARY": str(project / "diary.txt"),
    }  # fmt: skip
    return {**os.environ, **own}

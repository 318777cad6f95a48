"""A toy project: a notebook of no paper, or of a tiny one in a copy of the package."""

import shutil
from pathlib import Path

import nbformat
from click.testing import CliRunner
from toy_project import ToyProject, wait_until

from emolib.__main__ import main

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RUN = ["-m", "emolib", "run", "toy", "--config", "quick"]
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


def emolib(*words):
    """Type a command in this process and return what came of it."""
    return CliRunner().invoke(main, words)


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


UNIT_PARAMETERS = """config: str = ""  # name of the config
data: str = "surrogate"  # where the corpora come from
n_folds: int = 3  # folds
systems: list[str] = ["linear"]  # rows of the table
seconds: float = 0.1  # that a unit takes
n_workers: int = 1  # processes
device: str = "cpu"  # no process loads torch
run_name: str = ""  # name of a changed run"""

UNIT_SETTINGS = """from emolib.papers import toy
from emolib.units import run_units
settings = toy.Settings.of(globals())"""

UNIT_WORK = """import pandas as pd
done = run_units(toy.expand(settings.as_dict()), device=device)
results = pd.DataFrame([
    dict(paper="toy", item="Table 1", dataset="toy", source=data, target="valence",
         protocol="by_subject", variant="", condition="", seed=0, metric="auc",
         value=entry.predictions["y_score_1"].mean() + unit.labels["fold"],
         method=unit.labels["method"], fold=unit.labels["fold"])
    for unit, entry in done.entries])
lost = [{**unit.labels, "reason": reason} for unit, reason in done.failures]"""

UNIT_SAVE = SAVE.replace("results=results,", "results=results, failures=lost,")


class Project(ToyProject):
    """A project with the whole package, the toy paper, its notebook and a config."""

    def _make(self):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "emolib", self.folder / "emolib", ignore=ignored)
        shutil.copytree(HERE / "toy", self.paper, ignore=ignored)
        shutil.copyfile(HERE / "toy_room.py", self.paper / "__init__.py")
        self.edit("papers/toy/data.py", "emolib.corpora", "emolib.papers.toy.corpora")
        shutil.copyfile(ROOT / "Snakefile", self.folder / "Snakefile")
        write_project(
            self.folder, parameters=UNIT_PARAMETERS, settings=UNIT_SETTINGS,
            work=UNIT_WORK, save=UNIT_SAVE, paper="toy",
        )  # fmt: skip
        self.configure("n_folds: 4")
        self._diary.touch()

    def configure(self, *lines):
        """Write the config."""
        text = "\n".join(["config: quick", *lines, ""])
        (self.folder / "notebooks/configs/toy/quick.yaml").write_text(text)

    def kill(self, process):
        """Kill a process; what it started must end within 5 s.

        Nothing reads its pipe before, which would wait for all who hold it.
        """
        process.kill()
        process.wait()
        wait_until(lambda: not self.processes(), 5)
        process.communicate()

    def finish(self, *command):
        """Run a command; return its exit code and what it said."""
        process = self.begin(*command)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said

    def begun(self):
        """Return the folds whose units were begun, in order."""
        return [line[5:] for line in self.diary() if line.startswith("unit ")]

    def results(self, folder="quick"):
        return (self.folder / "reports/toy" / folder / "results.csv").read_bytes()

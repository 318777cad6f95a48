"""A toy project: one notebook, one config, no recipe."""

import nbformat

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
             protocol="by_subject", method="ours", variant="", condition="",
             fold=f, seed=seed, metric="auc", value=rng.random() * float(lr) * 1e3)
        for t in targets for f in range(n_folds)]
results = pd.DataFrame(rows).sample(frac=1)"""

SAVE = """import matplotlib
matplotlib.use("agg")
from matplotlib.figure import Figure
from emolib.reporting import save_report
figure = Figure(figsize=(3.5, 2))
figure.subplots().plot(results["value"].sort_values().to_numpy())
figure.alt_text = f"{len(results)} values, rising."
print(save_report("toy", settings, results=results,
      tables={"table_1": results.sort_values("fold").head(1)},
      figures={"fig_1_values": figure}))"""

SAVE_NO_FIGURE = """from emolib.reporting import save_report
print(save_report("toy", settings, results=results,
      tables={"table_1": results.sort_values("fold").head(1)}))"""
"""Half of a run's time goes into loading matplotlib: for runs whose end is enough."""


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
    root, *, work=WORK, save=SAVE, parameters=PARAMETERS, settings=SETTINGS, recipe=None
):
    """Write the notebook 'toy' of a toy project."""
    cells = [nbformat.v4.new_markdown_cell("# Toy")]
    sources = [parameters, settings, work, save]
    cells += [nbformat.v4.new_code_cell(s) for s in sources if s]
    cells[1].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    outputs = ["table_1.md", "fig_1_values.svg"]
    notebook.metadata["emolib"] = {"outputs": outputs, "recipe": recipe}
    nbformat.write(notebook, root / "notebooks" / "toy.ipynb")

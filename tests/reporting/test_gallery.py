"""The gallery: which run of a notebook a reader on the web sees, and how old it is."""

import json

import pytest
from toy_notebooks import write_notebook

from emolib.reporting import gallery_table, make_gallery, save_report

from .conftest import VALUES, results


def save(source="surrogate", **changes):
    rows, values = results(source), {**VALUES, **changes}
    save_report("toy", values, results=rows, tables={"table_1": rows})


def test_an_entry_keeps_tables_and_run_but_neither_arrays_nor_host(project):
    save()
    (line,) = make_gallery()
    assert line.startswith("toy: made by version") and line.endswith("by today's code")
    folder = project / "reports/gallery/toy"
    names = {path.name for path in folder.iterdir()}
    assert names == {"table_1.csv", "table_1.md", "run.json"}
    assert "host" not in json.loads((folder / "run.json").read_text())
    assert "[table_1](toy/table_1.md)" in (folder.parent / "README.md").read_text()


def test_the_highest_tier_is_shown_and_other_configs_stand_beside_it(project):
    for name in ("smoke", "extra"):
        config = project / "notebooks/configs/toy" / f"{name}.yaml"
        config.write_text(f"config: {name}\n")
    save(config="smoke", n_folds=3, lr=6e-4)
    save()
    save(config="extra", n_folds=3, lr=6e-4)
    assert [line.split(":")[0] for line in make_gallery()] == ["toy", "toy_extra"]
    run = json.loads((project / "reports/gallery/toy/run.json").read_text())
    assert run["config"] == "quick"


@pytest.mark.parametrize("source", ["licensed", "unknown source"])
def test_licensed_and_changed_runs_are_never_copied(project, source):
    save(source)
    save(n_folds=9)
    save(config="")
    assert make_gallery() == []


def test_a_reader_learns_that_code_or_settings_changed_since(project):
    assert "'emolib gallery' makes it" in gallery_table("toy", "table_1")
    save()
    make_gallery()
    assert gallery_table("toy", "table_1").rstrip().endswith("by today's code")
    config = project / "notebooks/configs/toy/quick.yaml"
    config.write_text("config: quick\nn_folds: 5\nlr: 1e-3\n")
    assert "data; parameters since changed" in gallery_table("toy", "table_1")
    write_notebook(project, work="results = 1")
    assert "code and parameters since changed" in gallery_table("toy", "table_1")

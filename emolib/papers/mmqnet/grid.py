"""Expanding settings into units, in the order of the tables."""

from __future__ import annotations

from itertools import product

from emolib.corpora import CORPORA as KNOWN
from emolib.corpora import identify
from emolib.papers.mmqnet.settings import (
    ABLATION_RATE,
    CORPORA,
    MMQ_NET,
    OBSERVERS,
    SYSTEMS,
    Settings,
)
from emolib.papers.mmqnet.training import TASK_KEYS, pick
from emolib.units import Unit

PAPER = "mmqnet"
AXES = {
    "dataset": "corpora", "target": "targets", "preset": "presets",
    "system": "systems", "rate": "rates", "seed": "seeds", "fold": "folds",
}  # fmt: skip
"""Label of a unit -> the setting that lists its values."""
LABELS = (
    "dataset", "target", "protocol", "preset", "system", "rate", "method", "variant",
    "condition", "item",
)  # fmt: skip
"""What tables call a unit; fold and seed stand in its predictions."""
DATA_KEYS = (
    "corpus", "targets", "data", "surrogate", "window_s", "entropy", "variance",
    "de_bands", "peripherals", "literal_2_2", "source",
)  # fmt: skip


def expand(settings: Settings) -> list[Unit]:
    """Return the units of a run, in the order of its tables."""
    few = {"systems": settings.beside_systems, "rates": settings.beside_rates}
    chosen = {
        name: [value for value in getattr(settings, name) if value in values]
        for name, values in few.items()
    }
    fewer = settings.model_copy(update=chosen)
    more = [fold for fold in settings.more_folds if fold not in settings.folds]
    again = fewer.model_copy(update={"folds": more})
    parts = [(settings, _cells), (again, _cells), (settings, _swept)]
    cells = [
        cell for own, of in parts for p in settings.protocols for cell in of(own, p)
    ]
    cells += [cell for p in settings.beside for cell in _cells(fewer, p)]
    return [_unit(settings, cell) for cell in cells]


def _cells(settings: Settings, protocol: str):
    """Yield one dictionary per combination of the grid that is a cell of a table."""
    for values in product(*(getattr(settings, name) for name in AXES.values())):
        cell = dict(zip(AXES, values, strict=True), protocol=protocol)
        kind = SYSTEMS[cell["system"]].kind
        is_own = kind in ("method", "ablation")
        if (
            cell["target"] in CORPORA[cell["dataset"]].targets
            and (is_own or cell["preset"] == settings.presets[0])
            and (kind != "ablation" or cell["rate"] == ABLATION_RATE)
            and (kind != "ceiling" or _is_bounded(settings, cell))
        ):
            yield cell


def _is_bounded(settings: Settings, cell: dict) -> bool:
    """Tell whether a cell has a ceiling: on a surrogate, under an honest split."""
    known = identify(cell["dataset"], data=settings.data).parameters
    return bool(known) and cell["protocol"] in OBSERVERS


def _swept(settings: Settings, protocol: str):
    """Yield the cells of a sweep: the whole method with one weight changed."""
    only = {"systems": [MMQ_NET], "rates": [ABLATION_RATE]}
    for cell in _cells(settings.model_copy(update=only), protocol):
        for name, values in settings.sweep.items():
            for value in values:
                words = {"variant": f"{name} = {value:g}", "item": "sweep"}
                yield {**cell, name: value, "names": words}


def _unit(settings: Settings, cell: dict) -> Unit:
    """Return the unit of one cell: only what its system reads is in its settings."""
    system, corpus = SYSTEMS[cell["system"]], CORPORA[cell["dataset"]]
    known = {
        **settings.method(cell["preset"]).as_dict(),
        **cell,
        **system.change,
        "n_folds": settings.n_folds,
        "threshold": corpus.threshold,
        "corpus": cell["dataset"],
        "targets": corpus.targets,
        "data": settings.data,
        "source": settings.source,
        "surrogate": knobs(settings, cell["dataset"]),
    }
    variant = cell["system"] if system.kind == "ablation" else ""
    names = {"method": MMQ_NET if variant else cell["system"], "variant": variant}
    names |= {"item": corpus.item} | cell.pop("names", {})
    return Unit(
        paper=PAPER,
        system=system.module,
        data=pick(known, DATA_KEYS),
        settings=pick(
            known, dict.fromkeys((*TASK_KEYS, *system.reads, *system.change))
        ),
        labels={**cell, **names, "condition": condition(cell)},
    )


def knobs(settings: Settings, corpus: str) -> dict:
    """Return the knobs of a corpus's surrogate writer; an open corpus has none."""
    is_open = corpus in KNOWN and KNOWN[corpus].is_open
    return {} if is_open else settings.surrogate


def condition(cell: dict) -> str:
    """Return what was done to the data, in words a table can print."""
    words = f"missing {cell['rate']:g}"
    printed = cell["preset"].replace("_", " ")
    return words if cell["preset"] == "default" else f"{words}, {printed}"

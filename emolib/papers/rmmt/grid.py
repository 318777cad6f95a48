"""Expanding settings into units, in the order of the tables."""

from __future__ import annotations

from itertools import product

from emolib.corpora import CORPORA as KNOWN
from emolib.papers.rmmt.settings import LOSO, RMMT, SWEEP, SYSTEMS, Settings
from emolib.papers.rmmt.training import TASK_KEYS, pick
from emolib.units import Unit

PAPER, TARGET = "rmmt", "valence"
AXES = {
    "dataset": "corpora", "protocol": "protocols", "preset": "presets",
    "system": "systems", "seed": "seeds", "fold": "folds",
}  # fmt: skip
"""Label of a unit -> the setting that lists its values."""
LABELS = (
    "dataset", "target", "protocol", "preset", "system", "alpha", "method", "variant",
    "condition",
)  # fmt: skip
"""What tables call a unit; fold and seed stand in its predictions."""
DATA_KEYS = (
    "corpus", "data", "surrogate", "backbone", "checkpoint", "frames_per_step", "psd",
)  # fmt: skip


def expand(settings: Settings) -> list[Unit]:
    """Return the units of a run, in the order of its tables."""
    return [_unit(settings, cell) for cell in _cells(settings)]


def _cells(settings: Settings):
    """Yield one dictionary per combination of the grid that is a cell of a table."""
    for values in product(*(getattr(settings, name) for name in AXES.values())):
        cell = dict(zip(AXES, values, strict=True))
        system, by_subject = SYSTEMS[cell["system"]], cell["protocol"] == "by_subject"
        is_printed = LOSO in system.items if by_subject else {*system.items} - {LOSO}
        is_first = cell["preset"] == settings.presets[0]
        if not is_printed or not (is_first or system.kind == "method"):
            continue
        alpha = settings.method(cell["preset"]).w_distillation
        yield {**cell, "alpha": alpha}
        if cell["system"] == RMMT and is_first and not by_subject:
            yield from ({**cell, "alpha": a} for a in settings.alphas if a != alpha)


def _unit(settings: Settings, cell: dict) -> Unit:
    """Return the unit of one cell: only what its system reads is in its settings."""
    system, method = SYSTEMS[cell["system"]], settings.method(cell["preset"]).as_dict()
    by_subject = cell["protocol"] == "by_subject"
    share = "val_fraction_subject" if by_subject else "val_fraction"
    known = {
        **method, **cell, "w_distillation": cell["alpha"], **system.change,
        "n_folds": settings.n_subject_folds if by_subject else settings.n_folds,
        "val_fraction": method[share],
        "corpus": cell["dataset"], "data": settings.data,
        "surrogate": knobs(settings, cell["dataset"]),
    }  # fmt: skip
    labels = {"target": TARGET, "method": cell["system"], "variant": ""}
    return Unit(
        paper=PAPER,
        system=system.module,
        data=pick(known, DATA_KEYS),
        settings=pick(
            known, dict.fromkeys((*TASK_KEYS, *system.reads, *system.change))
        ),
        labels={**cell, **labels, "condition": cell["preset"].replace("_", " ")},
    )


def knobs(settings: Settings, corpus: str) -> dict:
    """Return the knobs of a corpus's surrogate writer; an open corpus has none."""
    is_open = corpus in KNOWN and KNOWN[corpus].is_open
    return {} if is_open else settings.surrogate


def places(labels: dict) -> list[tuple[str, str]]:
    """Return where the paper prints a unit: table and condition, several perhaps.

    RMMT at its own alpha stands in five tables; it is trained once. The constant, this
    run's floor, stands in all of them.
    """
    condition = "" if labels["condition"] == "default" else labels["condition"]
    items, by_subject = (
        SYSTEMS[labels["system"]].items,
        labels["protocol"] != "by_trial",
    )
    if by_subject:
        return [(LOSO, condition)]
    found = [(item, condition) for item in items if item not in (LOSO, SWEEP)]
    if labels["system"] != RMMT:
        return found + [(SWEEP, labels["system"])] * (SWEEP in items)
    at = ", ".join(filter(None, [f"alpha {labels['alpha']:g}", condition]))
    return [*found, (SWEEP, at)] if labels["alpha"] == 1 else [(SWEEP, at)]

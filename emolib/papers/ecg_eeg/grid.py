"""Expanding settings into units, in the order of the tables."""

from __future__ import annotations

from itertools import product

from emolib.corpora import CORPORA, identify
from emolib.papers.ecg_eeg.data import QUANTITIES
from emolib.papers.ecg_eeg.settings import ALIGNMENT, SWEEPS, SYSTEMS, TARGETS, Settings
from emolib.papers.ecg_eeg.training import ENCODER_KEYS, FIT_KEYS, TASK_KEYS, pick
from emolib.units import Unit

PAPER = "ecg_eeg"
AXES = {
    "dataset": "corpora", "target": "targets", "preset": "presets",
    "system": "systems", "label_fraction": "label_fractions", "seed": "seeds",
}  # fmt: skip
"""Label of a unit -> the setting that lists its values."""
LABELS = (
    "dataset", "target", "protocol", "preset", "system", "label_fraction", "method",
    "variant", "condition", "sweep", "swept", "item",
)  # fmt: skip
"""What tables call a unit; fold and seed stand in its predictions."""
ITEMS = {"dreamer": "Table 1", "amigos": "Table 2"}
"""The paper's table of each corpus; one that it does not use has its own."""

DATA_KEYS = (
    "corpus", "targets", "data", "surrogate", "window_s", "last_s", "videos",
    "zscore_scope", "eeg_filter",
)  # fmt: skip
CURVE_KEYS = ("n_windows", "n_test", "val_fraction", "seed")


def expand(settings: Settings) -> list[Unit]:
    """Return the units of a run; one that two tables share appears once."""
    cells = [
        _unit(settings, {**cell, **change})
        for cell in _cells(settings)
        for change in _changes(settings, cell)
    ]
    return cells + _readability(settings)


def _cells(settings: Settings):
    """Yield one dictionary per combination of the grid that is a cell of a table."""
    for values in product(*(getattr(settings, name) for name in AXES.values())):
        cell = dict(zip(AXES, values, strict=True))
        for protocol in _protocols(settings, cell):
            is_new = protocol == "by_subject"  # where subjects overlap, fewer folds
            for fold in settings.folds if is_new else settings.folds_within:
                yield {**cell, "protocol": protocol, "fold": fold}


def _protocols(settings: Settings, cell: dict) -> list[str]:
    """Return the protocols under which a cell stands in a table: none, for some."""
    system, corpus = SYSTEMS[cell["system"]], cell["dataset"]
    if (
        cell["target"] not in TARGETS[corpus]
        or (cell["label_fraction"] < 1 and not system.few_labels)
        or (cell["preset"] != settings.presets[0] and not system.presets)
    ):
        return []
    if system.kind == "reader":
        return settings.reader_protocols
    if system.kind == "ceiling":  # known of a surrogate alone
        known = identify(corpus, data=settings.data).parameters
        bounded = system.change["observers"]
        return [p for p in settings.protocols if known and p in bounded]
    within = cell["system"] in settings.systems_within
    return [p for p in settings.protocols if within or p == "by_subject"]


def _changes(settings: Settings, cell: dict) -> list[dict]:
    """Return what is swept: of the method, by subject, at the fewest labels.

    With all labels there is nothing that alignment could gain, so nothing to see.
    """
    place = (cell["system"], cell["protocol"], cell["label_fraction"])
    plain = [{"sweep": "", "swept": 0.0}]
    if place != (ALIGNMENT, "by_subject", min(settings.label_fractions)):
        return plain
    return plain + [
        {"sweep": name, "swept": float(value)}
        for name, values in settings.sweep.items()
        for value in values
    ]


def _unit(settings: Settings, cell: dict) -> Unit:
    """Return the unit of one cell: only what its system reads is in its settings."""
    system, corpus = SYSTEMS[cell["system"]], cell["dataset"]
    swept = dict.fromkeys(SWEEPS.get(cell["sweep"], ()), cell["swept"])
    method = settings.method(cell["preset"], **swept)
    known = {
        **method.as_dict(),
        **cell,
        **system.change,
        "n_folds": settings.n_folds,
        "threshold": CORPORA[corpus].threshold,
        "corpus": corpus,
        "targets": TARGETS[corpus],
        "data": settings.data,
        "surrogate": knobs(settings, corpus),
        "pretraining_epochs": method.pretraining_epochs.get(cell["system"]),
    }
    keys = dict.fromkeys((*TASK_KEYS, *system.reads, *system.change))
    variant = cell["system"] if system.kind == "ablation" else ""
    names = {"method": ALIGNMENT if variant else cell["system"], "variant": variant}
    names |= {"condition": condition(cell), "item": item_of(cell)}
    return Unit(
        paper=PAPER,
        system=system.module,
        data=pick(known, DATA_KEYS),
        settings=pick(known, keys),
        labels={**cell, **names},
    )


def knobs(settings: Settings, corpus: str) -> dict:
    """Return the knobs of a corpus's surrogate writer; an open corpus has none."""
    if CORPORA[corpus].is_open:
        return {}
    return {"n_subjects": settings.n_subjects, **settings.surrogate}


def item_of(cell: dict) -> str:
    """Return the paper's table, or the study beside it, that a cell belongs to."""
    if cell["sweep"]:
        return "sweep"
    if cell["label_fraction"] < 1:
        return "label efficiency"
    return ITEMS.get(cell["dataset"], CORPORA[cell["dataset"]].title)


def condition(cell: dict) -> str:
    """Return what was done besides, in words a table can print."""
    parts = [f"{cell['sweep']}={cell['swept']:g}"] if cell["sweep"] else []
    if cell["label_fraction"] < 1:
        share = f"{cell['label_fraction']:.0%} of training labels"
        parts.append(f"{share}, all of validation")
    if cell["preset"] != "default":
        parts.append(cell["preset"].replace("_", " "))
    return ", ".join(parts)


def _readability(settings: Settings) -> list[Unit]:
    """Return the units of the encoders' learning curves: stem x quantity x size."""
    sizes, n_test = settings.readability, settings.readability_test
    stems, units = ("conv", "linear"), []
    for values in product(QUANTITIES, stems, sizes, settings.seeds):
        own = dict(zip(("quantity", "stem", "n_windows", "seed"), values, strict=True))
        known = {**settings.method("default").as_dict(), **own, "n_test": n_test}
        data = {"planted": own["quantity"], "n": max(sizes) + n_test, "seed": 0}
        labels = dict.fromkeys(LABELS, "") | {"fold": 0}
        labels |= dict.fromkeys(("system", "item"), "readability")
        units.append(
            Unit(
                paper=PAPER,
                system="readability",
                data=data,
                settings=pick(known, (*ENCODER_KEYS, *FIT_KEYS, *CURVE_KEYS)),
                labels={**labels, **own},
            )
        )
    return units

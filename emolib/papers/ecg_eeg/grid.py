"""Expanding settings into units, running them, and gathering what they predicted."""

from __future__ import annotations

from importlib import import_module
from itertools import product

from emolib.corpora import identify
from emolib.papers.ecg_eeg.planted import QUANTITIES
from emolib.papers.ecg_eeg.settings import (
    BASELINES,
    FEW_LABELS,
    PAPER,
    READERS,
    REFERENCES,
    SWEEPS,
    TARGETS,
    THRESHOLDS,
    VARIANTS,
    Settings,
)
from emolib.papers.ecg_eeg.systems.readability import READS as READABILITY_READS
from emolib.papers.ecg_eeg.task import TASK_KEYS
from emolib.units import Unit

LABELS = (
    "dataset", "target", "protocol", "preset", "system", "label_fraction", "method",
    "variant", "condition", "sweep", "swept",
)  # fmt: skip
"""What tables call a unit; fold and seed stand in its predictions."""

DATA_KEYS = ("window_s", "last_s", "videos", "zscore_scope", "eeg_band")


def data_settings(settings: Settings, corpus: str, method) -> dict:
    """Return what `data.prepare` reads for one corpus and method."""
    return {
        "corpus": corpus,
        "targets": TARGETS[corpus],
        "data": settings.data,
        "surrogate": settings.surrogate_knobs(corpus),
        **{key: getattr(method, key) for key in DATA_KEYS},
    }


def expand(settings: Settings) -> list[Unit]:
    """Return the units of a run, in the order of its tables.

    A unit that two tables share appears once.
    """
    units = []
    for cell in _cells(settings):
        changes = [{}, *_sweep(settings, cell)]
        units += [_unit(settings, cell, change) for change in changes]
    return units + readability_units(settings)


def readability_units(settings: Settings) -> list[Unit]:
    """Return the units of the encoders' learning curves: stem x quantity x size."""
    if not settings.readability:
        return []
    n, n_test = max(settings.readability), settings.readability_test
    units = []
    for quantity, stem, size, seed in product(
        QUANTITIES, ("conv", "linear"), settings.readability, settings.seeds
    ):
        known = {
            **vars(settings.method("ours", stem=stem)),
            "n_windows": size,
            "n_test": n_test,
            "seed": seed,
        }
        labels = dict.fromkeys(LABELS, "")
        more = {"quantity": quantity, "stem": stem, "n_windows": size, "seed": seed}
        units.append(
            Unit(
                paper=PAPER,
                system="readability",
                data={"planted": quantity, "n": n + n_test, "seed": 0},
                settings={key: known[key] for key in READABILITY_READS},
                labels={**labels, **more, "system": "readability", "fold": 0},
            )
        )
    return units


def _cells(settings: Settings) -> list[dict]:
    """Return one dictionary per combination of the grid that is a cell of a table."""
    names = ("dataset", "target", "preset", "system", "label_fraction", "seed")
    grid = product(
        settings.corpora,
        settings.targets,
        settings.presets,
        settings.systems,
        settings.label_fractions,
        settings.seeds,
    )
    return [
        {**cell, "protocol": protocol, "fold": fold}
        for cell in (dict(zip(names, values, strict=True)) for values in grid)
        if _wanted(settings, cell)
        for protocol in _protocols(settings, cell)
        for fold in _folds(settings, protocol)
    ]


def _folds(settings, protocol) -> list[int]:
    """Return the folds to run: fewer where subjects overlap."""
    return settings.folds if protocol == "by_subject" else settings.folds_within


def _protocols(settings, cell) -> list[str]:
    """Return the protocols under which this cell's system is run."""
    if cell["system"] in READERS:
        return settings.reader_protocols
    if cell["system"].startswith("ceiling"):  # a leaky split has no ceiling
        return [p for p in settings.protocols if p != "random_windows"]
    return settings.protocols


def _wanted(settings, cell) -> bool:
    """Return whether this combination stands in any table.

    Chance, majority, ceiling, the plain readers and the baselines do not depend on the
    preset; they are expanded with the first one.
    """
    system = cell["system"]
    if cell["target"] not in TARGETS[cell["dataset"]]:
        return False
    if cell["label_fraction"] < 1 and system not in FEW_LABELS:
        return False
    if cell["preset"] != settings.presets[0] and system not in (
        *VARIANTS,
        "EEG teacher",
    ):
        return False
    if system.startswith("ceiling"):
        return _has_truth(settings, cell["dataset"])
    return True


def _sweep(settings, cell) -> list[dict]:
    """Return the changes of a sweep: ours, by subject, at the fewest labels.

    With all labels there is nothing that alignment could gain, so nothing to see.
    """
    fewest = cell["label_fraction"] == min(settings.label_fractions)
    if cell["system"] != "ours" or cell["protocol"] != "by_subject" or not fewest:
        return []
    return [
        {"sweep": name, "value": float(value)}
        for name, values in settings.sweep.items()
        for value in values
    ]


def _has_truth(settings, corpus) -> bool:
    """Return whether the corpus was written here, which alone knows its ceiling."""
    return bool(identify(corpus, data=settings.data).parameters)


def _unit(settings: Settings, cell: dict, change: dict) -> Unit:
    """Return the unit of one cell: only what its system reads is in its settings."""
    system, preset = cell["system"], cell["preset"]
    variant = system if system in VARIANTS else "ours"
    swept = {field: change["value"] for field in SWEEPS.get(change.get("sweep"), ())}
    method = settings.method(preset, variant, **swept)
    module, extra = REFERENCES.get(system, (BASELINES.get(system, "aligned"), {}))
    known = {
        **{name: getattr(method, name) for name in vars(method)},
        **cell,
        **extra,
        "n_folds": settings.n_folds,
        "threshold": THRESHOLDS[cell["dataset"]],
    }
    return Unit(
        paper=PAPER,
        system=module,
        data=data_settings(settings, cell["dataset"], method),
        settings={key: known[key] for key in (*TASK_KEYS, *_keys_read(module, known))},
        labels={
            **cell,
            **labels_of(system),
            "condition": condition(cell, change),
            "sweep": change.get("sweep", ""),
            "swept": change.get("value", 0.0),
        },
    )


def _keys_read(module: str, known: dict) -> list[str]:
    """Return the settings that a system reads: a switch that is off hides some."""
    system = import_module(f"emolib.papers.{PAPER}.systems.{module}")
    switches = getattr(system, "READS_IF", {})
    hidden = {key for name, keys in switches.items() if not known[name] for key in keys}
    return [key for key in system.READS if key not in hidden]


def labels_of(system: str) -> dict:
    """Return how the paper's tables call a system: method and variant."""
    if system in VARIANTS:
        return {"method": "ours", "variant": "" if system == "ours" else system}
    return {"method": system, "variant": ""}


def condition(cell: dict, change: dict) -> str:
    """Return what was done besides, in words a table can print."""
    parts = [f"{change['sweep']}={change['value']:g}"] if change else []
    if cell["label_fraction"] < 1:
        parts.append(f"{cell['label_fraction']:.0%} of labels")
    if cell["preset"] != "ours":
        parts.append(cell["preset"].replace("_", " "))
    return ", ".join(parts)

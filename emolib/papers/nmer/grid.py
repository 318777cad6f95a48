"""Expanding settings into units: one system, noise, level, fold and seed each."""

from __future__ import annotations

from importlib import import_module
from itertools import product

from emolib.corpora import identify
from emolib.papers.nmer.corruption import CORRUPTION_KEYS
from emolib.papers.nmer.settings import (
    BASELINES,
    CLASSES,
    CLEAN_TRAINED,
    N_FOLDS,
    ONCE,
    ONE_MODALITY,
    PAPER,
    RATED,
    REFERENCES,
    TARGETS,
    UNIMODAL,
    VARIANTS,
    Z_SCORED,
    Settings,
)
from emolib.papers.nmer.task import TASK_KEYS
from emolib.papers.nmer.words import noise_words
from emolib.units import Unit

LABELS = (
    "dataset", "target", "protocol", "preset", "system", "method", "variant",
    "conditions", "noise", "db", "exact", "reading", "words",
)  # fmt: skip
"""What tables call a unit; fold and seed stand in its predictions."""

PROTOCOLS = {
    name: "given folds" if n > 1 else "given split" for name, n in N_FOLDS.items()
}
CLEAN = {"noise": "none", "db": 0.0, "exact": False, "reading": "paper"}


def expand(settings: Settings) -> list[Unit]:
    """Return the units of a run, in the order of its tables."""
    cells = product(
        settings.corpora,
        settings.presets,
        settings.systems,
        settings.conditions,
        settings.seeds,
    )
    names = ("dataset", "preset", "system", "conditions", "seed")
    known = {corpus for corpus in settings.corpora if _has_truth(settings, corpus)}
    return [
        _unit(settings, {**cell, **noise, "system": _row(cell), "fold": fold})
        for cell in (dict(zip(names, values, strict=True)) for values in cells)
        if _wanted(settings, cell, known)
        for noise in _noises(settings, cell)
        for fold in settings.folds
        if fold <= N_FOLDS[cell["dataset"]]
    ]


def _row(cell: dict) -> str:
    """Return what a cell's system is called in its row.

    Tested clean, a uni-modal classifier was trained clean in either of its two rows.
    """
    is_clean = cell["conditions"] == "clean" and cell["system"] in UNIMODAL
    return cell["system"].partition(", ")[0] if is_clean else cell["system"]


def _wanted(settings: Settings, cell: dict, known: set[str]) -> bool:
    """Return whether a system stands in any table under these conditions.

    Baselines, uni-modal classifiers and references do not depend on the preset, and
    references train nothing: they are expanded with the first preset and seed. Without
    noise only what is trained without it has a place.
    """
    system, conditions = cell["system"], cell["conditions"]
    if system not in VARIANTS and cell["preset"] != settings.presets[0]:
        return False
    if system in REFERENCES and cell["seed"] != settings.seeds[0]:
        return False
    if system.startswith("ceiling") and cell["dataset"] not in known:
        return False
    if conditions == "six":
        return system not in ONE_MODALITY
    if conditions == "clean":
        is_twin = system in UNIMODAL and _row(cell) in set(settings.systems) - {system}
        return (
            system not in VARIANTS
            and not is_twin
            and (system not in BASELINES or system in CLEAN_TRAINED)
        )
    return True


def _noises(settings: Settings, cell: dict) -> list[dict]:
    """Return the kinds and levels of noise under which a system is run."""
    if cell["conditions"] == "clean":
        return [CLEAN]
    found, dbs = [], settings.dbs
    if cell["system"] in ONCE:
        dbs = settings.clean_dbs or settings.dbs
    for noise in settings.noises:
        if noise == "missing":  # with all three missing nothing is left to read
            found += [{**CLEAN, "noise": noise}] if cell["conditions"] == "six" else []
            continue
        for reading in settings.readings:
            if reading == "released":
                found.append({**CLEAN, "noise": noise, "reading": reading})
                continue
            found += [
                {"noise": noise, "db": db, "exact": db in settings.exact,
                 "reading": reading}
                for db in dbs
            ]  # fmt: skip
    if cell["system"].startswith("ceiling"):  # a random step has no level
        found = [noise for noise in found if noise["reading"] == "paper"]
    return found


def _has_truth(settings: Settings, corpus: str) -> bool:
    """Return whether the corpus was written here, which alone knows its ceiling."""
    return bool(identify(corpus, data=settings.data).parameters)


def data_settings(settings: Settings, corpus: str) -> dict:
    """Return what `data.prepare` reads for one corpus."""
    return {
        "corpus": corpus,
        "target": TARGETS[corpus],
        "data": settings.data,
        "surrogate": settings.surrogate_knobs(corpus),
    }


def _unit(settings: Settings, cell: dict) -> Unit:
    """Return the unit of one cell: only what its system reads is in its settings."""
    corpus, system = cell["dataset"], cell["system"]
    method = settings.method(cell["preset"], system if system in VARIANTS else "ours")
    module, extra = _module_of(system)
    if cell["conditions"] == "clean" and "trained" in extra:
        extra = {**extra, "trained": "clean"}  # its tested level is clean: one stage
    known = {
        **vars(method),
        **cell,
        **extra,
        "labels": method.positive if corpus in RATED else "class",
        "n_classes": len(CLASSES[TARGETS[corpus]]),
        "z_scored": Z_SCORED.get(corpus, ()),
    }
    keys = (*TASK_KEYS, *CORRUPTION_KEYS, *keys_read(module, known))
    return Unit(
        paper=PAPER,
        system=module,
        data=data_settings(settings, corpus),
        settings={key: known[key] for key in keys},
        labels=unit_labels(cell),
    )


def unit_labels(cell: dict) -> dict:
    """Return what tables call the unit of a cell.

    Parameters
    ----------
    cell : dict
        dataset, preset, system, conditions, noise, db, exact, reading, fold, seed.
    """
    corpus = cell["dataset"]
    return {
        **cell,
        **labels_of(cell["system"], cell["preset"]),
        "target": TARGETS[corpus],
        "protocol": PROTOCOLS[corpus],
        "words": noise_words(*(cell[k] for k in CORRUPTION_KEYS[:4])),
    }


def _module_of(system: str) -> tuple[str, dict]:
    """Return a system's file and what its row adds to the settings."""
    if system in UNIMODAL:
        return "unimodal", UNIMODAL[system]
    return REFERENCES.get(system, (BASELINES.get(system, "nmer"), {}))


def keys_read(module: str, known: dict) -> list[str]:
    """Return the settings that a system reads: a switch that is off hides some.

    A system's file names what it reads (`READS`), and what no longer counts where a
    switch is off (`READS_IF`).
    """
    system = import_module(f"emolib.papers.{PAPER}.systems.{module}")
    switches = getattr(system, "READS_IF", {})
    hidden = {key for name, keys in switches.items() if not known[name] for key in keys}
    return [key for key in system.READS if key not in hidden]


def labels_of(system: str, preset: str) -> dict:
    """Return how the paper's tables call a system: method and variant."""
    if system in UNIMODAL:
        name, _, trained = system.partition(", ")
        method, variant = name.split()
        return {
            "method": ", ".join(filter(None, (method, trained))),
            "variant": variant,
        }
    if system not in VARIANTS:
        return {"method": system, "variant": ""}
    words = [system if system != "ours" else "", preset.replace("_", " ")]
    words[1] = "" if preset == "ours" else words[1]
    return {"method": "ours", "variant": ", ".join(filter(None, words))}


def shared_stage(unit: Unit) -> tuple | None:
    """Return what tells the stage that a unit shares with others of its fold.

    A system's file names it (`SHARES`): the clean encoder of MEN, the clean teacher.
    """
    name = getattr(import_module(unit.system_module), "SHARES", None)
    if name is None:
        return None
    where = [unit.settings.get(key) for key in ("fold", "seed", "modality")]
    return (name, *map(str, where), str(unit.data))

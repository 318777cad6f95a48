"""Expanding settings into units: one system, noise, level, fold and seed each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from itertools import product

from emolib.corpora import identify
from emolib.papers.nmer.noise import CORRUPTION_KEYS, noise_words
from emolib.papers.nmer.settings import CLASSES, CORPORA, PAPER, SYSTEMS, Settings
from emolib.papers.nmer.training import TASK_KEYS, Task
from emolib.study import Paper, in_running_order
from emolib.units import Unit

LABELS = (
    "dataset", "target", "protocol", "preset", "system", "method", "variant",
    "conditions", "noise", "db", "exact", "reading", "words",
)  # fmt: skip
"""What tables call a unit; fold and seed stand in its predictions."""

PROTOCOLS = {
    name: "given folds" if corpus.n_folds > 1 else "given split"
    for name, corpus in CORPORA.items()
}
CLEAN = {"noise": "none", "db": 0.0, "exact": False, "reading": "paper"}


def expand(settings: Settings) -> list[Unit]:
    """Return the units of a run, in the order of its tables.

    Tested clean, a uni-modal classifier was trained clean in either of its two rows:
    that unit stands once.
    """
    # written here, which alone knows its ceiling
    known = {c for c in settings.corpora if identify(c, data=settings.data).parameters}
    names = ("dataset", "preset", "system", "conditions", "seed")
    cells = product(*(getattr(settings, name) for name in GRID))
    units = [
        _unit(settings, {**cell, **noise, "system": _row(cell), "fold": fold})
        for cell in (dict(zip(names, values, strict=True)) for values in cells)
        if _wanted(settings, cell, known)
        for noise in _noises(settings, cell)
        for fold in settings.folds
        if fold <= CORPORA[cell["dataset"]].n_folds
    ]
    return list({str(unit.labels): unit for unit in reversed(units)}.values())[::-1]


GRID = ("corpora", "presets", "systems", "conditions", "seeds")


def _row(cell: Mapping) -> str:
    """Return what a cell's system is called in its row."""
    is_clean = cell["conditions"] == "clean"
    return cell["system"].partition(", trained")[0] if is_clean else cell["system"]


def _wanted(settings: Settings, cell: Mapping, known: set[str]) -> bool:
    """Return whether a system stands in any table under these conditions.

    What no preset changes is expanded with the first one, what trains nothing with the
    first seed. Without noise only what is trained without it has a place.
    """
    system = SYSTEMS[cell["system"]]
    if system.kind != "method" and cell["preset"] != settings.presets[0]:
        return False
    if system.trained == "never" and cell["seed"] != settings.seeds[0]:
        return False
    if system.kind == "ceiling" and cell["dataset"] not in known:
        return False
    if cell["conditions"] == "six":
        return len(system.reads) > 1
    is_all = cell["conditions"] == "all"
    return is_all or system.trained != "noisy" or system.kind == "uni-modal"


def _noises(settings: Settings, cell: Mapping) -> list[dict]:
    """Return the kinds and levels of noise under which a system is run."""
    if cell["conditions"] == "clean":
        return [CLEAN]
    system, found, dbs = SYSTEMS[cell["system"]], [], settings.dbs
    if system.trained != "noisy":
        dbs = settings.clean_dbs or settings.dbs
    for noise, reading in product(settings.noises, settings.readings):
        if noise == "missing":  # with all three missing nothing is left to read
            is_first = reading == settings.readings[0] and cell["conditions"] == "six"
            found += [{**CLEAN, "noise": noise}] * is_first
        elif reading == "released":  # a random step has no level, so no ceiling
            released = {**CLEAN, "noise": noise, "reading": reading}
            found += [released] * (system.kind != "ceiling")
        else:
            known = {"noise": noise, "reading": reading}
            found += [{**known, "db": db, "exact": db in settings.exact} for db in dbs]
    return found


def _unit(settings: Settings, cell: Mapping) -> Unit:
    """Return the unit of one cell: only what its system reads is in its settings."""
    system, corpus = SYSTEMS[cell["system"]], CORPORA[cell["dataset"]]
    method = settings.method(cell["preset"])
    known = {
        **method.as_dict(),
        **cell,
        **system.change,
        "labels": method.positive if corpus.is_rated else "class",
        "n_classes": len(CLASSES[corpus.target]),
        "z_scored": corpus.z_scored,
    }
    if cell["conditions"] == "clean":  # its tested level is clean: one stage
        known["trained"] = "clean"
    keys = (*TASK_KEYS, *CORRUPTION_KEYS, *keys_read(system.module, known))
    return Unit(
        paper=PAPER,
        system=system.module,
        data={
            "corpus": cell["dataset"], "target": corpus.target, "data": settings.data,
            "surrogate": settings.surrogate_knobs(cell["dataset"]),
        },
        settings={key: known[key] for key in keys},
        labels={
            **cell, **row_of(cell["system"], cell["preset"]), "target": corpus.target,
            "protocol": PROTOCOLS[cell["dataset"]],
            "words": noise_words(*(cell[k] for k in CORRUPTION_KEYS[:4])),
        },
    )  # fmt: skip


def keys_read(module: str, known: Mapping) -> list[str]:
    """Return the settings that a system reads: a switch that is off hides some.

    A system's file names what it reads (`READS`), and what no longer counts where a
    switch is off (`READS_IF`).
    """
    system = import_module(f"emolib.papers.{PAPER}.systems.{module}")
    switches = getattr(system, "READS_IF", {})
    hidden = {key for name, keys in switches.items() if not known[name] for key in keys}
    return [key for key in system.READS if key not in hidden]


def row_of(system: str, preset: str) -> dict[str, str]:
    """Return how the paper's tables call a system: method and variant."""
    method, variant = SYSTEMS[system].row or (system, "")
    if SYSTEMS[system].kind == "method" and preset != "default":
        variant = f"{variant}, {preset.replace('_', ' ')}".removeprefix(", ")
    return {"method": method, "variant": variant}


def shared_stage(unit: Unit) -> tuple | None:
    """Return what tells the stage that a unit shares with others of its fold."""
    name = SYSTEMS[unit.labels["system"]].shares
    where = [unit.settings.get(key) for key in ("fold", "seed", "modality")]
    return (name, *map(str, where), str(unit.data)) if name else None


def in_order(units: list) -> list:
    """Return units in the order in which two workers seldom wait for one stage.

    Of the units that need MEN's clean encoder or the clean teacher of a fold, the first
    comes first.
    """
    return in_running_order(
        units,
        shares=shared_stage,
        trains=lambda unit: SYSTEMS[unit.labels["system"]].trained != "never",
    )


PAPER_3 = Paper(Settings, expand, LABELS, in_order)


def task_of(settings: Settings, corpus: str) -> Task:
    """Return the fold of one corpus that the first unit of a run is tested on."""
    unit = next(u for u in expand(settings) if u.labels["dataset"] == corpus)
    return Task.of(unit.settings, PAPER_3.context(settings, corpus))

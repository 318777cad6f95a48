"""What units will cost, from what earlier ones did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from emolib.store import Store
from emolib.units.machine import kind_of, local_devices
from emolib.units.progress import clock
from emolib.units.shelf import Shelf
from emolib.units.unit import Keyring, Unit, check_workers


@dataclass(frozen=True)
class Plan:
    """Units done and to do, and what the rest will take.

    Parameters
    ----------
    n_done, n_todo : int
    seconds : float or None
        Wall time; None when no earlier unit tells.
    memory_bytes : int or None
        Peak of all workers together.
    disk_bytes : int or None
    unknown : tuple of str
        Systems of which there is no earlier unit; they are not in the sums.
    """

    n_done: int
    n_todo: int
    seconds: float | None
    memory_bytes: int | None
    disk_bytes: int | None
    unknown: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The plan in words."""
        words = [f"{self.n_done} units done, {self.n_todo} to do"]
        if self.n_todo and self.seconds is not None:
            words.append(
                f"about {clock(self.seconds)}, {_size(self.memory_bytes)} of memory, "
                f"{_size(self.disk_bytes)} of disk"
            )
        words += [f"no earlier unit of {name}: cost unknown" for name in self.unknown]
        return "; ".join(words)


def estimate(
    units: Sequence[Unit],
    store: Store | None = None,
    *,
    n_workers: int = 1,
    device: str = "auto",
) -> Plan:
    """Return what running `units` will cost, from the stored costs of earlier ones.

    Of the earlier units of a system those count whose data and settings agree most
    with what is asked: a fold at full size is not judged by one at smoke size while
    there is a better witness. Their mean is taken, because a stage that several share
    is paid for by one of them.
    """
    store, n_workers = store or Store(), check_workers(n_workers)
    keyring = Keyring(kind_of(local_devices(device)[0]))
    shelf = Shelf(store, keyring, any_device=device == "auto")
    keys = {}
    for unit in units:
        keys.setdefault(keyring.unit(unit).digest, unit)
    todo = [unit for unit in keys.values() if shelf.find(keyring.unit(unit)) is None]
    return plan_todo(todo, store, n_workers, n_done=len(keys) - len(todo))


def plan_todo(
    units: Sequence[Unit], store: Store, n_workers: int, *, n_done: int = 0
) -> Plan:
    """Return the plan of units that are all to do."""
    recipes = {unit.recipe for unit in units}
    earlier = [
        entry.manifest
        for recipe in sorted(recipes)
        for entry in store.entries(recipe)
        if {"seconds", "peak_bytes"} <= set(entry.manifest)
    ]
    costs = [(unit, _witnesses(unit, earlier)) for unit in units]
    known = [found for _, found in costs if found]
    unknown = sorted({f"{u.recipe}/{u.system}" for u, found in costs if not found})
    if not known:
        return Plan(n_done, len(units), None, None, None, tuple(unknown))
    n_at_once = max(1, min(n_workers, len(units)))
    peaks = [max(m["peak_bytes"] for m in found) for found in known]
    return Plan(
        n_done=n_done,
        n_todo=len(units),
        seconds=sum(_mean("seconds", found) for found in known) / n_at_once,
        memory_bytes=sum(sorted(peaks)[-n_at_once:]),
        disk_bytes=round(sum(_mean("bytes", found) for found in known)),
        unknown=tuple(unknown),
    )


def _witnesses(unit: Unit, earlier: list[dict]) -> list[dict]:
    """Return the manifests of the earlier units that are most like this one."""
    alike = [
        (_likeness(unit, manifest["key"]), manifest)
        for manifest in earlier
        if manifest["key"].get("system") == unit.system
        and manifest["recipe"] == unit.recipe
    ]
    best = max((score for score, _ in alike), default=0)
    return [manifest for score, manifest in alike if score == best]


def _likeness(unit: Unit, key: dict) -> int:
    """Return how many data and settings values two units have in common."""
    return sum(
        key[part].get(name) == value
        for part in ("data", "settings")
        for name, value in getattr(unit, part).items()
    )


def _mean(name: str, manifests: list[dict]) -> float:
    """Return the mean of one fact over manifests."""
    return fmean(manifest[name] for manifest in manifests)


def _size(n_bytes: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("bytes", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} GB"

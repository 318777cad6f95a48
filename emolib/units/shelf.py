"""Finding what is stored, under this machine's kind of device or another's."""

from __future__ import annotations

from functools import cached_property

from emolib.store import Entry, Key, Store
from emolib.units.unit import Keyring


class Shelf:
    """The store as one run sees it.

    Parameters
    ----------
    store : Store
    keyring : Keyring
    any_device : bool
        Also take what another kind of device computed: units brought home from a
        borrowed GPU count, and tables name their device.
    """

    def __init__(self, store: Store, keyring: Keyring, *, any_device: bool):
        self.store, self.keyring, self._any_device = store, keyring, any_device

    def find(self, key: Key) -> Entry | None:
        """Return the entry of a unit's key; our own kind of device is preferred."""
        found = self.store.find(key)
        if found is None and self._any_device:
            others = (
                Key(key.recipe, key.kind, {**key.parts, "device": kind})
                for kind in self._device_kinds
                if kind != key.parts["device"]
            )
            found = next(filter(None, map(self.store.find, others)), None)
        return found

    @cached_property
    def _device_kinds(self) -> list[str]:
        """The kinds of device that the store has units of."""
        kinds = {entry.manifest["key"].get("device") for entry in self.store.entries()}
        return sorted(kind for kind in kinds if kind)

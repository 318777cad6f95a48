"""Finished work, kept by what it was made from.

An entry is a folder ``<root>/<recipe>/<kind>-<16 hex digits>/`` of ``.npy`` arrays,
``.csv`` tables and a ``manifest.json``, written aside and renamed. Nothing is ever
pickled. Rooms that make outcomes need only `Outcome` from here.
"""

from emolib.store.archives import export_archive, import_archive
from emolib.store.entries import FORMAT, Entry, Key, Outcome
from emolib.store.folders import Store
from emolib.store.places import cache_folder, project_root

__all__ = [
    "FORMAT", "Entry", "Key", "Outcome", "Store", "cache_folder", "export_archive",
    "import_archive", "project_root",
]  # fmt: skip

"""Corpora by name: reader, surrogate writer, licence, and the folder to read from.

``locate("dreamer")`` returns a folder in DREAMER's own format: a surrogate by default,
the licensed corpus once ``emolib corpora add dreamer FOLDER`` has noted where it is.
"""

from importlib import import_module

from emolib.corpora.places import (
    add_corpus,
    cache_folder,
    noted_folders,
    project_root,
)
from emolib.corpora.registry import CORPORA, Corpus, get_corpus, list_corpora
from emolib.corpora.sources import CorpusFolder, identify, is_surrogate, locate
from emolib.corpora.surrogate import truth_folder, write_surrogate

__all__ = [
    "CORPORA",
    "Corpus",
    "CorpusFolder",
    "CorpusReport",
    "add_corpus",
    "cache_folder",
    "check_corpus",
    "fetch_eegmat",
    "get_corpus",
    "identify",
    "is_surrogate",
    "list_corpora",
    "locate",
    "noted_folders",
    "project_root",
    "truth_folder",
    "write_surrogate",
]

_ON_FIRST_USE = {
    "CorpusReport": "check",
    "check_corpus": "check",
    "fetch_eegmat": "fetch",
}
"""No recipe needs these: by name, they stay out of the code a result depends on."""


def __getattr__(name: str):
    """Import what checks and fetches a corpus on first use."""
    if name in _ON_FIRST_USE:
        return getattr(import_module(f"{__name__}.{_ON_FIRST_USE[name]}"), name)
    raise AttributeError(f"module 'emolib.corpora' has no attribute {name!r}")

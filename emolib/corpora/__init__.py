"""Corpora by name: reader, surrogate writer, licence, and the folder to read from.

``locate("dreamer")`` returns a folder in DREAMER's own format: a surrogate by default,
the licensed corpus once ``emolib corpora add dreamer FOLDER`` has noted where it is.
What checks and fetches a corpus stands beside (`emolib.corpora.check`): no paper needs
it, so it stays out of the code that a result depends on.
"""

from emolib.corpora.sources import (
    CORPORA,
    CorpusFolder,
    add_corpus,
    get_corpus,
    identify,
    list_corpora,
    locate,
    noted_folders,
    truth_folder,
    write_surrogate,
)

__all__ = [
    "CORPORA", "CorpusFolder", "add_corpus", "get_corpus", "identify", "list_corpora",
    "locate", "noted_folders", "truth_folder", "write_surrogate",
]  # fmt: skip

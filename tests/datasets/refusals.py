"""Read what must not be read, and hold the one error to its words."""

import pytest

from emolib.checks import CorpusError


def refused(read, given, words, error=CorpusError, **options):
    """Return what was said when a reader refused what it was given."""
    with pytest.raises(error, match=words) as raised:
        list(read(given, **options))
    return str(raised.value)

"""What a value is, as canonical text and as a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def plain(value):
    """Return `value` made of dictionaries, lists, numbers, text and None alone.

    Tuples become lists and NumPy scalars become numbers, so that a value is the same
    before and after its journey through a file. Raises TypeError on anything else.
    """
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "dtype") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(
        "settings must be made of dictionaries with text keys, lists, numbers and "
        f"text; got {value!r}. Convert it before it becomes part of a key."
    )


def canonical(value) -> str:
    """Return `value` as JSON text in which equal values have equal text."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"))


def digest_of(value) -> str:
    """Return the sha256 of a plain value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()

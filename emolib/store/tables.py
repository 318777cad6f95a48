"""Data frames as CSV and back: the same numbers, the same text, the same types."""

from __future__ import annotations

from pathlib import Path


def write_table(file: Path, frame) -> dict[str, str]:
    """Write a data frame and return its columns' types, which reading back needs.

    Floats are written with as many digits as they need to come back exactly; text
    stays text (a trial ``"01"`` does not become 1). The index is not kept. Raises
    ValueError on columns that are not numbers, True and False, or whole text.
    """
    names = [_text(name) for name in frame.columns]
    if len(set(names)) != len(names):
        raise ValueError(
            f"a table must have columns of different names; got {list(frame.columns)}."
        )
    columns = {name: _kind(name, frame[name]) for name in names}
    frame.to_csv(file, index=False, na_rep="nan", lineterminator="\n", encoding="utf-8")
    return columns


def read_table(file: Path, columns: dict[str, str]):
    """Return the data frame that `write_table` wrote.

    Parameters
    ----------
    file : Path
    columns : dict of str to str
        What `write_table` returned.
    """
    import pandas as pd

    if not columns:
        return pd.DataFrame()
    frame = pd.read_csv(
        file, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8"
    )
    return frame.assign(
        **{name: _parse(frame[name], kind) for name, kind in columns.items()}
    )


def _parse(column, kind: str):
    """Return a column of text as numbers of a type; Python's own parser is exact."""
    import numpy as np

    if kind == "str":
        return column
    if kind == "bool":
        return column == "True"
    exact = float if kind.startswith("float") else int
    return np.array([exact(text) for text in column], dtype=kind)


def _text(name) -> str:
    """Return a column's name, or raise ValueError when it is not text."""
    if isinstance(name, str):
        return name
    raise ValueError(f"a table's columns must be named by text; got {name!r}.")


def _kind(name: str, column) -> str:
    """Return 'str' or the NumPy type of a column."""
    import numpy as np

    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        return str(column.dtype)
    odd = [value for value in column if not isinstance(value, str)]
    if odd:
        raise ValueError(
            f"column {name!r} of a table must be numbers or text throughout; got "
            f"{odd[0]!r} in a column of type {column.dtype}. Fill or convert it."
        )
    return "str"

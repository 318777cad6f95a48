"""One grammar for error messages: what must hold, what came, what to do.

Every room raises through these few functions, so that a message always names the
argument as the caller typed it, quotes what came, and ends with the way out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

AXES = {
    "b": "batch", "m": "modality", "c": "channel", "t": "time point", "s": "step",
    "p": "patch", "n": "token", "h": "head", "d": "feature", "f": "band", "k": "class",
}  # fmt: skip


class CorpusError(ValueError):
    """A corpus folder or file that cannot be used as it is."""


def damaged(path, expected: str, got: str, remedy: str) -> CorpusError:
    """Return the one error for a file that is not what it should be."""
    return CorpusError(f"{path}: expected {expected}; got {got}. {remedy}")


def check_option(name: str, value, allowed: Sequence, hint: str = "") -> None:
    """Raise ValueError unless `value` is one of `allowed`."""
    if value in tuple(allowed):
        return
    listed = ", ".join(repr(option) for option in allowed)
    raise ValueError(f"{name} must be one of {listed}; got {value!r}. {hint}".rstrip())


def check_range(
    name: str,
    value: float,
    low: float,
    high: float,
    *,
    closed: str = "both",
    hint: str = "",
) -> None:
    """Raise ValueError unless `value` lies between `low` and `high`.

    `closed` is 'both', 'left', 'right' or 'neither'.
    """
    above = value >= low if closed in ("both", "left") else value > low
    below = value <= high if closed in ("both", "right") else value < high
    if above and below:
        return
    left = "[" if closed in ("both", "left") else "("
    right = "]" if closed in ("both", "right") else ")"
    raise ValueError(
        f"{name} must be in {left}{low}, {high}{right}; got {value!r}. {hint}".rstrip()
    )


def check_shape(name: str, array, pattern: str, hint: str = "", **sizes: int) -> None:
    """Raise ValueError unless the shape of `array` follows `pattern`.

    `pattern` lists axis letters, for example ``"b c t"``; `sizes` fixes some of them,
    for example ``c=14``. Letters are those of `AXES`.
    """
    axes = pattern.split()
    shape = tuple(array.shape)
    fits = len(shape) == len(axes) and all(
        axis not in sizes or size == sizes[axis]
        for axis, size in zip(axes, shape, strict=True)
    )
    if fits:
        return
    fixed = " and ".join(f"{axis}={size}" for axis, size in sizes.items())
    wanted = f"({', '.join(axes)})" + (f" with {fixed}" if fixed else "")
    words = ", ".join(f"{a} = {AXES[a]}" for a in axes if a in AXES)
    raise ValueError(
        f"{name} must have shape {wanted}; got {shape}. "
        f"{hint or f'The axes are {words}.'}"
    )


def check_whole(name: str, value: float, unit: str) -> int:
    """Return `value` as an int, or raise ValueError when it is not a whole number."""
    whole = round(value)
    if abs(value - whole) < 1e-9:
        return whole
    raise ValueError(f"{name} must be a whole number of {unit}; got {value:g}.")


def check_keys(kind: str, given: Mapping, known: Sequence[str]) -> None:
    """Raise ValueError when `given` has a key that is not among `known`."""
    for key in given:
        if key not in known:
            raise ValueError(unknown(kind, key, known))


def unknown(kind: str, name, known: Sequence[str]) -> str:
    """Return the words for a name that is not known, with the nearest that is."""
    near = get_close_matches(str(name), known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known: {sorted(known)}."
    return f"{kind} must be known; got {name!r}. {hint}"


def build(cls: type, given: Mapping[str, Any]):
    """Build the dataclass `cls` from untyped values, checking each against its type.

    This is the one typed door for parameters: YAML hands over ``6e-4`` as text,
    papermill injects whatever was typed, a notebook cell may be edited by hand. A
    number that came as text becomes a number; a scalar where a list belongs is an error
    that shows the right spelling; an unknown key is an error that names the nearest
    known one.
    """
    hints = get_type_hints(cls)
    check_keys("parameter", given, [field.name for field in fields(cls)])
    missing = [
        field.name
        for field in fields(cls)
        if field.name not in given
        and field.default is MISSING
        and field.default_factory is MISSING
    ]
    if missing:
        raise ValueError(f"parameters must include {missing}; got {sorted(given)}.")
    return cls(**{k: _coerce(k, v, hints[k]) for k, v in given.items()})


def _coerce(name: str, value, kind):
    """Return `value` as `kind`, or raise TypeError that shows the right spelling."""
    origin = get_origin(kind)
    if origin in (UnionType, Union):
        options = get_args(kind)
        if value is None and type(None) in options:
            return None
        return _coerce(name, value, next(o for o in options if o is not type(None)))
    if origin in (list, tuple):
        inner = get_args(kind)[0]
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise TypeError(
                f"{name} must be a list; got {value!r}. Write {name}: [{value}]."
            )
        return origin(_coerce(f"{name}[{i}]", v, inner) for i, v in enumerate(value))
    if origin is dict or kind is dict:
        if not isinstance(value, Mapping):
            raise TypeError(f"{name} must be a dictionary; got {value!r}.")
        return dict(value)
    return _coerce_scalar(name, value, kind)


def _coerce_scalar(name: str, value, kind: type):
    """Return a bool, int, float or str; text that spells a number becomes one."""
    wrong = TypeError(f"{name} must be {kind.__name__}; got {value!r}.")
    if kind is bool or isinstance(value, bool):
        if kind is bool and isinstance(value, bool):
            return value
        raise wrong
    if kind is str:
        if isinstance(value, str):
            return value
        raise wrong
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise wrong from None
    if kind is float:
        return number
    if kind is int and number.is_integer():
        return int(number)
    raise wrong

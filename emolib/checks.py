"""One grammar for error messages: what must hold, what came, what to do.

Every room raises through these few functions, so that a message always names the
argument as the caller typed it, quotes what came, and ends with the way out.
"""

import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

AXES = {
    "b": "batch", "m": "modality", "c": "channel", "t": "time point", "s": "step",
    "p": "patch", "n": "token", "h": "head", "d": "feature", "f": "band", "k": "class",
}  # fmt: skip


class CorpusError(ValueError):
    """A corpus folder or file that cannot be used as it is; it takes one line."""

    def __init__(self, said: str, path=""):
        super().__init__(printable(said, most=2000))
        self.path = path


def printable(text: str, most: int = 500) -> str:
    """Return text from elsewhere cut to one short line that a terminal may print.

    Letters that are not to be seen (line ends, commands to the terminal) are escaped.
    """
    cut = text if len(text) <= most else f"{text[:most]} …"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


def typed(path) -> str:
    """Return a path as it is typed in a shell, on a line that may be printed."""
    return shlex.quote(printable(str(path), most=1500))


def damaged(path, expected: str, got: str, remedy: str) -> CorpusError:
    """Return the one error for a file that is not what it should be."""
    return CorpusError(f"{path}: expected {expected}; got {got}. {remedy}", path)


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

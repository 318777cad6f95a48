"""One look for all figures: style, colours by job, alt text, and what tests compare.

A figure takes a frame or arrays and returns a `Picture`; it is never shown or saved
here. Colour follows the job (EEG is blue everywhere), and each colour has a second cue:
a marker, a line style or a hatch.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import rc_context, rc_file, rcdefaults
from matplotlib.axes import Axes
from matplotlib.figure import Figure

STYLE_FILE = Path(__file__).parents[1] / "emolib.mplstyle"
COLUMN, PAGE = 3.5, 7.0
"""Widths in inches."""

MARK_ROOM = 0.12
"""Inches kept free at the bottom, where a surrogate's mark is put on saving."""

COLORS = {
    "eeg": "#0072B2", "ecg": "#D55E00", "peripheral": "#E69F00", "face": "#009E73",
    "audio": "#CC79A7", "text": "#56B4E9", "visual": "#009E73", "ours": "black",
    "paper": "0.55", "reference": "0.4", "band": "0.88", "low": "#56B4E9",
    "high": "black",
}  # fmt: skip
"""Okabe-Ito colours by job."""

LOOKS = {
    "ours": ("black", "o", True),
    "w/o align": ("black", "o", False),
    "w/o shuffle": ("black", "^", False),
    "w/o patch-align": ("black", "s", False),
    "w/o seq-align": ("black", "D", False),
    "EEG teacher": (COLORS["eeg"], "s", True),
    "EEG-Conformer": (COLORS["eeg"], "P", True),
    "TS-TCC": (COLORS["ecg"], "v", False),
    "TFC": (COLORS["ecg"], "<", False),
    "SSL-ECG": (COLORS["ecg"], ">", False),
    "linear probe": ("black", "D", True),
    "linear probe, ECG": (COLORS["ecg"], "D", True),
    "nearest neighbour": ("black", "^", True),
    "ceiling": (COLORS["reference"], "_", True),
    "IF-MMIN": ("0.35", "P", False),
    "MMIN": ("0.35", "h", False),
    "MCTN": ("0.55", "v", True),
    "MEN": ("0.55", "X", True),
    "w/o VAE": ("black", "<", True),
    "w/o L_inv": ("black", ">", True),
    "uni-modal a": (COLORS["audio"], "8", True),
    "uni-modal v": (COLORS["visual"], "d", True),
    "uni-modal l": (COLORS["text"], "p", True),
}
"""Colour, marker, and whether it is filled, by system."""

_SPARE = ("p", "h", "*", "8", "d", "H")


class Picture(Figure):
    """A matplotlib figure that carries its text and shows itself in a notebook."""

    alt_text: str = ""

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Return the figure as PNG with its alt text, for Jupyter."""
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
        buffer = _with_few_colors(buffer)
        size = {"width": int(96 * self.get_figwidth())}
        return (
            {
                "image/png": b64encode(buffer.getvalue()).decode(),
                "text/plain": self.alt_text,
            },
            {"image/png": {**size, "alt": self.alt_text}},
        )


def _with_few_colors(png: BytesIO) -> BytesIO:
    """Return a PNG with a palette: a third of the bytes, so notebooks stay small."""
    from PIL import Image

    smaller = BytesIO()
    with Image.open(png) as image:
        few = image.convert("RGB").quantize(64, dither=Image.Dither.NONE)
        few.save(smaller, "PNG", optimize=True)
    return smaller


@contextmanager
def style() -> Iterator[None]:
    """Use the project's style inside the block, whatever the user's own settings."""
    with rc_context():
        rcdefaults()
        rc_file(STYLE_FILE)
        yield


def new_figure(
    n_rows: int = 1, n_cols: int = 1, *, width: float = PAGE, height: float = 2.8, **kw
) -> tuple[Picture, np.ndarray]:
    """Return an empty figure and its axes, shape (n_rows, n_cols); sizes in inches.

    Further arguments go to matplotlib's `Figure.subplots`.
    """
    figure = Picture(figsize=(width, height), layout="constrained")
    room = MARK_ROOM / height
    figure.get_layout_engine().set(rect=(0, room, 1, 1 - room))
    return figure, figure.subplots(n_rows, n_cols, squeeze=False, **kw)


def one_panel(
    ax: Axes | None, *, width: float = COLUMN, height: float = 2.5
) -> tuple[Figure, Axes]:
    """Return the caller's axes with their figure, or a new figure with one panel."""
    if ax is None:
        figure, axes = new_figure(width=width, height=height)
        return figure, axes[0, 0]
    return ax.get_figure(), ax


def describe(figure: Figure, text: str) -> Figure:
    """Add a sentence to a figure's alt text and return the figure.

    Two figures drawn into one by `ax` are both described.
    """
    before = getattr(figure, "alt_text", "")
    figure.alt_text = f"{before} {text}".strip()
    return figure


def look(system: str, others: Iterable[str] = ()) -> dict:
    """Return colour and marker of a system, as arguments of matplotlib's `plot`.

    A system without a look of its own gets a grey one, another for each in `others`.
    """
    if system in LOOKS:
        color, marker, filled = LOOKS[system]
    else:
        unknown = [name for name in others if name not in LOOKS]
        place = unknown.index(system) if system in unknown else 0
        color, marker, filled = "0.35", _SPARE[place % len(_SPARE)], True
    return {
        "color": color, "marker": marker, "markeredgecolor": color,
        "markerfacecolor": color if filled else "white",
    }  # fmt: skip


def need_columns(name: str, frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise ValueError unless `frame` has rows and all of `columns`."""
    missing = [c for c in columns if c not in frame]
    if missing:
        raise ValueError(
            f"{name} must have the columns {', '.join(columns)}; got "
            f"{', '.join(map(str, frame.columns))}. Missing: {', '.join(missing)}."
        )
    if not len(frame):
        raise ValueError(f"{name} must have at least one row; got none.")


def number(value: float, digits: int = 3, *, sign: bool = False) -> str:
    """Return a number for a figure or its text, with a true minus; "—" for NaN."""
    if not np.isfinite(value):
        return "—"
    text = f"{value:{'+' if sign else ''}.{digits}f}"
    if float(text) == 0:
        text = f"{0:.{digits}f}"
    return text.replace("-", "−")


def interval(mean: float, low: float, high: float, **kw) -> str:
    """Return a mean and its interval in words, for alt text."""
    text = number(mean, **kw)
    if not np.isfinite([low, high]).all():
        return text
    return f"{text} ({number(low, **kw)} to {number(high, **kw)})"


def level_line(
    ax: Axes, value: float, text: str, *, vertical: bool = False, left: bool = False
) -> None:
    """Draw a dashed reference line (chance, zero, a ceiling), its name at one end."""
    looks = {"color": COLORS["reference"], "linestyle": "--", "linewidth": 0.9}
    if vertical:
        ax.axvline(value, zorder=1, **looks)
        return
    ax.axhline(value, zorder=1, **looks)
    ax.annotate(
        text, (0 if left else 1, value), xycoords=("axes fraction", "data"),
        xytext=(2 if left else -1, 2), textcoords="offset points",
        ha="left" if left else "right", va="bottom", fontsize=6.5,
        color=COLORS["reference"],
        bbox={"facecolor": "white", "linewidth": 0, "alpha": 0.8, "pad": 0.5},
    )  # fmt: skip


def digest_of(data, digits: int = 3) -> str:
    """Return a short digest of plotted data, the same on every machine.

    Parameters
    ----------
    data : DataFrame, ndarray, number, text, or a mapping or sequence of them
    digits : int
        Significant digits that count.

    Returns
    -------
    digest : str
        12 hex digits.
    """
    return sha256("\n".join(_lines(data, digits)).encode()).hexdigest()[:12]


def _lines(data, digits: int) -> Iterator[str]:
    """Yield `data` as text, numbers rounded to significant digits."""
    if isinstance(data, pd.DataFrame):
        data = {str(name): data[name].to_numpy() for name in data}
    if isinstance(data, Mapping):
        for name, part in data.items():
            yield str(name)
            yield from _lines(part, digits)
        return
    array = np.asarray(data)
    yield str(array.shape)
    for value in array.ravel().tolist():
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield str(value)
        else:
            yield f"{value + 0.0:.{digits - 1}e}".replace("-0.0", "0.0", 1)


def structure_of(figure: Figure) -> str:
    """Return one line on what a figure shows: axes, labels, numbers of marks.

    It holds no plotted value, so it is the same wherever the figure is drawn.
    """
    panels = [ax for ax in figure.axes if ax.get_visible()]
    return f"{len(panels)} axes: " + "; ".join(map(_panel, panels))


def _panel(ax: Axes) -> str:
    """Return one axes in words."""
    points = sum(len(line.get_xdata(orig=True)) for line in ax.lines)
    scattered = sum(len(c.get_offsets()) for c in ax.collections)
    counts = {
        "lines": len(ax.lines), "line points": points, "marks": scattered,
        "bars": len(ax.patches), "images": len(ax.images),
    }  # fmt: skip
    words = ", ".join(f"{n} {name}" for name, n in counts.items() if n) or "empty"
    return f"x {ax.get_xlabel()!r}, y {ax.get_ylabel()!r}, {words}"

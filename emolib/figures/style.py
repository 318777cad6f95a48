"""One look for all figures: style, colours by job, alt text.

A figure takes a frame or arrays and returns a `Picture`; it is never shown or saved
here. Colour follows the job (EEG is blue everywhere), and each colour has a second cue:
a marker, a line style or a hatch. A seaborn call of a notebook gets the same look::

    with style():
        figure, axes = new_figure(width=5.0)
        sns.stripplot(frame, x="split", y="auc", ax=axes[0, 0])
    describe(figure, "AUC of three readers under each split.")
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import rc_context, rc_file, rcdefaults
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

STYLE_FILE = Path(__file__).parents[1] / "emolib.mplstyle"
PAGE = 7.0
"""Width of a page in inches."""

MARK_ROOM = 0.12
"""Inches kept free at the bottom, where a surrogate's mark is put on saving."""

LINE_OF_TEXT, NEAR = 0.08, 0.5
"""Height of a name beside a line, and how near two may touch: fractions of a panel."""

COLORS = {
    "eeg": "#0072B2", "ecg": "#D55E00", "peripheral": "#E69F00", "face": "#009E73",
    "audio": "#CC79A7", "text": "#56B4E9", "visual": "#009E73",
}  # fmt: skip
"""Okabe-Ito colours by modality."""

PAPER, JUDGE, SINGLE, BAND = "0.55", "0.4", "0.65", "0.88"
"""Greys: the paper's numbers, what scores are judged by, single values, a room."""

JUDGES = {
    "chance": ":", "majority": "-.", "expected": "-", "ceiling, noisy ignored": ":",
    "ceiling, all noisy": "-.", "ceiling": "--",
}  # fmt: skip
"""Lines of what scores are judged by, by how its name begins."""

LOOKS = {
    "NMER": ("black", "o", True),
    "w/o VAE": ("black", "<", True),
    "w/o L_inv": ("black", ">", True),
    "MEN": (PAPER, "X", True),
    "MCTN": (PAPER, "v", True),
    "MMIN": ("0.35", "h", False),
    "IF-MMIN": ("0.35", "P", False),
    "ECG-EEG alignment": ("black", "o", True),
    "w/o align": ("black", "o", False),
    "EEG teacher": (COLORS["eeg"], "s", True),
    "linear probe": ("black", "D", True),
    "nearest neighbour": ("black", "^", True),
    "paper": (PAPER, "D", False),
}
"""Colour, marker, and whether it is filled, by system."""

SPARE_LOOKS = (
    ("black", "o", True), ("black", "s", False), ("0.35", "^", True),
    ("0.35", "D", False), ("0.55", "p", True), ("0.55", "h", False),
    ("black", "X", True), ("black", "P", False), ("0.35", "v", True),
)  # fmt: skip
"""For series without a look of their own, in order."""

_TEXT = {
    "textcoords": "offset points", "fontsize": 6.5,
    "bbox": {"facecolor": "white", "linewidth": 0, "alpha": 0.8, "pad": 0.5},
}  # fmt: skip


class Picture(Figure):
    """A matplotlib figure that carries its text and shows itself in a notebook."""

    alt_text: str = ""

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Return the figure as PNG with its alt text, for Jupyter.

        Maps keep full colour; lines get 256 colours, none off by more than 15 of 255.
        """
        png, small = BytesIO(), BytesIO()
        with style():
            self.savefig(png, format="png", dpi=110, metadata={"Software": None})
        picture = Image.open(png).convert("RGB")
        if not any(ax.images for ax in self.axes):
            picture = picture.quantize(256, Image.Quantize.FASTOCTREE)
        picture.save(small, "PNG", optimize=True)
        data = {"image/png": b64encode(small.getvalue()).decode()}
        about = {"width": int(96 * self.get_figwidth()), "alt": self.alt_text}
        return {**data, "text/plain": self.alt_text}, {"image/png": about}


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


def describe(figure: Figure, text: str) -> Figure:
    """Add a sentence to a figure's alt text and return the figure.

    Two figures drawn into one by `ax` are both described.
    """
    figure.alt_text = f"{getattr(figure, 'alt_text', '')} {text}".strip()
    return figure


def is_judge(name: str) -> bool:
    """Return whether a series is what scores are judged by: chance, a ceiling."""
    return name.startswith(tuple(JUDGES))


def look_of(
    name: str, others: Iterable[str] = (), ink: str = "black", *, joined: bool = False
) -> dict:
    """Return colour, marker and line of a series, as arguments of matplotlib's `plot`.

    Parameters
    ----------
    name : str
        Of a system (`LOOKS`), of a judge (`JUDGES`), or any other.
    others : iterable of str
        All series of the figure: those without a look of their own get one in order.
    ink : str
        What black is drawn in: a modality's colour.
    joined : bool
        Whether a line joins the marks: solid where they are filled, else dashed.
    """
    if is_judge(name):
        line = next(line for judge, line in JUDGES.items() if name.startswith(judge))
        return {"color": JUDGE, "marker": "", "linestyle": line}
    spare = [other for other in others if other not in LOOKS and not is_judge(other)]
    taken = [LOOKS[other] for other in others if other in LOOKS]
    free = [each for each in SPARE_LOOKS if each not in taken]
    rank = spare.index(name) if name in spare else 0
    color, marker, filled = LOOKS.get(name, free[rank % len(free)])
    color = ink if color == "black" else color
    line = ("-" if filled else (0, (4, 2))) if joined else "none"
    face = color if filled else "white"
    return {"color": color, "marker": marker, "linestyle": line, "mfc": face}


def job_color(name: str) -> str:
    """Return the colour of the modality that a name starts with; black for none."""
    first = name.lower().replace(":", " ").replace(",", " ").split(" ")[0]
    return COLORS.get(first, "black")


def name_ends(ax: Axes, lines: Iterable) -> None:
    """Write each line's label right of its last point, apart where they would touch."""
    ax.autoscale_view()
    to_axes = (ax.transData + ax.transAxes.inverted()).transform
    ends = []
    for line in lines:
        points = line.get_xydata()
        known = points[np.isfinite(points).all(axis=1)]
        ends += [(*to_axes(end)[::-1], end[0], line) for end in known[-1:]]
    said = []
    for height, across, x, line in sorted(ends, key=lambda end: end[0]):
        near = [place for place, other in said if abs(other - across) < NEAR]
        said.append((max([height, *(place + LINE_OF_TEXT for place in near)]), across))
        at = {"xycoords": ("data", "axes fraction"), "xytext": (5, 0), "va": "center"}
        at |= {"xy": (x, said[-1][0]), "color": line.get_color()}
        ax.annotate(line.get_label(), **at, **_TEXT)


def level_line(ax: Axes, value: float, text: str, *, vertical: bool = False) -> None:
    """Draw a dashed line to judge by (chance, zero, a ceiling), its name at its end."""
    draw, axes = ax.axhline, ax.get_yaxis_transform()
    end = {"xy": (0, value), "ha": "left"}
    if vertical:
        draw, axes = ax.axvline, ax.get_xaxis_transform()
        end = {"xy": (value, 1), "ha": "center"}
    draw(value, zorder=1, color=JUDGE, linestyle="--", linewidth=0.9)
    place = {"xycoords": axes, "xytext": (0, 2), "va": "bottom", "color": JUDGE}
    ax.annotate(text, **end, **place, **_TEXT)


def need_columns(name: str, frame: pd.DataFrame, columns: Iterable[str]) -> None:
    """Raise ValueError unless `frame` has rows and all of `columns`."""
    missing = [column for column in columns if column not in frame]
    if missing or not len(frame):
        raise ValueError(
            f"{name} must have a row at least and the columns {', '.join(columns)}; "
            f"got {len(frame)} rows. Missing: {', '.join(missing) or 'rows'}."
        )


def number(value: float, digits: int = 3) -> str:
    """Return a number for a figure or its text, with a true minus; "—" for NaN."""
    if not np.isfinite(value):
        return "—"
    return f"{value:z.{digits}f}".replace("-", "−")

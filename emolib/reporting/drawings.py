"""Figures as SVG: the same bytes for the same figure, with a text and the mark."""

from __future__ import annotations

import re
from pathlib import Path

SURROGATE = "SURROGATE — not a result"
STYLE = Path(__file__).parents[1] / "emolib.mplstyle"


def save_figure(figure, path: Path, marked: bool) -> str:
    """Write a figure as SVG and return its text for those who cannot see it.

    Parameters
    ----------
    figure : matplotlib Figure
        With `alt_text`, made from its data.
    path : Path
    marked : bool
        True puts the surrogate mark into the lower right corner and into the text.

    Notes
    -----
    The SVG carries no date and its ids a fixed salt; its title is what a screen reader
    says. The figure is left as it came.
    """
    from matplotlib import style

    alt = getattr(figure, "alt_text", "").rstrip()
    if not alt:
        raise ValueError(
            f"figure {path.stem} must carry alt_text; got none. Set fig.alt_text to a "
            "sentence made from its data."
        )
    words, alt = (SURROGATE, f"{alt} {SURROGATE}.") if marked else ("", alt)
    look = {"ha": "right", "va": "bottom", "fontsize": 6, "color": "0.35"}
    mark = figure.text(0.995, 0.005, words, **look)
    about = {"Title": alt, "Date": None, "Creator": None}
    with style.context([STYLE, {"svg.hashsalt": "emolib"}]):
        figure.savefig(path, format="svg", metadata=about)
    mark.remove()
    path.write_text(_clips_in_order(path.read_text("utf-8"), path.stem), "utf-8")
    return alt


def _clips_in_order(svg: str, name: str) -> str:
    """Return an SVG text whose clips are called by their order of use.

    matplotlib calls them by all digits of their place, and the solver of the layout
    does not always give the last digit alike.
    """
    order: dict[str, str] = {}
    return re.sub(
        r'(clip-path="url\(#|<clipPath id=")(p[0-9a-f]{10})',
        lambda m: m[1] + order.setdefault(m[2], f"{name}-clip-{len(order)}"),
        svg,
    )

"""The mark of what was computed on a surrogate, and the text beside a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

SURROGATE = "SURROGATE — not a result"
SOURCES = ("surrogate", "licensed", "open")


def sources_of(frame, data: Iterable = ()) -> list[str]:
    """Return the kinds of data behind a table of results and a list of corpora."""
    found = {d["source"] for d in data}
    if frame is not None and "source" in getattr(frame, "columns", ()):
        found |= set(frame["source"].dropna().astype(str)) - {""}
    unknown = found - set(SOURCES)
    if unknown:
        raise ValueError(
            f"source must be one of {', '.join(SOURCES)}; got {sorted(unknown)}. "
            "Every row of results names its data."
        )
    return sorted(found)


def save_figure(figure, path: Path, *, marked: bool) -> str:
    """Write a figure as SVG, the same bytes for the same figure, and return its text.

    Parameters
    ----------
    figure : matplotlib Figure
        With `alt_text`, made from its data.
    path : Path
    marked : bool
        True puts the surrogate mark into the lower right corner and into the text.

    Notes
    -----
    The SVG carries no date and its ids a fixed salt; title and description are what a
    screen reader says. The figure is left as it came.
    """
    from matplotlib import rc_context

    alt = _alt_text(figure, path.stem, marked)
    mark = _put_mark(figure) if marked else None
    try:
        with rc_context({"svg.hashsalt": "emolib"}):
            figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    finally:
        if mark is not None:
            mark.remove()
    svg = _clips_in_order(path.read_text("utf-8"), path.stem)
    path.write_text(_described(svg, path.stem, alt), "utf-8")
    return alt


def _alt_text(figure, name: str, marked: bool) -> str:
    """Return what a figure says of itself, with the mark."""
    alt = getattr(figure, "alt_text", "")
    if not alt:
        raise ValueError(
            f"figure {name} must carry alt_text; got none. Set fig.alt_text to a "
            "sentence made from its data."
        )
    return f"{alt.rstrip()} {SURROGATE}." if marked else alt.rstrip()


def _put_mark(figure):
    """Write the mark into a figure's corner and return it."""
    return figure.text(
        0.995, 0.005, SURROGATE, ha="right", va="bottom", fontsize=6, color="0.35"
    )


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


def _described(svg: str, name: str, alt: str) -> str:
    """Return an SVG text with a title and a description for screen readers."""
    words = f"<title>{escape(name)}</title>\n <desc>{escape(alt)}</desc>"
    return re.sub(
        r"<svg\b([^>]*)>",
        lambda tag: f'<svg role="img"{tag.group(1)}>\n {words}',
        svg,
        count=1,
    )

"""A model as boxes and arrows, its shapes read from a forward pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain, pairwise

import numpy as np
from matplotlib.figure import Figure

from emolib.figures import style as look


def plot_blocks(
    grid: Sequence[Sequence[str]],
    paths: Sequence[Sequence[str]],
    *,
    words: Mapping[str, str],
    frozen: Collection[str] = (),
) -> Figure:
    """Draw parts of a model as boxes on a grid, and what flows from one to another.

    Parameters
    ----------
    grid : sequence of rows of names
        Top down and from left to right; "" leaves a place empty.
    paths : sequence of sequences of names
        Arrows lead along each of them, from box to box.
    words : mapping of name to str
        What stands below a name: a shape.
    frozen : collection of str
        Boxes that learn nothing: hatched.
    """
    boxes = {}
    with look.style():
        figure, ((ax,),) = look.new_figure(height=0.2 + 0.52 * len(grid))
        for (row, x), name in np.ndenumerate(np.array(grid)):
            edge = ("0.7", "////") if name in frozen else ("black", "")
            face = {"facecolor": "white", "edgecolor": edge[0], "hatch": edge[1]}
            text = f"{name}\n{words.get(name, '')}" if name else ""
            looks = {"ha": "center", "va": "center", "fontsize": 6.5}
            looks["bbox"] = face if name else None
            boxes[name] = ax.text(x, -row, text, **looks)
        for start, end in chain.from_iterable(map(pairwise, paths)):
            ends = [boxes[name].get_position() for name in (end, start)]
            sides = [boxes[name].get_bbox_patch() for name in (start, end)]
            arrow = {"arrowstyle": "->", "patchA": sides[0], "patchB": sides[1]}
            ax.annotate("", *ends, arrowprops=arrow, zorder=0)
        ax.set(xlim=(-0.6, len(grid[0]) - 0.4), ylim=(0.5 - len(grid), 0.5))
        ax.set_axis_off()
    return look.describe(figure, f"{len(boxes)} parts, frozen: {', '.join(frozen)}.")

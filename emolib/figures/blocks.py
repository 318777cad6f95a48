"""A model as boxes and arrows, its shapes read from a forward pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from matplotlib.figure import Figure

from emolib.figures import style as look


def plot_blocks(
    columns: Sequence[Mapping[str, str]],
    arrows: Sequence[tuple[str, str]],
    *,
    frozen: Collection[str] = (),
) -> Figure:
    """Draw parts of a model as boxes in columns, from left to right.

    Parameters
    ----------
    columns : sequence of mapping of name to words
        The boxes of each column, top down; the words stand below the name: a shape.
    arrows : sequence of (name, name)
        From a box to a box.
    frozen : collection of str
        Boxes that learn nothing: hatched.
    """
    n_rows, boxes = max(map(len, columns)), {}
    with look.style():
        figure, ((ax,),) = look.new_figure(height=0.2 + 0.52 * n_rows)
        for x, column in enumerate(columns):
            for row, (name, words) in enumerate(column.items()):
                edge = ("0.7", "////") if name in frozen else ("black", "")
                face = {"facecolor": "white", "edgecolor": edge[0], "hatch": edge[1]}
                look_of = {"ha": "center", "va": "center", "fontsize": 6.5}
                place = x, (len(column) - 1) / 2 - row
                box = ax.text(*place, f"{name}\n{words}", bbox=face, **look_of)
                boxes[name] = box.get_bbox_patch(), place
        for start, end in arrows:
            (first, begin), (last, stop) = boxes[start], boxes[end]
            arrow = {"arrowstyle": "->", "patchA": first, "patchB": last}
            ax.annotate("", stop, begin, arrowprops=arrow, zorder=0)
        ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-n_rows / 2, n_rows / 2))
        ax.axis("off")
    return look.describe(figure, f"{len(boxes)} parts, frozen: {', '.join(frozen)}.")

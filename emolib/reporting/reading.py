"""What a notebook shows a reader: a function's source, and whether they are right."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable


def show_source(thing: Callable):
    """Return the source of a function, a method or a class, without its docstrings.

    It is read from the installed package at the moment of the call, so what a reader
    sees is what ran.

    Returns
    -------
    shown : IPython.display.Markdown
        Its `data` is the text: the dotted name, then the source.
    """
    from IPython.display import Markdown

    thing = inspect.unwrap(thing)
    lines = textwrap.dedent(inspect.getsource(thing)).splitlines()
    nodes = ast.walk(ast.parse("\n".join(lines)))
    named = (n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef))
    for node in sorted(named, key=lambda n: n.lineno, reverse=True):
        if ast.get_docstring(node) and len(node.body) > 1:
            del lines[node.body[0].lineno - 1 : node.body[0].end_lineno]
    text = "\n".join(line.removesuffix("  # fmt: skip") for line in lines)
    place = f"{thing.__module__}.{thing.__qualname__}"
    return Markdown(f"`{place}`\n```python\n{text}\n```")


def check_answer(
    answer, right, *, hint: str, tolerance: float = 0.0, name: str = "Exercise"
) -> str:
    """Return whether an exercise's answer is right, wrong with a hint, or not given.

    Parameters
    ----------
    answer
        What the reader wrote; ``...`` (Ellipsis) means not answered yet. One of the
        wrong kind is wrong.
    right
        The right answer, or a function that tells whether an answer is right.
    hint : str
        Shown with a wrong answer.
    tolerance : float
        For numbers: how far off still counts as right.
    name : str
        What the exercise is called.
    """
    if answer is ...:
        return f"{name}: not answered yet."
    try:
        if callable(right):
            good = bool(right(answer))
        elif isinstance(right, int | float):
            good = abs(float(answer) - right) <= tolerance
        else:
            good = bool(answer == right)
    except (TypeError, ValueError, AttributeError, IndexError, KeyError):
        good = False
    return f"{name}: right." if good else f"{name}: not yet. {hint}"

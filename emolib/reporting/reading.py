"""What a notebook shows a reader: a function's source, and whether they are right."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable

MONOSPACED = '<div style="font-family: monospace">'
"""What nbconvert's HTML needs, or it sets the code of an output like prose."""


def show_source(*things: Callable):
    """Return the sources of functions, methods or classes, folded to what they do.

    They are read from the installed package at the moment of the call, so what a reader
    sees is what ran. Folded away are docstrings and guards: calls of `check_...`, and
    conditions that only raise.

    Returns
    -------
    shown : IPython.display.Markdown
        Its `data` is the text: of each thing the dotted name, then the source.
    """
    from IPython.display import Markdown

    parts = [_folded(inspect.unwrap(thing)) for thing in things]
    return Markdown("\n\n".join([MONOSPACED, *parts, "</div>"]))


def _folded(thing: Callable) -> str:
    """Return the name and the source of one thing as Markdown."""
    source, folded = textwrap.dedent(inspect.getsource(thing)), set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", ())  # that of a lambda is no list
        for each in body if isinstance(body, list) and len(body) > 1 else ():
            if _is_aside(each):
                folded |= {*range(each.lineno, each.end_lineno + 1)}
    lines = enumerate(source.splitlines(), 1)
    code = "\n".join(
        x.removesuffix("  # fmt: skip") for i, x in lines if i not in folded
    )
    return f"`{thing.__module__}.{thing.__qualname__}`\n```python\n{code}\n```"


def _is_aside(node: ast.stmt) -> bool:
    """Return whether a statement is a docstring or a guard."""
    if isinstance(node, ast.If | ast.For) and not node.orelse:
        return all(isinstance(n, ast.Raise) or _is_aside(n) for n in node.body)
    value = getattr(node, "value", None) if isinstance(node, ast.Expr) else None
    called = getattr(getattr(value, "func", None), "id", "")
    return isinstance(value, ast.Constant) or called.startswith("check_")


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
    if answer is ... or answer is None:
        return f"{name}: not answered yet."
    try:
        if callable(right):
            good = bool(right(answer))
        elif isinstance(right, int | float):
            good = abs(float(answer) - right) <= tolerance
        else:
            good = bool(answer == right)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        good = False
    return f"{name}: right." if good else f"{name}: not yet. {hint}"

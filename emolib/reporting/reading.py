"""What a notebook shows a reader: a function's source, and whether they are right."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable


class Source:
    """The source of one function or class, as a notebook shows it."""

    def __init__(self, text: str, place: str):
        self.text, self.place = text, place

    def _repr_markdown_(self) -> str:
        return f"`{self.place}`\n```python\n{self.text}\n```"

    def __repr__(self) -> str:
        return f"{self.place}\n{self.text}"


def show_source(thing: Callable) -> Source:
    """Return the source of a function, a method or a class, without its docstrings.

    It is read from the installed package at the moment of the call, so what a reader
    sees is what ran.
    """
    thing = inspect.unwrap(thing)
    lines = textwrap.dedent(inspect.getsource(thing)).splitlines()
    lines = [line.removesuffix("  # fmt: skip") for line in lines]
    for first, last in sorted(_docstrings("\n".join(lines)), reverse=True):
        del lines[first - 1 : last]
    return Source("\n".join(lines), f"{thing.__module__}.{thing.__qualname__}")


def _docstrings(text: str) -> list[tuple[int, int]]:
    """Return the first and last line of every docstring in a piece of source."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, kinds) and ast.get_docstring(node) and len(node.body) > 1:
            found.append((node.body[0].lineno, node.body[0].end_lineno))
    return found


def check_answer(
    answer, right, *, hint: str, tolerance: float = 0.0, name: str = "Exercise"
) -> str:
    """Return whether an exercise's answer is right, wrong with a hint, or not given.

    Parameters
    ----------
    answer
        What the reader wrote; ``...`` (Ellipsis) means not answered yet.
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
    if _is_right(answer, right, tolerance):
        return f"{name}: right."
    return f"{name}: not yet. {hint}"


def _is_right(answer, right, tolerance: float) -> bool:
    """Return whether an answer is right; one of the wrong kind is wrong."""
    try:
        if callable(right):
            return bool(right(answer))
        if isinstance(right, int | float) and not isinstance(right, bool):
            return abs(float(answer) - right) <= tolerance
        return bool(answer == right)
    except (TypeError, ValueError, AttributeError, IndexError, KeyError):
        return False

"""Another system over the same stage."""

from emolib.papers.toy.systems.linear import run

__all__ = ["run"]

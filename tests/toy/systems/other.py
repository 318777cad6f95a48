"""Another system over the same stage."""

from emolib.recipes.toy.systems.linear import run

__all__ = ["run"]

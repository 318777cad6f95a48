"""store export, import, status, why, prune, verify."""

from __future__ import annotations

from pathlib import Path

from emolib.commands import say


def _store():
    """Return the store of this project."""
    from emolib.store import Store

    return Store()


def store_export_command(arguments) -> int:
    """Pack the finished units into a file."""
    n_units = _store().export(Path(arguments.file))
    say(f"{n_units} units packed into {arguments.file}")
    return 0


def store_import_command(arguments) -> int:
    """Add the units of a packed file."""
    n_units = _store().import_(Path(arguments.file))
    say(f"{n_units} units added from {arguments.file}")
    return 0


def store_status_command(arguments) -> int:
    """Show the store's size by recipe."""
    say(str(_store().status()))
    return 0


def store_why_command(arguments) -> int:
    """Say which part of a unit's key changed."""
    say(str(_store().why(arguments.unit)))
    return 0


def store_prune_command(arguments) -> int:
    """Remove what today's code cannot use; without --yes only show it."""
    say(str(_store().prune(dry=not arguments.yes)))
    return 0


def store_verify_command(arguments) -> int:
    """Read every unit and check its digests; exit 1 when one is damaged."""
    damaged = list(_store().verify())
    for name in damaged:
        say(f"damaged: {name}")
    say("Every unit is whole." if not damaged else f"{len(damaged)} units damaged.")
    return 1 if damaged else 0

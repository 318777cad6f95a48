"""store export, import, status, why, prune, verify."""

from __future__ import annotations

from pathlib import Path

from emolib.commands import say


def store_export_command(arguments) -> int:
    """Pack the finished units into a file."""
    from emolib.store import Store, export_archive

    n_entries = export_archive(Store(), Path(arguments.file))
    say(f"{n_entries} entries packed into {arguments.file}")
    return 0


def store_import_command(arguments) -> int:
    """Add the units of a packed file."""
    from emolib.store import import_archive

    added = import_archive(Path(arguments.file))
    say(f"{len(added)} entries added from {arguments.file}")
    return 0


def store_status_command(arguments) -> int:
    """Show the store's size by recipe."""
    from emolib.units import status

    rows = status()
    if rows.empty:
        say("The store is empty.")
        return 0
    say(rows.to_string(index=False))
    say(f"{rows['n_entries'].sum()} entries, {rows['bytes'].sum() / 1e6:.1f} MB")
    return 0


def store_why_command(arguments) -> int:
    """Say which part of a unit's key changed."""
    from emolib.units import why

    say(why(arguments.unit))
    return 0


def store_prune_command(arguments) -> int:
    """Remove what today's code cannot use; without --yes only show it."""
    from emolib.units import prune

    rows = prune(dry=not arguments.yes)
    if len(rows):
        say(rows.to_string(index=False))
    size = f"{len(rows)} entries, {rows['bytes'].sum() / 1e6:.1f} MB"
    say(
        f"{size} removed." if arguments.yes else f"{size} could go; --yes removes them."
    )
    return 0


def store_verify_command(arguments) -> int:
    """Read every unit and check its digests; exit 1 when one is damaged."""
    from emolib.units import verify

    damaged = verify()
    for line in damaged:
        say(line)
    say("Every entry is whole." if not damaged else f"{len(damaged)} entries damaged.")
    return 1 if damaged else 0

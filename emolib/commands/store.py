"""store status, why, prune."""

from __future__ import annotations

from emolib.commands import say


def store_status_command(arguments) -> int:
    """Show the store's size by paper."""
    from emolib.upkeep import status

    rows = status()
    if rows.empty:
        say("The store is empty.")
        return 0
    say(rows.to_string(index=False))
    say(f"{rows['n_entries'].sum()} entries, {rows['bytes'].sum() / 1e6:.1f} MB")
    return 0


def store_why_command(arguments) -> int:
    """Say which part of a unit's key changed."""
    from emolib.upkeep import why

    say(why(arguments.unit))
    return 0


def store_prune_command(arguments) -> int:
    """Remove what today's code cannot use; without --yes only show it."""
    from emolib.upkeep import prune

    rows = prune(dry=not arguments.yes)
    if len(rows):
        say(rows.to_string(index=False))
    size = f"{len(rows)} entries, {rows['bytes'].sum() / 1e6:.1f} MB"
    say(
        f"{size} removed." if arguments.yes else f"{size} could go; --yes removes them."
    )
    return 0

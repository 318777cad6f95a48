"""The `emolib` command.

Each command is a thin function in `emolib.commands`; this file says what may be typed.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from emolib.reporting.places import TIERS


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that was typed and return its exit code."""
    arguments = build_parser().parse_args(words)
    _end_like_an_exception()
    from emolib.commands import load_command

    try:
        return load_command(arguments.command)(arguments) or 0
    except KeyboardInterrupt:
        sys.stderr.write("\nemolib: stopped. Finished units are kept.\n")
        return 130
    except BrokenPipeError:
        return 1
    except (ValueError, TypeError, OSError, RuntimeError, ImportError) as error:
        sys.stderr.write(f"emolib: {error}\n")
        return 1


def _end_like_an_exception() -> None:
    """Let SIGTERM unwind, so that a stopped run cleans up behind itself."""

    def stop(number, frame):
        raise SystemExit(128 + number)

    try:
        signal.signal(signal.SIGTERM, stop)
    except ValueError:
        return  # not in the main thread: whoever called us handles signals


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="emolib", description="Run the notebooks and keep their corpora and units."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_notebook_commands(commands)
    _add_report_commands(commands)
    _add_corpora_commands(commands)
    _add_store_commands(commands)
    return parser


def _add(commands, name: str, words: str, command: str | None = None):
    """Add a command and return its parser."""
    parser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(command=command or name)
    return parser


def _add_notebook(parser, *, config_required: bool = False) -> None:
    """Add the arguments by which a notebook and its parameters are named."""
    parser.add_argument("notebook", metavar="NOTEBOOK", help="stem or path")
    parser.add_argument(
        "--config", metavar="C", required=config_required, help="e.g. quick"
    )
    parser.add_argument(
        "-p", dest="parameters", nargs=2, action="append", default=[],
        metavar=("KEY", "VALUE"), help="replace a parameter; the value is read as YAML",
    )  # fmt: skip


def _add_machine(parser) -> None:
    """Add the arguments that say where the work is done."""
    parser.add_argument("--n-workers", type=int, metavar="N", help="processes")
    parser.add_argument("--device", metavar="D", help="auto, cpu, cuda:1")
    parser.add_argument(
        "--allow-partial", action="store_true", help="exit 0 though units failed"
    )


def _add_notebook_commands(commands) -> None:
    """Add run, open, units, compare and the digest of a recipe's code."""
    run = _add(commands, "run", "Run a notebook into a report folder.")
    _add_notebook(run)
    _add_machine(run)
    run.add_argument("--dry-run", action="store_true", help="print the plan and stop")
    _add_notebook(_add(commands, "open", "Write a parameterised copy into work/."))
    units = _add(commands, "units", "Compute a notebook's units into the store.")
    _add_notebook(units, config_required=True)
    _add_machine(units)
    units.add_argument("--shard", default="1/1", metavar="i/n", help="e.g. 2/4")
    units.add_argument("--stamp", metavar="FILE", help="write the units' keys there")
    compare = _add(commands, "compare", "Print what differs between two runs.")
    compare.add_argument("run_a", metavar="RUN_A", help="e.g. ecg_eeg/quick")
    compare.add_argument("run_b", metavar="RUN_B")


def _add_report_commands(commands) -> None:
    """Add reports and gallery."""
    reports = _add(commands, "reports", "Run all notebooks at a tier (Snakemake).")
    reports.add_argument("--tier", default="quick", metavar="T", help=", ".join(TIERS))
    reports.add_argument("--notebook", action="append", metavar="N", help="only this")
    reports.add_argument("--cores", type=int, metavar="C", help="default: all")
    reports.add_argument("--dry-run", action="store_true", help="print the plans")
    reports.add_argument("--allow-partial", action="store_true")
    reports.add_argument("--profile", metavar="P", help="e.g. profiles/slurm")
    gallery = _add(commands, "gallery", "Copy one run per notebook into the gallery.")
    gallery.add_argument("--check", action="store_true", help="only say what is old")
    ledger = _add(commands, "ledger", "Print every reported number beside ours.")
    ledger.add_argument("paper", metavar="PAPER", help="e.g. ecg_eeg")
    code = _add(commands, "code", "Write the digest of a recipe's code.")
    code.add_argument("recipe", metavar="RECIPE")
    code.add_argument("file", metavar="FILE")


def _add_corpora_commands(commands) -> None:
    """Add corpora list, check, add, surrogate and fetch."""
    parser = commands.add_parser("corpora", help="List, check and add corpora.")
    corpora = parser.add_subparsers(required=True, metavar="ACTION")
    _add(corpora, "list", "List the corpora and what is noted.", "corpora_list")
    for name, words in {
        "check": "Say what a folder holds and whether it is usable.",
        "add": "Note a corpus's folder for data = 'local'.",
        "surrogate": "Write a surrogate in a corpus's own format.",
        "fetch": "Download an open corpus from its publisher.",
    }.items():
        action = _add(corpora, name, words, f"corpora_{name}")
        action.add_argument("corpus", metavar="CORPUS")
        action.add_argument("folder", metavar="FOLDER")
        if name == "surrogate":
            sizes = ("n-subjects", "n-trials", "n-train", "n-val", "n-test")
            for option in (*sizes, "seed"):
                action.add_argument(f"--{option}", type=int, metavar="N")
            action.add_argument("--package", metavar="P", help="mosei, mosi: which")
            for option in ("seconds", "effect", "signature", "nuisance"):
                action.add_argument(f"--{option}", type=float, metavar="X")


def _add_store_commands(commands) -> None:
    """Add store status, why and prune."""
    parser = commands.add_parser("store", help="Look after the finished units.")
    store = parser.add_subparsers(required=True, metavar="ACTION")
    _add(store, "status", "Show the store's size by paper.", "store_status")
    why = _add(store, "why", "Say which part of a unit's key changed.", "store_why")
    why.add_argument("unit", metavar="UNIT", help="a key, or its beginning")
    prune = _add(store, "prune", "Remove what today's code cannot use.", "store_prune")
    prune.add_argument("--yes", action="store_true", help="remove; else only show")


if __name__ == "__main__":
    sys.exit(main())

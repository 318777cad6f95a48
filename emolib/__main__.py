"""The `emolib` command: what may be typed."""

import os
import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import click
import yaml

from emolib import corpora as rooms
from emolib import run as steps
from emolib import upkeep as keeping
from emolib.checks import check_option, printable, typed
from emolib.units import Unit, run_units

KNOWN = (ValueError, TypeError, OSError, RuntimeError, ImportError, MemoryError)
"""Kinds of mistakes that end in one line; others are ours, and show their traceback."""
LONGEST = 2000
"""Characters of a line that are printed: what a file calls itself has no end."""


class Commands(click.Group):
    """Commands whose mistakes end in one line, without a traceback."""

    def main(self, args=None, **more):
        """Read what was typed: ``-p NAME=VALUE`` is ``-p NAME VALUE``."""
        for stream in (sys.stdout, sys.stderr):
            getattr(stream, "reconfigure", dict)(errors="backslashreplace")
        words = ["", *(sys.argv[1:] if args is None else args)]
        split = ([b] if a != "-p" else b.split("=", 1) for a, b in pairwise(words))
        return super().main([part for parts in split for part in parts], **more)

    def invoke(self, ctx: click.Context):
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:  # a RuntimeError to Python; --help ends so
            raise
        except KNOWN as error:
            words = " ".join(str(error).split()) or type(error).__name__
            raise click.ClickException(printable(words, most=LONGEST)) from error


def say(text: str, **where) -> None:
    """Print; one who has stopped reading does not decide how a run ends."""
    lines = (printable(line, most=LONGEST) for line in text.split("\n"))
    try:
        click.echo("\n".join(lines), **where)
    except OSError:
        sys.stdout = sys.stderr = Path(os.devnull).open("w")


def read_pairs(ctx, parameter, pairs: tuple) -> dict:
    """Return NAME VALUE pairs as a dictionary, each value read as YAML."""
    try:
        return {name: yaml.safe_load(text) for name, text in pairs}
    except yaml.YAMLError:
        raise ValueError(f"-p must be NAME and YAML; got {pairs}. Quote it.") from None


def finish(failed: list[str], *, allowed: bool = False) -> None:
    """Print what failed; exit 1 when there is any, unless it is allowed."""
    for line in failed:
        say(f"failed: {line}", err=True)
    sys.exit(int(bool(failed) and not allowed))


def jobs_of(notebooks: tuple, config: str, given: dict) -> list[steps.Job]:
    """Return the jobs of notebooks, or of all that have a config."""
    names = notebooks or steps.stems_with(config)
    return [steps.job_of(name, config, given) for name in names]


def lost_of(failures: Iterable[tuple[Unit, str]]) -> list[str]:
    """Return a line for each system and reason of the units that failed."""
    return steps.lost((unit.labels["system"], why) for unit, why in failures)


def write_reports(jobs: list, failures: Sequence[tuple[Unit, str]] = ()) -> list[str]:
    """Run notebooks on a full store; return what failed."""
    failed = []
    for job in jobs:
        known = lost_of(pair for pair in failures if pair[0] in job.units)
        try:
            folder, lost = steps.make_report(job, known)
            say(f"written: {printable(str(folder))}")
            failed += [f"{job.name}: {line}" for line in lost]
        except RuntimeError as error:
            failed.append(str(error))
    return failed


several = click.argument("notebooks", metavar="[NOTEBOOK]...", nargs=-1)
config = click.option("--config", default="", help="A file of its configs: quick.")
cores = click.option("--cores", type=click.IntRange(1), help="Processes at once.")
pairs = click.option(
    "-p", "given", nargs=2, multiple=True, callback=read_pairs, metavar="NAME VALUE",
    help="Replace a parameter; the value is read as YAML.",
)  # fmt: skip


def of_job(command):
    """Add what names a notebook, its config and the parameters that replace it."""
    return click.argument("notebook")(config(pairs(command)))


def at_home(ctx, parameter, folder: str) -> str:
    """Return a folder whose ~ the shell has left as it is, as in quotes."""
    return str(Path(folder).expanduser())


def place(command):
    """Add the arguments that name a corpus and a folder of it."""
    folder = click.argument("folder", callback=at_home)
    return click.argument("corpus")(folder(command))


@click.group(cls=Commands)
def main() -> None:
    """Run the notebooks and keep their corpora and units."""


@main.command()
@several
@config
@pairs
@cores
@click.option("--dry-run", is_flag=True, help="Say what it will cost, and stop.")
def run(notebooks, config, given, cores, dry_run):
    """Fill the store, then run notebooks into reports/: those named, or all."""
    jobs = jobs_of(notebooks, config, given)
    say(f"planning {', '.join(job.name for job in jobs)}", err=True)
    units = steps.units_of(jobs)
    machine = steps.machine_of(jobs, cores)
    say(keeping.plan_line(units, **machine))
    if not dry_run:
        failures = run_units(units, **machine).failures
        told, lost = write_reports(jobs, failures), lost_of(failures)
        finish([*(line for line in lost if line not in "\n".join(told)), *told])


@main.command()
@several
@config
@pairs
@cores
@click.option("--shard", default="1/1", help="i/n: every n-th unit from the i-th on.")
@click.option("--allow-partial", is_flag=True, help="Exit 0 though units failed.")
def units(notebooks, config, given, cores, shard, allow_partial):
    """Compute the units of notebooks into the store: those named, or all."""
    jobs = jobs_of(notebooks, config, given)
    chosen = steps.shard_of(steps.units_of(jobs), shard)
    done = run_units(chosen, **steps.machine_of(jobs, cores))
    finish(lost_of(done.failures), allowed=allow_partial)


@main.command()
@of_job
def report(notebook, config, given):
    """Run a notebook on a full store; end with whoever started this."""
    steps.end_with_parent()
    finish(write_reports([steps.job_of(notebook, config, given)]))


@main.command("open")
@of_job
def open_notebook(notebook, config, given):
    """Write a parameterised copy of a notebook into work/."""
    copy = steps.open_copy(steps.job_of(notebook, config, given))
    say(f"open it: jupyter lab {typed(copy)}")


@main.command()
def gallery():
    """Copy one finished run of each notebook into reports/gallery/."""
    from emolib.reporting import make_gallery

    say("\n".join(make_gallery()) or "No finished run to copy; make one first.")


@main.command()
def status():
    """Show the size of the store."""
    say(keeping.status().to_string(index=False))


@main.command()
@click.argument("unit")
def why(unit):
    """Say which part of a unit's key changed; UNIT is the beginning of its name."""
    say(keeping.why(unit))


@main.command()
@click.option("--yes", is_flag=True, help="Remove; without it only show.")
def prune(yes):
    """Remove from the store what today's code cannot use."""
    say(keeping.prune(dry=not yes).to_string(index=False))


@main.group()
def corpora():
    """List, check and add corpora."""


@corpora.command("list")
def list_():
    """List the corpora, and the folders that are noted."""
    say(rooms.list_corpora())


@corpora.command()
@place
def check(corpus, folder):
    """Say what a folder holds; exit 1 when it cannot be used."""
    from emolib.corpora.check import check_corpus

    found = check_corpus(corpus, folder)
    say(found.text)
    sys.exit(int(not found.usable))


@corpora.command()
@place
def add(corpus, folder):
    """Note a corpus's folder for data = "local"."""
    rooms.add_corpus(corpus, folder)
    say(f"{corpus} is noted; -p data local uses it.")


@corpora.command()
@place
def fetch(corpus, folder):
    """Download an open corpus from its publisher."""
    from emolib.corpora import check as publishers

    fetched = [name for name, known in rooms.CORPORA.items() if known.is_fetched]
    check_option("corpus", corpus, fetched, rooms.get_corpus(corpus).how_to_get)
    getattr(publishers, f"fetch_{corpus}")(folder)
    say(f"fetched; note it: emolib corpora add {corpus} {typed(folder)}")


@corpora.command()
@place
@pairs
def surrogate(corpus, folder, given):
    """Write a surrogate of a corpus; -p gives the writer's parameters."""
    rooms.write_surrogate(corpus, folder, **given)
    say(f"written; look at it: emolib corpora check {corpus} {typed(folder)}")


if __name__ == "__main__":
    main(prog_name="emolib")

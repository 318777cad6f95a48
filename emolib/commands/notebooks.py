"""run, open, units, compare, gallery, ledger and code."""

from __future__ import annotations

from pathlib import Path

from emolib.batch import (
    expand_job,
    open_notebook,
    plan_job,
    prepare_job,
    run_notebook,
)
from emolib.commands import StatusLine, say
from emolib.commands.driver import watch_driver
from emolib.commands.events import told
from emolib.reporting.places import relative
from emolib.reporting.records import failure_record
from emolib.reporting.runs import read_run

MAX_LINES = 60


def read_pairs(pairs: list[list[str]]) -> dict:
    """Return ``-p key value`` pairs, the values read as YAML.

    Raises ValueError for a value that YAML cannot read or a key given twice.
    """
    import yaml

    found = {}
    for key, text in pairs:
        if key in found:
            raise ValueError(f"-p must be given once a key; got {key!r} twice.")
        try:
            found[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise ValueError(
                f"-p {key} must be YAML; got {text!r}. Quote it for the shell, for "
                f"example -p {key} '[1, 2]'."
            ) from None
    return found


def _job(arguments):
    """Return the job that was typed."""
    return prepare_job(
        arguments.notebook, config=arguments.config,
        parameters=read_pairs(arguments.parameters),
    )  # fmt: skip


def run_command(arguments) -> int:
    """Print the plan, run the notebook, print its folder and its tables."""
    watch_driver()
    job = _job(arguments)
    with told(job.stem, "report"):
        return _run(arguments, job)


def _run(arguments, job) -> int:
    """Run a job whose names and types are right."""
    say(f"{job.name}: {plan_job(job)}")
    if arguments.dry_run:
        return 0
    line = StatusLine()
    try:
        folder = run_notebook(
            arguments.notebook, config=arguments.config,
            parameters=read_pairs(arguments.parameters),
            n_workers=arguments.n_workers, device=arguments.device, tick=line,
        )  # fmt: skip
    finally:
        line.clear()
    for path in sorted(folder.glob("table_*.md")):
        lines = path.read_text("utf-8").splitlines()
        say("\n".join(["", path.stem, *lines[:MAX_LINES]]))
        if len(lines) > MAX_LINES:
            say(f"… {len(lines) - MAX_LINES} more lines in {relative(path)}")
    say(f"\nwritten: {relative(folder)}")
    return _tell_failures(read_run(folder)["failures"], arguments.allow_partial)


def _tell_failures(failures: list[dict], allow_partial: bool) -> int:
    """Print the units that failed and return the exit code."""
    for failure in failures:
        labels = {k: v for k, v in failure.items() if k != "reason"}
        named = " ".join(f"{k}={v}" for k, v in labels.items())
        say(f"failed unit: {named}: {failure['reason']}")
    if failures and not allow_partial:
        say(f"{len(failures)} units failed; --allow-partial accepts that.")
        return 1
    return 0


def open_command(arguments) -> int:
    """Write a parameterised copy and say how to open it."""
    path = open_notebook(
        arguments.notebook, config=arguments.config,
        parameters=read_pairs(arguments.parameters),
    )  # fmt: skip
    say(f"written: {relative(path)}\nopen it:  jupyter lab {relative(path)}")
    return 0


def units_command(arguments) -> int:
    """Compute one shard of a notebook's units into the store."""
    watch_driver()
    with told(Path(arguments.notebook).stem, "units"):
        return _units(arguments)


def _units(arguments) -> int:
    """Compute one shard, tell what failed, write the stamp."""
    job = _job(arguments)
    units = shard_of(expand_job(job), arguments.shard)
    names, failures = [], []
    if units:
        device = arguments.device or job.parameters.get("device", "auto")
        names, failures = _compute(arguments, units, device)
    code = _tell_failures(failures, arguments.allow_partial)
    if arguments.stamp and code == 0:
        _write_stamp(Path(arguments.stamp), names, failures)
    return code


def _compute(arguments, units: list, device: str) -> tuple[list[str], list[dict]]:
    """Run units; return the names of their entries and what failed."""
    from emolib.units import run_units
    from emolib.upkeep import plan_line

    machine = {"n_workers": arguments.n_workers or 1, "device": device}
    plan = plan_line(units, **machine)
    say(f"{arguments.notebook} shard {arguments.shard}: {plan}")
    done = run_units(units, **machine)
    names = [f"{unit.paper}/{entry.folder.name}" for unit, entry in done.entries]
    return sorted(names), [failure_record(failure) for failure in done.failures]


def shard_of(units: list, shard: str) -> list:
    """Return every n-th unit, beginning with the i-th, of shard ``i/n``."""
    from emolib.checks import check_range

    i, _, n = shard.partition("/")
    if not (i.isdigit() and n.isdigit() and int(n) > 0):
        raise ValueError(f"--shard must be i/n; got {shard!r}. For example 2/4.")
    check_range("i of --shard i/n", int(i), 1, int(n))
    return units[int(i) - 1 :: int(n)]


def _write_stamp(path: Path, names: list[str], failures: list[dict]) -> None:
    """Write the names of a shard's entries, a line each."""
    lines = [*names, *(f"failed: {failure}" for failure in failures)]
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(path.name + ".part")
    aside.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    aside.replace(path)


def compare_command(arguments) -> int:
    """Print the settings and the numbers in which two runs differ."""
    from emolib.reporting.comparison import compare_runs

    say(str(compare_runs(arguments.run_a, arguments.run_b)))
    return 0


def gallery_command(arguments) -> int:
    """Fill the gallery, or say which of its entries are old."""
    from emolib.reporting.gallery import gallery_names, gallery_note, make_gallery

    if arguments.check:
        notes = {name: gallery_note(name) for name in gallery_names()}
        for name, note in notes.items():
            say(f"{name}: {note}")
        return int(any("since changed" in note for note in notes.values()))
    lines = make_gallery()
    say("\n".join(lines) if lines else "No finished run to copy; make one first.")
    return 0


def ledger_command(arguments) -> int:
    """Print every reported number of a paper beside ours."""
    from emolib.reporting.ledger import ledger
    from emolib.reporting.markdown import to_markdown

    found = ledger(arguments.paper)
    columns = ["item", "row", "column", "paper", "ours", "low", "high", "verdict"]
    say(to_markdown(found[columns]))
    counts = found["verdict"].value_counts()
    say(", ".join(f"{n} {verdict}" for verdict, n in counts.items()))
    return 0


def code_command(arguments) -> int:
    """Write the digest of a recipe's code into a file."""
    from emolib.reporting.provenance import code_digest

    path = Path(arguments.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{code_digest(arguments.recipe)}\n", "utf-8")
    return 0

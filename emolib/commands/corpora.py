"""corpora list, check, add, surrogate, fetch."""

from __future__ import annotations

from pathlib import Path

from emolib.commands import say


def _corpus(name: str):
    """Return a corpus by name, or raise naming the nearest one."""
    from emolib.checks import check_keys
    from emolib.corpora import CORPORA

    check_keys("corpus", {name: None}, list(CORPORA))
    return CORPORA[name]


def corpora_list_command(arguments) -> int:
    """Print each corpus, its licence, and the folder that is noted for it."""
    from emolib import corpora

    noted = getattr(corpora, "noted_folders", dict)()
    for name, corpus in corpora.CORPORA.items():
        kind = "open" if corpus.is_open else "licensed"
        folder = noted.get(name)
        where = f"noted: {folder}" if folder else "no folder noted"
        say(f"{name:<10} {kind:<9} {', '.join(corpus.modalities):<10} {where}")
        say(f"{'':<10} {corpus.licence} {corpus.ask}".rstrip())
    return 0


def corpora_check_command(arguments) -> int:
    """Print what a folder holds; exit 1 when it cannot be used."""
    from emolib.corpora import check_corpus

    _corpus(arguments.corpus)
    report = check_corpus(arguments.corpus, Path(arguments.folder))
    say(str(report.text))
    return 0 if report.usable else 1


def corpora_add_command(arguments) -> int:
    """Note a corpus's folder, and say how to use it."""
    from emolib.corpora import add_corpus

    _corpus(arguments.corpus)
    add_corpus(arguments.corpus, Path(arguments.folder))
    say(f"{arguments.corpus} is noted; -p data local uses it.")
    return 0


def corpora_surrogate_command(arguments) -> int:
    """Write a surrogate of a corpus into a folder."""
    corpus = _corpus(arguments.corpus)
    if corpus.write is None:
        raise ValueError(
            f"corpus must have a surrogate; got {arguments.corpus!r}. It is open: "
            f"'emolib corpora fetch {arguments.corpus} FOLDER' gets the real one."
        )
    names = (
        "n_subjects", "n_trials", "seconds", "effect", "signature", "nuisance", "seed",
    )  # fmt: skip
    asked = {n: getattr(arguments, n) for n in names}
    written = corpus.write(
        Path(arguments.folder), **{n: v for n, v in asked.items() if v is not None}
    )
    say(f"written: {written}")
    say(f"look at it: emolib corpora check {arguments.corpus} {written}")
    return 0


def corpora_fetch_command(arguments) -> int:
    """Download an open corpus from its publisher."""
    from emolib import corpora

    if not _corpus(arguments.corpus).is_open:
        raise ValueError(
            f"corpus must be open to be fetched; got {arguments.corpus!r}. "
            f"{corpora.CORPORA[arguments.corpus].ask}".rstrip()
        )
    fetch = getattr(corpora, f"fetch_{arguments.corpus}")
    fetch(Path(arguments.folder))
    say(f"fetched; note it: emolib corpora add {arguments.corpus} {arguments.folder}")
    return 0

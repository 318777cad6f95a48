"""corpora list, check, add, surrogate, fetch."""

from __future__ import annotations

from pathlib import Path

from emolib.commands import say

KNOBS = (
    "n_subjects", "n_trials", "n_train", "n_val", "n_test", "package", "seconds",
    "effect", "signature", "nuisance", "seed",
)  # fmt: skip


def corpora_list_command(arguments) -> int:
    """Print each corpus, its licence, and the folder that is noted for it."""
    from emolib.corpora import list_corpora

    say(list_corpora())
    return 0


def corpora_check_command(arguments) -> int:
    """Print what a folder holds; exit 1 when it cannot be used."""
    from emolib.corpora.check import check_corpus

    report = check_corpus(arguments.corpus, Path(arguments.folder))
    say(str(report.text))
    return 0 if report.usable else 1


def corpora_add_command(arguments) -> int:
    """Note a corpus's folder, and say how to use it."""
    from emolib.corpora import add_corpus

    add_corpus(arguments.corpus, Path(arguments.folder))
    say(f"{arguments.corpus} is noted; -p data local uses it.")
    return 0


def corpora_surrogate_command(arguments) -> int:
    """Write a surrogate of a corpus into a folder."""
    from emolib.corpora import write_surrogate

    asked = {n: getattr(arguments, n) for n in KNOBS}
    given = {n: v for n, v in asked.items() if v is not None}
    folder = write_surrogate(arguments.corpus, Path(arguments.folder), **given)
    say(f"written: {folder}")
    say(f"look at it: emolib corpora check {arguments.corpus} {folder}")
    return 0


def corpora_fetch_command(arguments) -> int:
    """Download an open corpus from its publisher."""
    from emolib.corpora import fetch, get_corpus

    corpus = get_corpus(arguments.corpus)
    if not corpus.is_open:
        raise ValueError(
            f"corpus must be open to be fetched; got {arguments.corpus!r}. "
            f"{corpus.ask}".rstrip()
        )
    if not corpus.is_fetched:
        raise ValueError(
            f"corpus must have a publisher to be fetched from; got {corpus.name!r}: "
            f"{corpus.how_to_get}"
        )
    getattr(fetch, f"fetch_{arguments.corpus}")(Path(arguments.folder))
    say(f"fetched; note it: emolib corpora add {arguments.corpus} {arguments.folder}")
    return 0

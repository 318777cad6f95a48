"""The words of `check_corpus` for utterances: lengths, widths, classes, folds."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean, median

from emolib.corpora.registry import Corpus
from emolib.corpora.wording import size_in_words, span

MOST_LINES = 12
"""Kinds of oddity that are listed; the rest are counted."""
_RUN = "emolib run nmer --config"
_PARTS = {"train": "train", "val": "validate", "test": "test"}


def list_labels(corpus: Corpus, trials: list[dict]) -> dict[str, tuple]:
    """Return target -> (utterances of each class …, mean rating), of usable ones."""
    labels = {}
    for target in corpus.targets:
        ratings = [
            row["ratings"][target]
            for row in trials
            if not row["problems"] and target in row["ratings"]
        ]
        counts = Counter(class_of(corpus, rating) for rating in ratings)
        n_each = [counts[k] for k in range(len(corpus.classes))]
        labels[target] = (*n_each, mean(ratings) if ratings else float("nan"))
    return labels


def class_of(corpus: Corpus, rating: float) -> int:
    """Return the class of a rating: the rating itself, or its side of the threshold."""
    if corpus.threshold is None:
        return int(rating)
    if rating == corpus.threshold:
        return int(corpus.ties == "high")
    return int(rating > corpus.threshold)


def describe_trials(corpus: Corpus, folder, found, labels: dict) -> list[str]:
    """Return the lines about what is there and what is missing or odd."""
    mark = " (SURROGATE: not a result)" if found.source == "surrogate" else ""
    usable = [row for row in found.trials if not row["problems"]]
    each = Counter(row["subject"] for row in usable)
    per_person = f"{min(each.values(), default=0)} to {max(each.values(), default=0)}"
    lines = [
        f"{corpus.title} in '{folder}'",
        f"source     {found.source}{mark}; {size_in_words(found.n_bytes)}",
        f"{corpus.people:10} {len(each)} of {corpus.n_subjects}{span(sorted(each))}",
        f"utterances {len(usable)} of {len(found.trials)} usable; {per_person} a "
        f"{corpus.people[:-1]}; the whole corpus has {corpus.n_utterances}",
    ]
    lines += [_describe_modality(name, usable) for name in corpus.modalities]
    for target, (*counts, average) in labels.items():
        lines.append(_describe_classes(corpus, target, counts, average))
    return [*lines, *_describe_folds(usable), *_describe_gaps(found.trials)]


def _describe_modality(name: str, usable: list[dict]) -> str:
    """Return the line about one modality: width and numbers of steps."""
    held = [row[name] for row in usable if name in row]
    steps = [n_steps for n_steps, *_ in held if n_steps]
    if not steps:
        return f"{name:10} in no utterance"
    kinds = sorted({f"{width} features wide, {kind}" for _, width, kind in held})
    absent = len(usable) - len(steps)
    return (
        f"{name:10} {'; '.join(kinds)}; {min(steps)} to {max(steps)} steps, median "
        f"{median(steps):g}" + f"; absent in {absent} utterances" * bool(absent)
    )


def _describe_classes(corpus: Corpus, target: str, counts, average) -> str:
    """Return the line about one target: utterances of each class."""
    listed = [f"{name} {n}" for name, n in zip(corpus.classes, counts, strict=True)]
    line = f"{target:10} {', '.join(listed)}"
    if sum(counts):
        line += f"; majority {max(counts) / sum(counts):.3f}"
    if corpus.threshold is not None:
        side = ">=" if corpus.ties == "high" else ">"
        line += (
            f"; {corpus.classes[1]} is {side} {corpus.threshold:g}, mean {average:.2f}"
        )
    return line


def _describe_folds(usable: list[dict]) -> list[str]:
    """Return a line per fold of the publisher: the size of each part."""
    sizes = defaultdict(Counter)
    for row in usable:
        for fold, part in row["parts"].items():
            sizes[fold][part] += 1
    lines = [
        f"fold {fold:5} "
        + ", ".join(f"{own[p]} to {_PARTS[p]}" for p in _PARTS if own[p])
        for fold, own in sizes.items()
    ]
    return lines or ["folds      none: the publisher gives no split"]


def _describe_gaps(trials: list[dict]) -> list[str]:
    """Return the lines about everything missing or odd, alike ones counted together."""
    groups = defaultdict(list)
    for row in trials:
        for problem in row["problems"]:
            groups[_kind(problem), "left out"].append((row["trial"], problem))
        for note in row["odd"]:
            groups[_kind(note), "kept"].append((row["trial"], note))
    if not groups:
        return ["missing or odd: nothing"]
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    lines = [
        f"  {len(cases)} {what}, such as {cases[0][0]}: {cases[0][1]}"
        for (_, what), cases in ordered[:MOST_LINES]
    ]
    more = [f"  and {len(ordered) - MOST_LINES} other kinds."]
    return ["missing or odd:", *lines, *more * (len(ordered) > MOST_LINES)]


def _kind(sentence: str) -> str:
    """Return a sentence without what differs from one utterance to the next."""
    return re.sub(r"'[^']*'|\d+", "…", sentence)


def describe_next(corpus: Corpus, folder, found, *, is_noted: bool) -> list[str]:
    """Return the lines with the next command and what it takes."""
    usable = [row for row in found.trials if not row["problems"]]
    padded = 4 * len(usable) * sum(_padded(name, usable) for name in corpus.modalities)
    add = f"emolib corpora add {corpus.name} '{Path(folder)}'"
    run = f"{_RUN} quick -p data local -p corpora '[{corpus.name}]'"
    if corpus.is_open:
        run = f"{_RUN} {corpus.name}"
    lines = [f"next       {step}" for step in [*[add] * (not is_noted), run]]
    return [
        *lines,
        f"           reading took {found.seconds:.1f} s; {size_in_words(padded)} when "
        f"padded to the longest; --dry-run prints the plan",
    ]


def _padded(name: str, usable: list[dict]) -> int:
    """Return the values of one utterance, padded to the longest."""
    shapes = [row[name] for row in usable if name in row]
    steps = max((n_steps for n_steps, *_ in shapes), default=0)
    return steps * max((width for _, width, _ in shapes), default=0)

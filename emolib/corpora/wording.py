"""The words of `check_corpus`: trials, labels, gaps, and what to run next."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from emolib.corpora.registry import Corpus

WINDOW_S = 10.0
SECONDS_PER_WINDOW = 0.4
"""Training of a `quick` table on two cores, roughly; `--dry-run` prints a real plan."""
_RUN = "emolib run ecg_eeg --config quick -p data local -p corpora"
_RUN_OPEN = "emolib run ecg_eeg --config"


def list_labels(corpus: Corpus, trials: list[dict]) -> dict[str, tuple]:
    """Return target -> (low trials, high trials, mean rating), of usable trials.

    A rating counts as high above the corpus's threshold; equal to it is low.
    """
    labels = {}
    for target in corpus.targets:
        ratings = [
            row["ratings"][target]
            for row in trials
            if not row["problems"] and target in row["ratings"]
        ]
        n_high = sum(rating > corpus.threshold for rating in ratings)
        mean = sum(ratings) / len(ratings) if ratings else float("nan")
        labels[target] = (len(ratings) - n_high, n_high, mean)
    return labels


def describe_trials(corpus: Corpus, folder, found, labels: dict) -> list[str]:
    """Return the lines about what is there and what is missing or odd."""
    mark = " (SURROGATE: not a result)" if found.source == "surrogate" else ""
    subjects = list(dict.fromkeys(row["subject"] for row in found.trials))
    lines = [
        f"{corpus.title} in '{folder}'",
        f"source     {found.source}{mark}; {size_in_words(found.n_bytes)}",
        f"subjects   {len(subjects)} of {corpus.n_subjects}{span(subjects)}; "
        f"{found.n_subjects} with usable trials",
        f"trials     {found.n_usable} of {len(found.trials)} usable; up to "
        f"{corpus.stimuli} a subject",
    ]
    if found.optional:
        n_whole = sum(not row["problems"] for row in found.optional)
        lines.append(
            f"           and {n_whole} of {len(found.optional)} of "
            f"{', '.join(corpus.optional_trials)}, which are read on request"
        )
    lines += [_describe_modality(name, found.trials) for name in corpus.modalities]
    baselines = [s for row in found.trials for s in row["baseline_s"]]
    if baselines:
        lines.append(f"baseline   {min(baselines):g} to {max(baselines):g} s a trial")
    for target, (n_low, n_high, mean) in labels.items():
        if n_low + n_high == 0:
            lines.append(f"{target:10} no rating")
            continue
        lines.append(
            f"{target:10} {n_low} low, {n_high} high (> {corpus.threshold:g}), prior "
            f"of high {n_high / (n_low + n_high):.2f}; mean rating {mean:.2f}"
        )
    return lines + _describe_gaps(corpus, subjects, found)


def _describe_modality(name: str, trials: list[dict]) -> str:
    """Return the line about one modality: channels, rate, unit, durations."""
    held = [row[name] for row in trials if name in row]
    if not held:
        return f"{name:10} in no trial"
    kinds = Counter((channels, sfreq, unit) for channels, sfreq, unit, _ in held)
    words = "; ".join(
        f"{len(channels)} channel{'s' * (len(channels) > 1)} at {sfreq:g} Hz in {unit} "
        f"({_shorten(channels)})"
        for channels, sfreq, unit in kinds
    )
    durations = [duration for *_, duration in held]
    return (
        f"{name:10} {words}; {min(durations):.1f} to {max(durations):.1f} s, "
        f"{len(held)} trials"
    )


def _describe_gaps(corpus: Corpus, subjects: list[str], found) -> list[str]:
    """Return the lines about everything missing or odd."""
    groups = defaultdict(list)
    for row in [*found.trials, *found.optional]:
        for problem in (*row["problems"], *row["odd"]):
            groups[row["subject"], problem].append(row["trial"])
    lines = [f"  {subject}: {error}" for subject, error in found.damaged.items()]
    lines += [
        f"  {subject} trial{'s' * (len(trials) > 1)} {', '.join(trials)}: {problem}"
        for (subject, problem), trials in groups.items()
    ]
    counts = Counter(row["subject"] for row in found.trials)
    lines += [
        f"  {subject}: {counts[subject]} of {corpus.stimuli} trials are there."
        for subject in subjects
        if counts[subject] < corpus.stimuli
    ]
    n_missing = corpus.n_subjects - len(subjects) - len(found.damaged)
    if n_missing > 0:
        lines.append(f"  {n_missing} of {corpus.n_subjects} subjects are not there.")
    return ["missing or odd:", *lines] if lines else ["missing or odd: nothing"]


def describe_next(corpus: Corpus, folder, found, *, is_noted: bool) -> list[str]:
    """Return the lines with the next command and what it takes."""
    n_windows = sum(
        int(row[corpus.modalities[0]][3] // WINDOW_S)
        for row in found.trials
        if not row["problems"]
    )
    per_window = _window_bytes(corpus, found.trials)
    disk = n_windows * per_window
    memory = 400e6 + max(_unpacked(corpus, folder), 2 * disk)
    minutes = (found.seconds + n_windows * SECONDS_PER_WINDOW) / 60
    add = f"emolib corpora add {corpus.name} '{Path(folder)}'"
    steps = [] if is_noted else [add]
    lines = [f"next       {step}" for step in [*steps, _first_run(corpus)]]
    return [
        *lines,
        f"           about {max(minutes, 1):.0f} min on two cores (reading took "
        f"{found.seconds:.1f} s), {size_in_words(memory)} of memory, "
        f"{size_in_words(disk)} of disk for {n_windows} windows of {WINDOW_S:g} s; "
        "--dry-run prints the plan",
    ]


def _first_run(corpus: Corpus) -> str:
    """Return the command that runs a corpus's first table."""
    if corpus.is_open:
        return f"{_RUN_OPEN} {corpus.name}"
    return f"{_RUN} '[{corpus.name}]'"


def _window_bytes(corpus: Corpus, trials: list[dict]) -> float:
    """Return the bytes of one window of all modalities in single precision."""
    whole = next((row for row in trials if not row["problems"]), None)
    if whole is None:
        return 0.0
    shapes = [whole[modality][:2] for modality in corpus.modalities]
    return sum(4 * len(names) * sfreq * WINDOW_S for names, sfreq in shapes)


def _unpacked(corpus: Corpus, folder) -> float:
    """Return the bytes that the largest data file takes in memory."""
    from emolib.datasets.mat import check_whole

    sizes = [
        check_whole(path) if path.suffix.lower() == ".mat" else 4 * path.stat().st_size
        for path in corpus.files(folder)
    ]
    return float(max(sizes))


def span(names: list[str]) -> str:
    """Return ': first to last' of a list of ids."""
    if not names:
        return ""
    return f" ({names[0]})" if len(names) == 1 else f" ({names[0]} … {names[-1]})"


def _shorten(names: tuple[str, ...]) -> str:
    """Return channel names, the middle left out where there are many."""
    if len(names) <= 4:
        return ", ".join(names)
    return f"{names[0]}, {names[1]} … {names[-1]}"


def size_in_words(n_bytes: float) -> str:
    """Return a number of bytes in MB or GB."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"

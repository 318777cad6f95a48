"""What may be done with a corpus's folder by command: download it, look through it."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from tabulate import tabulate

from emolib.checks import CorpusError, printable, typed
from emolib.containers import MODALITIES_AVL, Features, Recording, Video
from emolib.corpora import get_corpus, noted_folders, source_of
from emolib.datasets.corpus import Corpus

PHYSIONET = "https://physionet.org/files/eegmat/1.0.0/"
CHECKSUMS = "SHA256SUMS.txt"
AUTHORS = (
    "https://raw.githubusercontent.com/italha-d/Stress-Predict-Dataset/"
    "f49d2eae603f90c3f0140fbbbae7c0480d651023/Raw_data/"
)
SENSORS, PEOPLE = (
    ("BVP", "EDA", "IBI", "TEMP"),
    tuple(f"S{i:02d}" for i in range(1, 36)),
)
_LINE = re.compile(r"([0-9a-f]{64}) [ *]?(Subject\d\d_[12]\.edf|subject-info\.csv)")

COLUMNS = ("subject", "trial", "about", "what", "size")
TOLD = ("left out", "kept", "damaged")
"""What is said of problems, of notes, and of files that do not read."""
N_FOLDS = 5
"""Folds of people that a table takes when nothing else is said."""
FEWER = {"ecg_eeg": "n_folds {}", "mmqnet": "overrides '{{n_folds: {}}}'"}
"""How fewer are asked for."""
MOST_NAMES = 6
"""Trials that are named beside each of these."""


class CorpusReport(NamedTuple):
    """What `check_corpus` found.

    Parameters
    ----------
    text : str
        For people, several lines.
    usable : bool
        Whether a paper can run on it.
    source : str
        As `source_of` says; ``""`` when nothing was found.
    facts : DataFrame
        Several rows a trial: subject, trial; `about` a modality, a target, a fold,
        ``"trials"``, ``"left out"`` (problems), ``"kept"`` (notes) or ``"damaged"``;
        `what` in words, its `size` (seconds, steps, rating), and its `kind`: the words
        that like things have in common.
    """

    text: str
    usable: bool
    source: str = ""
    facts: pd.DataFrame | None = None


def check_corpus(name: str, folder: str | Path) -> CorpusReport:
    """Return what is in a corpus's folder, real or surrogate, after reading all of it.

    Parameters
    ----------
    name : str
        A corpus of `CORPORA`.
    folder : path

    Returns
    -------
    report : CorpusReport
        `usable` is False when the folder is missing, holds another corpus or a damaged
        file, or fewer than three subjects or a single class remain; `text` says why.
    """
    corpus = get_corpus(name)
    try:
        n_bytes = sum(path.stat().st_size for path in corpus.files(folder))
        source = source_of(name, folder)
        facts = pd.DataFrame(_read_all(corpus, folder), columns=COLUMNS)
        facts["kind"] = facts["what"].str.replace(r"'[^']*'|[\d.]+", "…", regex=True)
        told = facts["about"].isin(TOLD)
        facts["kind"] = facts["kind"].where(told, facts["what"])
        facts["about"] = pd.Categorical(facts["about"], facts["about"].unique())
    except (CorpusError, OSError) as error:
        return CorpusReport(printable(f"NOT USABLE: {error}", 2000), usable=False)
    mark = " (SURROGATE: not a result)" if source == "surrogate" else ""
    reasons = _find_reasons(corpus, facts)
    words = [
        f"{corpus.title} in {typed(folder)}: {source}{mark}, {n_bytes / 1e6:.0f} MB",
        f"the whole corpus: {corpus.size}",
        tabulate(_count(facts), "keys", "simple", showindex=False, missingval=""),
        _not_usable(reasons) if reasons else _next(corpus, folder, facts),
    ]
    return CorpusReport("\n".join(words), not reasons, source, facts)


def _read_all(corpus: Corpus, folder) -> Iterator[tuple]:
    """Yield the facts of every trial, and of files that do not read."""
    recordings = corpus.read(folder)
    while True:
        try:
            yield from _facts(corpus, next(recordings))
        except StopIteration:
            return
        except CorpusError as error:
            if corpus.list_subjects is None:  # all stands in one file
                raise
            where = "/".join(Path(error.path).parts[-2:])
            yield printable(where), "", TOLD[2], str(error), None


def _facts(corpus: Corpus, recording: Recording) -> Iterator[tuple]:
    """Yield a row of `COLUMNS` for each thing that a trial holds or lacks."""
    who = (recording.subject, recording.trial)
    usable = not recording.problems
    for modality, held in recording.signals.items():
        if isinstance(held, Features):
            what, size = f"{held.n_features} features, {held.kind}", held.n_steps
        elif isinstance(held, Video):
            what, size = f"video at {held.fps:g} frames a second", None
        else:
            what = f"{' '.join(held.ch_names)} at {held.sfreq:g} Hz in {held.unit}"
            size = held.duration_s
        yield *who, modality, what, size
    yield *who, "trials", "usable" if usable else "with a problem", None
    for target, rating in recording.ratings.items() if usable else ():
        yield *who, target, corpus.class_of(rating), rating
    for fold, part in recording.parts.items() if usable else ():
        yield *who, f"fold {fold}", part, None
    yield from ((*who, TOLD[0], problem, None) for problem in recording.problems)
    yield from ((*who, TOLD[1], note, None) for note in recording.notes)


def _count(facts: pd.DataFrame) -> pd.DataFrame:
    """Return how many trials and people have each thing, and what sizes it has."""
    facts = facts.assign(who=(facts["subject"] + " " + facts["trial"]).str.strip())
    counts = facts.groupby(["about", "kind"], observed=True, as_index=False).agg(
        trials=("trial", "size"),
        people=("subject", "nunique"),
        least=("size", "min"),
        most=("size", "max"),
        what=("what", "first"),
        such_as=("who", lambda names: ", ".join(names[:MOST_NAMES])),
    )
    counts["such_as"] = counts["such_as"].where(counts["about"].isin(TOLD))
    counts = counts.drop(columns="kind").astype(object)
    return counts.where(counts.notna(), None)


def _find_reasons(corpus: Corpus, facts: pd.DataFrame) -> list[str]:
    """Return why no paper can run on it."""
    n_people = _n_people(facts)
    n_damaged = (facts["about"] == TOLD[2]).sum()
    rated = facts[facts["about"].isin(corpus.targets)]
    n_classes = rated.groupby("about", observed=True)["kind"].nunique().max()
    reasons = {
        f"{n_damaged} damaged file(s), see above": n_damaged,
        f"{n_people} people with usable trials; 3 are needed": n_people < 3,
        "no target has both classes": not n_classes > 1,
    }
    return [reason for reason, holds in reasons.items() if holds]


def _not_usable(reasons: list[str]) -> str:
    return f"NOT USABLE: {'; '.join(reasons)}."


def _n_people(facts: pd.DataFrame) -> int:
    return facts[facts["kind"] == "usable"]["subject"].nunique()


def _next(corpus: Corpus, folder, facts: pd.DataFrame) -> str:
    """Return the next commands: note the folder, run a table that it suffices for."""
    stems = {MODALITIES_AVL: "nmer", ("eeg", "ecg"): "ecg_eeg"}
    stems |= {("eeg", "face"): "rmmt"}
    stem, n = stems.get(corpus.modalities, "mmqnet"), _n_people(facts)
    own = {"mahnob_features": "public_features"}.get(corpus.name, corpus.name)
    local = f"quick -p data local -p corpora '[{corpus.name}]'"
    config = own if corpus.is_open else local
    if n < N_FOLDS and stem in FEWER:
        config += f" -p {FEWER[stem].format(n)} -p folds '{[*range(n)]}'"
    steps = [f"emolib run {stem} --config {config}"]
    if noted_folders().get(corpus.name) != Path(folder).expanduser().resolve():
        steps.insert(0, f"emolib corpora add {corpus.name} {typed(folder)}")
    return "\n".join(f"next: {step}" for step in steps)


def fetch_eegmat(
    folder: str | Path, *, base_url: str = PHYSIONET, n_retries: int = 2
) -> Path:
    """Download EEGMAT: 36 subjects, two EDF files each, about 175 MB.

    Every file is compared with the publisher's checksum before it takes its name; one
    that is already there and whole is not downloaded again, so a broken download is
    resumed by the same call. Licence: ODC-By 1.0.

    Parameters
    ----------
    folder : path
        Made when it is not there.
    base_url : str
        Where ``SHA256SUMS.txt`` and the files are.
    n_retries : int
        How often a file is tried again before the call gives up.

    Returns
    -------
    folder : Path

    Raises
    ------
    CorpusError
        When the list or a file cannot be had, or a file is not what the list says.
    """
    import requests

    folder, base_url = Path(folder).expanduser(), base_url.rstrip("/") + "/"
    with _told_apart(CHECKSUMS, base_url):
        listed = requests.get(base_url + CHECKSUMS, timeout=60)
        listed.raise_for_status()
        registry = {file: f"sha256:{own}" for own, file in _LINE.findall(listed.text)}
        if not registry:
            raise ValueError("no line 'sha256 file' that names Subject00_1.edf …")
    return _download(folder, base_url, registry, n_retries)


def fetch_stress_predict(
    folder: str | Path, *, base_url: str = AUTHORS, n_retries: int = 2,
    subjects: Sequence[str] = PEOPLE,
) -> Path:  # fmt: skip
    """Download Stress-Predict: 35 people, four sensor files each, about 250 MB.

    From the authors' repository, at one commit. It lists no checksums. The files of
    S02 to S13 are compared with those that this project measured
    (``stress_predict.csv``); **those of the other 23 people are taken as they come**,
    if they begin with a number, and a warning says so: what they hold is checked by the
    reader alone. A call that broke off is resumed by the same call. Licence: MIT.

    Parameters
    ----------
    folder : path
        Made when it is not there.
    base_url : str
        Where the people's folders are.
    n_retries : int
        How often a file is tried again before the call gives up.
    subjects : sequence of str
        ``"S01"`` to ``"S35"``.

    Returns
    -------
    folder : Path

    Raises
    ------
    CorpusError
        When a file cannot be had, or one with a known checksum is another.
    """
    known = pd.read_csv(Path(__file__).with_name("stress_predict.csv"))
    sums = {file: f"sha256:{own}" for file, own in known.itertuples(index=False)}
    names = [f"{who}/{kind}.csv" for who in subjects for kind in SENSORS]
    registry = {name: sums.get(name) for name in names}
    folder = Path(folder).expanduser()
    _download(folder, base_url.rstrip("/") + "/", registry, n_retries)
    unknown = sorted({name[:3] for name in names if name not in sums})
    if unknown:
        warnings.warn(
            f"no checksum is known of {', '.join(unknown)}: taken as they came.",
            stacklevel=2,
        )
    return folder


def _download(folder: Path, base_url: str, registry: dict, n_retries: int) -> Path:
    """Download what is missing or another; a file takes its name when it is whole."""
    import pooch

    given = dict(registry=registry, retry_if_failed=n_retries)
    keeper = pooch.create(folder, base_url, **given)
    for name in sorted(registry):
        with _told_apart(name, base_url):
            path = keeper.fetch(name, downloader=pooch.HTTPDownloader(timeout=60))
            _check_begins(Path(path), known=registry[name])
    return folder


def _check_begins(path: Path, known: str | None) -> None:
    """Keep no file without a known checksum that is not a table of numbers."""
    with path.open("rb") as file:
        head = file.read(60)
    if known is None and not head[:1].isdigit():
        path.unlink()
        raise ValueError(f"no table of numbers but {head}; it was removed")


@contextmanager
def _told_apart(name: str, base_url: str) -> Iterator[None]:
    """Let whatever fails while a file is downloaded be one CorpusError."""
    try:
        yield
    except (OSError, ValueError) as error:  # requests' errors are OSErrors
        raise CorpusError(
            f"{name}: expected a whole file from {base_url}; got "
            f"{type(error).__name__}: {error}. Give the same command again: files that "
            "are finished are kept."
        ) from error

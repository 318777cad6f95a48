"""A paper's units, planned, run and gathered: what every paper does alike.

A paper says what is its own with one `Paper`: its settings, its grid, the labels of its
units and the order in which to compute them. What came of a run is a `Study`.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from emolib.containers import PREDICTION_COLUMNS, Windows
from emolib.corpora import identify
from emolib.metrics import paired_differences, pooled_difference
from emolib.metrics.summaries import MIN_SUBJECTS
from emolib.settings import GridSettings
from emolib.splits import Fold
from emolib.training.devices import local_devices
from emolib.units import Context, Unit, run_units


@dataclass(frozen=True)
class Study:
    """The finished units of one run.

    Parameters
    ----------
    settings : GridSettings
    finished : list of (Unit, Entry)
    failures : list of (Unit, str)
        Units that did not finish, with the reason; they cost their cell of a table.
    sources : dict of corpus to {'surrogate', 'licensed', 'open'}
    paper : Paper
    memo : dict
        What views of the study keep, so that a stored table is read once.
    """

    settings: GridSettings
    finished: list = field(repr=False)
    failures: list = field(repr=False)
    sources: dict
    paper: "Paper" = field(repr=False)
    memo: dict = field(default_factory=dict, repr=False, compare=False)

    @property
    def headline(self) -> str:
        """How many units finished and failed; below it each reason, and who gave it."""
        told: dict[str, dict] = {}
        for unit, reason in self.failures:
            told.setdefault(reason, {})[unit.labels["system"]] = None
        first = f"{len(self.finished)} units finished, {len(self.failures)} failed"
        return "\n".join(
            [first, *(f"{', '.join(n)}: {why}" for why, n in told.items())]
        )

    def select(self, **labels) -> list:
        """Return the (unit, entry) pairs whose labels have all the given values."""
        return [
            (unit, entry)
            for unit, entry in self.finished
            if all(unit.labels[k] == v for k, v in labels.items())
        ]

    def windows(self, corpus: str) -> Windows:
        """Return the windows of one corpus, as its units read them."""
        return self.paper.windows(self.settings, corpus)

    def table(self, name: str = "predictions", **labels) -> pd.DataFrame:
        """Return one stored table of every selected unit, with the units' labels."""
        names = self.paper.labels
        parts = [
            entry.tables[name].assign(**{k: unit.labels[k] for k in names})
            for unit, entry in self.select(**labels)
            if name in entry.tables
        ]
        if not parts:
            return pd.DataFrame(columns=[*names, *PREDICTION_COLUMNS])
        return pd.concat(parts, ignore_index=True)

    def failed(self, item_of: Callable[[Mapping, str], str]) -> list[dict]:
        """Return the units that gave no result: labels, item, reason.

        Parameters
        ----------
        item_of : callable (labels, system) -> str
            The table or figure that a unit belongs to.
        """
        return [
            {**unit.labels, "reason": reason, "item": item_of(unit.labels, unit.system)}
            for unit, reason in self.failures
        ]

    def audits(self, fold_of: Callable[[Windows, Mapping], Fold]) -> list[dict]:
        """Return what training and test share in each split that was run.

        Parameters
        ----------
        fold_of : callable (windows, unit's settings) -> Fold
        """
        corpora = {corpus: self.windows(corpus) for corpus in self.settings.corpora}
        names = ("dataset", "protocol", "fold")
        splits = {
            tuple(unit.labels[name] for name in names): unit
            for unit, _ in self.finished
            if unit.labels["dataset"]
        }
        rows = []
        for split, unit in sorted(splits.items()):
            audit = fold_of(corpora[split[0]], unit.settings).audit
            known = dict(zip(names, split, strict=True))
            rows.append({**known, "leaky": audit.leaky, "text": audit.text})
        return rows

    def about(
        self,
        results: pd.DataFrame,
        failures: list[dict],
        fold_of: Callable[[Windows, Mapping], Fold],
        knobs: Callable[[GridSettings, str], Mapping],
    ) -> dict:
        """Return what `save_report` keeps of a run beside its tables and figures.

        Parameters
        ----------
        results : DataFrame
        failures : list of dict
        fold_of : callable (windows, unit's settings) -> Fold
        knobs : callable (settings, corpus) -> dict
            What the run gives the writer of a surrogate.
        """
        settings = self.settings
        data = [
            identify(corpus, data=settings.data, **knobs(settings, corpus))
            for corpus in settings.corpora
        ]
        beside = {"audits": self.audits(fold_of), "data": data}
        return {"results": results, "failures": failures, **beside}


@dataclass(frozen=True)
class Paper:
    """What one paper tells of itself, and what all papers do with that.

    Parameters
    ----------
    settings : type
        Its `Settings`; has fields data, corpora, device and n_workers.
    grid : callable (settings) -> list of Unit
        The units of a run, in the order of its tables.
    labels : tuple of str
        What tables call a unit; fold and seed stand in its predictions.
    order : callable (list of Unit) -> list of Unit
        The order in which to compute them, see `in_running_order`.
    """

    settings: type[GridSettings]
    grid: Callable[[GridSettings], list[Unit]]
    labels: tuple[str, ...]
    order: Callable[[list[Unit]], list[Unit]] = list

    def typed(self, parameters: Mapping | GridSettings) -> GridSettings:
        """Return settings, built and checked where plain parameters came."""
        if isinstance(parameters, self.settings):
            return parameters
        return self.settings.of(parameters)

    def expand(self, parameters: Mapping | GridSettings) -> list[Unit]:
        """Return the units of a run, in the order in which to compute them."""
        return self.order(self.grid(self.typed(parameters)))

    def windows(self, parameters: Mapping | GridSettings, corpus: str) -> Windows:
        """Return the windows that every system of a run reads, made if they must be."""
        return self.context(parameters, corpus).windows

    def context(self, parameters: Mapping | GridSettings, corpus: str) -> Context:
        """Return the context of a run's first unit on one corpus: windows and stages.

        Raises ValueError when no unit of the run reads the corpus.
        """
        settings = self.typed(parameters)
        units = [u for u in self.grid(settings) if u.labels["dataset"] == corpus]
        if not units:
            raise ValueError(
                f"corpus must be one that the run has units of; got {corpus!r}. Its "
                f"corpora are {list(settings.corpora)}, its systems "
                f"{list(settings.systems)}."
            )
        return Context(units[0], device=local_devices(settings.device)[0])

    def run(self, settings: GridSettings) -> Study:
        """Train what the store lacks and return every finished unit of the run.

        Raises RuntimeError, with the reasons, where there is none.
        """
        units = self.grid(settings)
        done = run_units(
            self.order(units), n_workers=settings.n_workers, device=settings.device
        )
        place = {id(unit): i for i, unit in enumerate(units)}
        finished = sorted(done.entries, key=lambda pair: place[id(pair[0])])
        sources = {
            corpus: identify(corpus, data=settings.data).source
            for corpus in settings.corpora
        }
        study = Study(settings, finished, list(done.failures), sources, self)
        if study.failures and not finished:
            raise RuntimeError(study.headline)
        return study


DIFFERENCE = ("mean", "low", "high", "n", "interval")


def compare(
    study: Study,
    label: str,
    pairs: Sequence[tuple],
    *,
    metric: str = "auc",
    by: Sequence[str] = (),
    table: str = "predictions",
    parts: Sequence[str] = ("fold", "seed"),
    pooled: bool = False,
    per_subject: bool = False,
    **labels,
) -> pd.DataFrame:
    """Return a minus b for pairs of one label's values, paired by subject.

    Two systems: ``compare(study, "system", [("NMER", "MEN")], by=["db"])``; two levels
    of noise: ``compare(study, "db", [(-40.0, -10.0)], by=["system"])``.

    Parameters
    ----------
    study : Study
    label : str
        The label in which a and b differ.
    pairs : sequence of (a, b)
    metric : one of `emolib.metrics.EVERY_METRIC`
    by : sequence of str
        Labels; each combination of their values that was run is compared by itself.
    table : str
        The stored table that holds the predictions.
    parts : sequence of str
        Columns that tell one scored set of a subject from another.
    pooled : bool
        From 20 subjects up score the windows of all subjects together, for corpora
        whose subjects have few windows each (`emolib.metrics.pooled_difference`).
    per_subject : bool
        Return a row per subject instead, as a figure draws them.
    **labels
        What all compared units share, for example ``dataset="mosei"``.

    Returns
    -------
    differences : DataFrame
        Columns a, b, those of `by`, mean (above 0: a scores higher), low, high (95 %
        interval), n (subjects), interval (how it was made); or a, b, those of `by`,
        subject, difference. Pairs that were not both run are left out.
    """
    rows = []
    combinations = dict.fromkeys(
        tuple(unit.labels[name] for name in by) for unit, _ in study.select(**labels)
    )
    for values in combinations:
        cell = {**labels, **dict(zip(by, values, strict=True))}
        for a, b in pairs:
            sides = [study.table(table, **{**cell, label: side}) for side in (a, b)]
            if any(side.empty for side in sides):
                continue
            found = _differences(*sides, metric, parts, pooled, per_subject)
            rows += [(a, b, *values, *row) for row in found]
    names = ("subject", "difference") if per_subject else DIFFERENCE
    return pd.DataFrame(rows, columns=["a", "b", *by, *names])


def _differences(a, b, metric: str, parts, pooled: bool, per_subject: bool) -> list:
    """Return one row of `DIFFERENCE`, or a row per subject."""
    n = a["subject"].nunique()
    if pooled and n >= MIN_SUBJECTS and not per_subject:
        values = pooled_difference(a, b, metric, parts=parts)
        return [(*values, n, "subject bootstrap")]
    paired = paired_differences(a, b, metric, parts=parts)
    if per_subject:
        return list(paired.per_subject[["subject", "difference"]].itertuples(False))
    return [tuple(getattr(paired, name) for name in DIFFERENCE)]


def in_running_order(
    units: Sequence[Unit],
    *,
    shares: Callable[[Unit], Hashable | None],
    trains: Callable[[Unit], bool],
) -> list[Unit]:
    """Return units so ordered that two workers seldom wait for one shared stage.

    Of the units that share a stage the first comes first; while it makes the stage,
    others work on units that share none. Units that train nothing come last.

    Parameters
    ----------
    units : sequence of Unit
    shares : callable (unit) -> hashable or None
        What tells the stage that a unit needs and others need too; None for none.
    trains : callable (unit) -> bool
        Whether a unit without a shared stage trains at all.
    """
    seen = set()

    def rank(unit: Unit) -> int:
        stage = shares(unit)
        if stage is None:
            return 1 if trains(unit) else 3
        is_shared = stage in seen
        seen.add(stage)
        return 2 if is_shared else 0

    return sorted(units, key=rank)

"""What a run shows about noise, with intervals: reported, whichever way it points.

Nothing here trains. Two levels, or two systems, are compared on the same utterances:
by paired differences of speakers where there are few, by drawing subjects again where
there are many with few utterances each.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from emolib.metrics import (
    holm,
    paired_differences,
    permutation_test,
    pooled_difference,
    score_folds,
)
from emolib.metrics.summaries import MIN_SUBJECTS
from emolib.papers import load_claims
from emolib.papers.claims import verdict
from emolib.papers.nmer.scoring import ONE_EACH, PARTS
from emolib.papers.nmer.settings import (
    BASELINES,
    PAPER,
    REFERENCES,
    VARIANTS,
    Settings,
)
from emolib.study import Study

INCOMPLETE = ("MCTN", "MMIN", "IF-MMIN", "ours")
"""Systems trained on incomplete data, which Section 3.6.1 sets above MEN at -40 dB."""

RIVALS = (*((name, "MEN") for name in INCOMPLETE), ("ours", "IF-MMIN"))
"""Who is held against whom at the strongest noise."""

NULL_ALPHA, NULL_DRAWS, NULL_SEEDS = 0.01, 10_000, (0, 1, 2)
"""Of the null test: level after Holm, draws, and the surrogates it is made on."""

DIFFERENCE = ["difference", "low", "high", "n", "interval"]


def difference(a: pd.DataFrame, b: pd.DataFrame, metric: str) -> dict:
    """Return a's mean score minus b's over conditions, with its 95 % interval.

    Parameters
    ----------
    a, b : DataFrame
        Predictions of the same utterances.
    metric : {'wa', 'ua'}

    Returns
    -------
    found : dict
        difference, low, high, n (subjects), interval (how it was made).
    """
    n = a["subject"].nunique()
    if n >= MIN_SUBJECTS:
        values = pooled_difference(a, b, metric, parts=PARTS)
        return dict(zip(DIFFERENCE, (*values, n, "subject bootstrap"), strict=True))
    paired = paired_differences(a, b, metric, parts=PARTS)
    values = (paired.mean, paired.low, paired.high, paired.n, paired.interval)
    return dict(zip(DIFFERENCE, values, strict=True))


def between_levels(
    study: Study, metric: str = "ua", *, strong: float = -40.0, weak: float = -10.0
) -> pd.DataFrame:
    """Return each system's score at strong noise minus that at weak noise.

    Paper 3, Section 3.6.2: all models deteriorate as noise increases.

    Returns
    -------
    changes : DataFrame
        Columns dataset, conditions, noise, system, difference (below 0: noise costs),
        low, high, n, interval. Empty where the two levels are one.
    """
    rows = []
    for cell in _cells(study) if strong != weak else ():
        weaker, stronger = (study.table(db=db, **cell) for db in (weak, strong))
        if weaker.empty or stronger.empty:
            continue
        rows.append({**_named(cell), **difference(stronger, weaker, metric)})
    return pd.DataFrame(rows, columns=[*_NAMED, *DIFFERENCE])


def between_systems(
    study: Study,
    metric: str = "ua",
    *,
    db: float = -40.0,
    pairs: Sequence[tuple[str, str]] = RIVALS,
) -> pd.DataFrame:
    """Return one system's score minus another's at one level.

    Paper 3, Section 3.6.1: systems trained on incomplete data against MEN, and NMER
    against IF-MMIN.

    Returns
    -------
    leads : DataFrame
        Columns dataset, conditions, noise, system, rival, difference (above 0: the
        system leads), low, high, n, interval.
    """
    rows = []
    for cell in _cells(study):
        for system, rival in pairs:
            if cell["system"] != system:
                continue
            mine = study.table(db=db, **cell)
            theirs = study.table(db=db, **{**cell, "system": rival})
            if mine.empty or theirs.empty:
                continue
            found = difference(mine, theirs, metric)
            rows.append({**_named(cell), "rival": rival, **found})
    return pd.DataFrame(rows, columns=[*_NAMED, "rival", *DIFFERENCE])


def ablation(study: Study, metric: str = "ua", **labels) -> pd.DataFrame:
    """Return each row of the ablation minus ours, at every level that was run.

    Paper 3, Section 3.6.4.

    Returns
    -------
    frame : DataFrame
        Columns dataset, conditions, noise, db, system, difference (below 0: the part
        helped), low, high, n, interval.
    """
    rows = []
    for cell in _cells(study, **labels):
        if cell["system"] not in VARIANTS or cell["system"] == "ours":
            continue
        for db in study.settings.dbs:
            mine = study.table(db=db, **cell)
            ours = study.table(db=db, **{**cell, "system": "ours"})
            if mine.empty or ours.empty:
                continue
            found = difference(mine, ours, metric)
            rows.append({**_named(cell), "db": db, **found})
    columns = [*_NAMED[:3], "db", _NAMED[3], *DIFFERENCE]
    return pd.DataFrame(rows, columns=columns)


_NAMED = ["dataset", "conditions", "noise", "system"]
_CELL = ("dataset", "conditions", "noise", "system", "preset", "reading")


def _cells(study: Study, **labels) -> list[dict]:
    """Return the labels of each system under each kind of noise that has a dB."""
    found = dict.fromkeys(
        tuple(unit.labels[name] for name in _CELL)
        for unit, _ in study.select(reading="paper", **labels)
        if unit.labels["noise"] in ("gaussian", "impulse")
        and unit.labels["preset"] == study.settings.presets[0]
        and unit.labels["system"] != "majority"
    )
    return [dict(zip(_CELL, values, strict=True)) for values in found]


def _named(cell: dict) -> dict:
    return {name: cell[name] for name in _NAMED}


def rising(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how often each series of scores rises as noise grows.

    Parameters
    ----------
    frame : DataFrame
        Columns dataset, method, variant, condition ("gaussian -10 dB avg"), metric,
        value: `load_reported` of one item, or means of ours.

    Returns
    -------
    series : DataFrame
        Columns dataset, system, noise, metric, n_levels, n_rises: levels, and steps to
        a stronger noise at which the score goes up.
    """
    words = frame["condition"].str.extract(r"^(\w+) (-?[\d.]+) dB")
    rows = frame.assign(
        noise=words[0],
        db=words[1].astype(float),
        system=frame["variant"].where(frame["variant"] != "", frame["method"]),
    )
    found = []
    keys = ["dataset", "system", "noise", "metric"]
    for key, part in rows.dropna(subset=["db", "value"]).groupby(keys, sort=False):
        values = part.sort_values("db", ascending=False)["value"].diff()
        found.append((*key, len(part), int((values > 0).sum())))
    return pd.DataFrame(found, columns=[*keys, "n_levels", "n_rises"])


def series(found: pd.DataFrame, item: str = "Table 2") -> pd.DataFrame:
    """Return how often each of our series of one table rises (`rising`).

    Parameters
    ----------
    found : DataFrame
        `scoring.summary` of a study.
    item : str
    """
    found = found[(found["item"] == item) & ~found["method"].isin(REFERENCES)]
    found = found[found["protocol"] != ONE_EACH]
    return rising(found.rename(columns={"mean": "value"}))


def claims(study: Study, found: pd.DataFrame) -> pd.DataFrame:
    """Return the paper's claims with the verdict on each.

    On a surrogate that is "not comparable: surrogate"; what the run shows stands in the
    other tables of this file, as ours.

    Parameters
    ----------
    study : Study
    found : DataFrame
        `scoring.summary` of it.

    Returns
    -------
    verdicts : DataFrame
        Columns claim_id, place, claim, verdict.
    """
    means = found[found["protocol"] != ONE_EACH].rename(columns={"mean": "value"})
    means = means.assign(source=means["dataset"].map(study.sources))
    table = load_claims(PAPER)
    said = [verdict(comparison, means) for comparison in table["comparison"]]
    return table[["claim_id", "place", "claim"]].assign(verdict=said)


def null_test(
    study: Study, metric: str = "ua", *, n_draws: int = NULL_DRAWS
) -> pd.DataFrame:
    """Return whether any system scores above chance where there is nothing to find.

    For a surrogate written with ``effect=0``. Stored test scores are held against
    labels of whole utterances permuted within each speaker; nothing is retrained.

    Returns
    -------
    table : DataFrame
        Columns dataset, conditions, noise, db, system, score, p, p_holm, above_chance.
        Holm's correction runs over all rows of the run.
    """
    rows = []
    for cell in _cells(study):
        if cell["system"] in REFERENCES:
            continue
        for db in study.settings.dbs:
            table = study.table(db=db, **cell)
            if table.empty:
                continue
            p = permutation_test(table, metric, parts=PARTS, n_draws=n_draws)
            scored = score_folds(table, by=PARTS, metrics=(metric,))
            score = scored.loc[scored["metric"] == metric, "value"].mean()
            rows.append({**_named(cell), "db": db, "score": score, "p": p})
    columns = [*_NAMED[:3], "db", _NAMED[3], "score", "p"]
    tested = pd.DataFrame(rows, columns=columns)
    tested["p_holm"] = holm(tested["p"].tolist()) if rows else []
    return tested.assign(above_chance=tested["p_holm"] <= NULL_ALPHA)


def null_words(table: pd.DataFrame, seed: int) -> str:
    """Return the null test in a sentence."""
    found = table.loc[table["above_chance"], "system"].tolist()
    head = f"Surrogate seed {seed}, effect 0, alpha {NULL_ALPHA} after Holm: "
    if found:
        return f"{head}{', '.join(found)} above chance. Look for a leak."
    return f"{head}none of {len(table)} systems is above chance."


def not_run(settings: Settings) -> str:
    """Return which rows of Table 2 the settings leave out, in a sentence."""
    rows = (*BASELINES, *VARIANTS)
    missing = [name for name in rows if name not in settings.systems]
    if not missing:
        return "Every row of Table 2 is in this run."
    return f"Not in this run: {', '.join(missing)}. The tier full has all of them."

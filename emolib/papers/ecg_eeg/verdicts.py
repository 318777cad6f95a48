"""What may be said about alignment: the verdict, the ablation rows, the null test.

The rules stand here before any number does, so that a sentence follows from the data
and nobody chooses it afterwards. Nothing here trains.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from emolib.metrics import (
    holm,
    paired_differences,
    permutation_test,
    score_folds,
    summarise,
)
from emolib.papers.ecg_eeg import items
from emolib.papers.ecg_eeg.settings import PAPER, SWEEPS, VARIANTS, Settings
from emolib.papers.ecg_eeg.study import ITEMS, Study, cells, results_of
from emolib.reporting.declared import slug
from emolib.reporting.printed import load_reported
from emolib.reporting.tables import compare_table

MIN_SUBJECTS = 5
"""Below this an interval over subjects is too wide to be worth drawing."""

FINDING_SUBJECTS, FINDING_SEEDS = 40, 3
"""From here on a verdict is called a finding (paper 2's README)."""

NULL_ALPHA, NULL_DRAWS, NULL_SEEDS = 0.01, 10_000, (0, 1, 2)
"""Of the null test: level after Holm, draws, and the surrogates it is made on."""

NOT_JUDGED = ("chance", "majority")
"""Systems whose scores never vary with a window."""

CELL = ("dataset", "target", "preset")
WORDS = {
    "helps": "alignment helps",
    "hurts": "alignment hurts",
    "no difference": "no difference seen",
    "too weak": "teacher too weak: no conclusion",
    "no gate": "no teacher was tested: no conclusion",
    "too few": "too few subjects: no conclusion",
}


def verdict(
    differences: pd.DataFrame, gates: pd.DataFrame, *, n_seeds: int = 1
) -> pd.DataFrame:
    """Return what may be said about alignment at each fraction of labels.

    The teacher comes first: where it does not lead on validation subjects, no
    difference is interpreted, whichever way it points.

    Parameters
    ----------
    differences : DataFrame
        Columns fraction, mean, low, high, n (subjects): ours minus w/o align, as
        `items.label_efficiency` returns.
    gates : DataFrame
        Columns fraction, verdict, as `items.gate` returns.
    n_seeds : int
        Training seeds behind the differences.

    Returns
    -------
    verdicts : DataFrame
        Columns fraction, mean, low, high, n, gate, verdict, sentence.
    """
    led = dict(zip(gates["fraction"], gates["verdict"], strict=True))
    table = differences[["fraction", "mean", "low", "high", "n"]].copy()
    table["gate"] = [led.get(fraction, "not tested") for fraction in table["fraction"]]
    rows = table.to_dict("records")
    table["verdict"] = [WORDS[judge(row)] for row in rows]
    table["sentence"] = [_sentence(row, n_seeds) for row in table.to_dict("records")]
    return table


def judge(row: dict) -> str:
    """Return the key of `WORDS` for one fraction; the gate comes before the interval.

    Parameters
    ----------
    row : dict
        gate, low, high and n of one fraction of labels.
    """
    if row["gate"] == "not tested":
        return "no gate"
    if row["gate"] != "teacher leads":
        return "too weak"
    if row["n"] < MIN_SUBJECTS or not np.isfinite([row["low"], row["high"]]).all():
        return "too few"
    if row["low"] > 0:
        return "helps"
    return "hurts" if row["high"] < 0 else "no difference"


def _sentence(row: dict, n_seeds: int) -> str:
    """Return a verdict in a sentence, with the numbers that it rests on."""
    text = f"{row['fraction']:.0%} of labels: {row['verdict']}"
    if row["verdict"].endswith("no conclusion"):
        return f"{text}."
    text += (
        f" (gain in AUC {row['mean']:+.3f}, 95 % interval {row['low']:+.3f} to "
        f"{row['high']:+.3f}, {row['n']:g} subjects)"
    )
    if row["n"] < FINDING_SUBJECTS or n_seeds < FINDING_SEEDS:
        text += (
            f"; not a finding below {FINDING_SUBJECTS} subjects and {FINDING_SEEDS} "
            "seeds"
        )
    return f"{text}."


def label_verdicts(study: Study) -> pd.DataFrame:
    """Return the verdict of every corpus, target and preset, tested by subject.

    Returns
    -------
    verdicts : DataFrame
        Columns dataset, target, preset and those of `verdict`.
    """
    parts = [
        verdict(
            drawn(items.label_efficiency(study, **cell)[0]),
            items.gate(study, **cell),
            n_seeds=len(study.settings.seeds),
        ).assign(**{name: cell[name] for name in CELL})
        for cell in judged(study)
    ]
    columns = [*CELL, "fraction", "mean", "low", "high", "n", "gate", "verdict"]
    return pd.concat(parts, ignore_index=True)[[*columns, "sentence"]]


def judged(study: Study) -> list[dict]:
    """Return the labels of each corpus, target and preset that was run by subject."""
    if "by_subject" not in study.settings.protocols:
        raise ValueError(
            f"protocols must hold 'by_subject' where alignment is judged; got "
            f"{study.settings.protocols}. The other splits pay for recognising a trial."
        )
    found = dict.fromkeys(
        tuple(unit.labels[name] for name in CELL)
        for unit, _ in study.finished
        if unit.labels["protocol"] == "by_subject"
    )
    return [
        {**dict(zip(CELL, values, strict=True)), "protocol": "by_subject"}
        for values in found
    ]


def not_run(settings: Settings) -> str:
    """Return what of this study the settings leave out, in a sentence."""
    left_out = [name for name in VARIANTS if name not in settings.systems]
    left_out += [f"sweep of {name}" for name in SWEEPS if name not in settings.sweep]
    if not left_out:
        return "Every row and every sweep is in this run."
    return f"Not in this run: {', '.join(left_out)}. The tier full has all of them."


def drawn(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame without the intervals of fewer than `MIN_SUBJECTS` subjects."""
    few = frame["n"] < MIN_SUBJECTS
    return frame.assign(**{c: frame[c].mask(few) for c in ("low", "high")})


def ablation_tables(study: Study) -> dict[str, pd.DataFrame]:
    """Return the rows of Tables 1 and 2 that are variants of ours, by name of file."""
    ours = results_of(study).query("method == 'ours'")
    paper = items.reported_as_ours(load_reported(PAPER)).query("method == 'ours'")
    names = [ITEMS[corpus] for corpus in study.settings.corpora]
    return {
        f"{slug(name)}_ablation": compare_table(
            ours, paper, item=name, predictions=cells(study)
        )
        for name in names
    }


def ablation(study: Study, metric: str = "auc", **labels):
    """Return each variant minus ours, paired by subject, with all labels.

    Returns
    -------
    frame : DataFrame
        Columns system, mean, low, high, n: what taking a part away changes. Below 0
        the part helped.
    per_subject : DataFrame
        Columns system, value.
    """
    chosen = {"label_fraction": 1.0, "sweep": "", **labels}
    ours = study.table(system="ours", **chosen)
    rows, points = [], []
    for system in VARIANTS:
        other = study.table(system=system, **chosen)
        if system == "ours" or ours.empty or other.empty:
            continue
        paired = paired_differences(other, ours, metric)
        values = {k: getattr(paired, k) for k in ("mean", "low", "high", "n")}
        rows.append({"system": system, **values})
        points += [(system, value) for value in paired.per_subject["difference"]]
    frame = pd.DataFrame(rows, columns=["system", "mean", "low", "high", "n"])
    return drawn(frame), pd.DataFrame(points, columns=["system", "value"])


def levels(study: Study, metric: str = "auc", **labels) -> pd.DataFrame:
    """Return each system's score at each fraction of labels.

    Returns
    -------
    frame : DataFrame
        Columns fraction, system, mean, low, high: over folds and seeds.
    """
    table = study.table(sweep="", **labels)
    table = table[table["system"].isin(("ours", "w/o align", "EEG teacher"))]
    by = ("label_fraction", "system")
    scored = summarise(score_folds(table, by=(*by, "fold", "seed")), (*by, "metric"))
    scored = scored[scored["metric"] == metric].rename(
        columns={"label_fraction": "fraction"}
    )
    columns = ["fraction", "system", "mean", "low", "high"]
    return scored[columns].reset_index(drop=True)


def ceiling(study: Study, metric: str = "auc", **labels) -> float | None:
    """Return the ideal ECG reader's score, or None where nobody can know it."""
    table = study.table(system="ceiling, ECG", **labels)
    if table.empty:
        return None
    scored = score_folds(table)
    return float(scored.loc[scored["metric"] == metric, "value"].mean())


def null_test(study: Study, *, n_draws: int = NULL_DRAWS) -> pd.DataFrame:
    """Return whether any system scores above chance where there is nothing to find.

    For a surrogate written with ``effect=0``, by subject, all labels. Stored test
    scores are held against labels of whole trials permuted within each subject; nothing
    is retrained, so folds that learnt from each other's test labels are treated as if
    they were independent, and p-values come out rather too small than too large.

    Returns
    -------
    table : DataFrame
        Columns dataset, target, system, auc, p, p_holm, above_chance. Holm's
        correction runs over all rows of the run.
    """
    rows = []
    for cell in judged(study):
        table = study.table(label_fraction=1.0, sweep="", **cell)
        for system, part in table.groupby("system", sort=False):
            if system in NOT_JUDGED or system.startswith("ceiling"):
                continue
            scored = score_folds(part)
            auc = scored.loc[scored["metric"] == "auc", "value"].mean()
            p = permutation_test(part, n_draws=n_draws)
            found = {"system": system, "auc": float(auc), "p": p}
            rows.append({name: cell[name] for name in CELL[:2]} | found)
    names = ["dataset", "target", "system", "auc", "p"]
    tested = pd.DataFrame(rows, columns=names)
    tested["p_holm"] = holm(tested["p"].tolist()) if rows else []
    return tested.assign(above_chance=tested["p_holm"] <= NULL_ALPHA)


def null_words(table: pd.DataFrame, seed: int) -> str:
    """Return the null test in a sentence."""
    found = table.loc[table["above_chance"], "system"].tolist()
    head = f"Surrogate seed {seed}, effect 0, alpha {NULL_ALPHA} after Holm: "
    if found:
        return f"{head}{', '.join(found)} above chance. Look for a leak."
    return f"{head}none of {len(table)} systems is above chance."

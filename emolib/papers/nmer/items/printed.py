"""What paper 3's own printed numbers say, set beside each other."""

from __future__ import annotations

import pandas as pd

from emolib.papers.nmer.settings import PAPER
from emolib.reporting.printed import load_reported

MOSEI_POSITIVE = 14842 / (14842 + 6066)  # Table 1, training and test together
CELL = ["dataset", "system", "db", "metric"]


def printed(item: str, noise: str = "gaussian") -> pd.DataFrame:
    """Return the printed scores of one table, what is noisy and how much in columns.

    Paper 3, Tables 2 to 5.

    Returns
    -------
    scores : DataFrame
        Columns dataset, system, db (NaN where clean), clean (clean modalities, "avg",
        or "none"; empty in Table 4), metric, value.
    """
    rows = load_reported(PAPER)
    rows = rows[rows["item"] == item]
    words = rows["condition"].str.extract(r"^(\w+) (-?[\d.]+) dB ?(\w*)$")
    rows = rows.assign(
        system=rows["variant"].where(rows["variant"] != "", rows["method"]),
        db=words[1].astype(float),
        clean=words[2].fillna(""),
    )
    chosen = words[0].isna() | (words[0] == noise)
    columns = ["dataset", "system", "db", "clean", "metric", "value"]
    return rows.loc[chosen, columns].reset_index(drop=True)


def all_noisy_and_six() -> pd.DataFrame:
    """Return each printed score with all modalities noisy beside that of the six.

    Paper 3, Tables 5 and 2, Gaussian noise.

    Returns
    -------
    pairs : DataFrame
        Columns dataset, system, db, metric, six, all, difference (all minus six; above
        0, noise in every modality scored better).
    """
    both = printed("Table 5").merge(printed("Table 2"), on=CELL, suffixes=("_5", "_2"))
    both = both.rename(columns={"value_5": "all", "value_2": "six"})
    both["difference"] = (both["all"] - both["six"]).round(4)
    return both[[*CELL, "six", "all", "difference"]]


def implied_recalls(wa, ua, positive: float = MOSEI_POSITIVE) -> pd.DataFrame:
    """Return the recall of both classes that a WA and a UA imply.

    Paper 3, Section 3.3: WA = p r+ + (1 - p) r- and UA = (r+ + r-) / 2 are two
    equations in two unknowns, where there are two classes.

    Parameters
    ----------
    wa, ua : float or array of float
    positive : float
        p, the share of the positive class among the tested.

    Returns
    -------
    recalls : DataFrame
        Columns positive, negative, answers: the share of answers that are "positive".
    """
    wa, ua = pd.Series(wa, dtype=float), pd.Series(ua, dtype=float)
    first = (wa - 2 * (1 - positive) * ua) / (2 * positive - 1)
    second = 2 * ua - first
    answers = positive * first + (1 - positive) * (1 - second)
    return pd.DataFrame({"positive": first, "negative": second, "answers": answers})


def leaning() -> pd.DataFrame:
    """Return how often each system answers "positive" on CMU-MOSEI, by Tables 2 and 5.

    Returns
    -------
    shares : DataFrame
        Columns system, db, six, all: implied shares of answers (`implied_recalls`).
    """
    pairs = all_noisy_and_six()
    wide = pairs[pairs["dataset"] == "mosei"].pivot(
        index=["system", "db"], columns="metric", values=["six", "all"]
    )
    for side in ("six", "all"):
        found = implied_recalls(wide[side, "wa"], wide[side, "ua"])
        wide[side, "answers"] = found["answers"]
    shares = wide.xs("answers", axis=1, level="metric").rename_axis(columns=None)
    order = list(dict.fromkeys(pairs["system"]))
    return (
        shares.reset_index()
        .sort_values(["system", "db"], key=lambda c: c.map(_place(order)))
        .reset_index(drop=True)
    )


def _place(order: list[str]):
    return lambda value: order.index(value) if value in order else -value


def steps_down(item: str = "Table 5") -> pd.DataFrame:
    """Return what each further 10 dB of noise costs, series by series.

    Paper 3, Section 3.6.3: degradation is said to accelerate.

    Returns
    -------
    steps : DataFrame
        Columns dataset, system, metric, to -20, to -30, to -40, accelerates (each step
        costs more than the one before).
    """
    wide = printed(item).pivot(
        index=["dataset", "system", "metric"], columns="db", values="value"
    )
    levels = sorted(wide, reverse=True)
    names = [f"to {db:g}" for db in levels[1:]]
    pairs = zip(names, levels, levels[1:], strict=False)
    costs = pd.DataFrame({n: (wide[a] - wide[b]).round(4) for n, a, b in pairs})
    grows = costs.diff(axis=1).iloc[:, 1:] > 0
    return costs.assign(accelerates=grows.all(axis=1)).reset_index()


def one_modality() -> pd.DataFrame:
    """Return Table 4's WA: what -10 and -40 dB cost, and what stays above the majority.

    Paper 3, Section 3.6.2, Table 4, its first row read as clean.

    Returns
    -------
    costs : DataFrame
        Columns modality (a, v, l), clean, cost at -10, cost at -40, left at -10: the
        share of what clean features add to the majority answer.
    """
    counts = load_reported(PAPER).query("item == 'Table 1' and dataset == 'iemocap'")
    classes = counts[counts["condition"].isin(["happy", "angry", "sad", "neutral"])]
    majority = classes["value"].max() / classes["value"].sum()
    rows = printed("Table 4").query("metric == 'wa'").fillna({"db": 0.0})
    wide = rows.pivot(index="system", columns="db", values="value").loc[list("avl")]
    return pd.DataFrame(
        {
            "clean": wide[0],
            "cost at -10": wide[0] - wide[-10],
            "cost at -40": wide[0] - wide[-40],
            "left at -10": (wide[-10] - majority) / (wide[0] - majority),
        }
    ).rename_axis("modality").reset_index()  # fmt: skip

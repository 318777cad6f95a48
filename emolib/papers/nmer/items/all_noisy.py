"""Noise in every modality beside noise in some: Table 5 against Table 2, as ours."""

from __future__ import annotations

import pandas as pd

from emolib.papers.nmer.items.findings import DIFFERENCE, difference
from emolib.papers.nmer.items.unimodal import level_words
from emolib.papers.nmer.settings import REFERENCES
from emolib.study import Study

KEYS = ("dataset", "preset", "noise", "db", "system")


def all_minus_six(study: Study, metric: str = "wa", **labels) -> pd.DataFrame:
    """Return each system's score with all modalities noisy minus that of the six.

    Paper 3, Tables 5 and 2: the same test utterances, at one level.

    Parameters
    ----------
    study : Study
    metric : {'wa', 'ua'}
    **labels
        Which units to compare, for example ``noise="gaussian"``.

    Returns
    -------
    differences : DataFrame
        Columns dataset, preset, noise, db, panel, row (the system), difference (above
        0: noise in every modality scores better), low, high, n, interval.
    """
    rows = []
    for key in _keys(study, labels):
        cell = {**labels, **dict(zip(KEYS, key, strict=True)), "reading": "paper"}
        everything = study.table(conditions="all", **cell)
        six = study.table(conditions="six", **cell)
        if everything.empty or six.empty or cell["system"] == "majority":
            continue
        panel = f"{cell['dataset']}, {level_words(cell['db'])} dB"
        known = {k: cell[k] for k in KEYS[:-1]}
        found = difference(everything, six, metric)
        rows.append({**known, "panel": panel, "row": cell["system"], **found})
    return pd.DataFrame(rows, columns=[*KEYS[:-1], "panel", "row", *DIFFERENCE])


def commonest_answers(study: Study, **labels) -> pd.DataFrame:
    """Return how often each system answers with the class that is commonest in test.

    Paper 3, Section 3.6.1: where one class is common, a system may answer with it more
    and more, and lose little WA.

    Returns
    -------
    shares : DataFrame
        Columns dataset, noise, db, system, conditions, share (of answers), class_share
        (of the utterances).
    """
    rows = []
    for key in _keys(study, labels):
        cell = {**labels, **dict(zip(KEYS, key, strict=True)), "reading": "paper"}
        for conditions in ("six", "all"):
            table = study.table(conditions=conditions, **cell)
            if table.empty or cell["system"] in REFERENCES:
                continue
            common = table["y_true"].mode().iloc[0]
            share, class_share = (
                float((table[c] == common).mean()) for c in ("y_pred", "y_true")
            )
            known = {k: cell[k] for k in ("dataset", "noise", "db", "system")}
            known |= {"conditions": conditions, "share": share}
            rows.append({**known, "class_share": class_share})
    columns = ["dataset", "noise", "db", "system", "conditions", "share", "class_share"]
    return pd.DataFrame(rows, columns=columns)


def _keys(study: Study, labels: dict) -> list[tuple]:
    """Return what tells the selected units apart, fold, seed and conditions aside.

    Of several presets the first, as in the tables' other comparisons.
    """
    chosen = study.select(preset=study.settings.presets[0], **labels)
    return list(dict.fromkeys(tuple(u.labels[k] for k in KEYS) for u, _ in chosen))

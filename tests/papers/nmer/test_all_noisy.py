"""All modalities noisy beside the six conditions, and one modality by itself."""

import numpy as np
import pandas as pd
import pytest

from emolib.metrics import score_folds
from emolib.papers.nmer.items.all_noisy import all_minus_six, commonest_answers
from emolib.papers.nmer.items.unimodal import by_level, trained_at_level

from . import studies
from .studies import made_study


def predictions(study, **labels):
    return study.table(**labels).groupby(["fold", "clean"])


def test_all_minus_six_is_the_difference_of_the_two_tables():
    study = made_study(("MEN", "ours", "majority"), corpora=["iemocap"], dbs=[-10.0])
    found = all_minus_six(study, "wa").set_index("row")
    assert list(found.index) == ["MEN", "ours"]  # the majority answer cannot change
    assert found["panel"].unique() == ["iemocap, −10 dB"]
    means = [
        np.mean(
            [
                score_folds(part, metrics=("wa",))["value"].iloc[0]
                for _, part in predictions(study, system="ours", conditions=conditions)
            ]
        )
        for conditions in ("all", "six")
    ]
    assert found.loc["ours", "difference"] == pytest.approx(means[0] - means[1])


def test_without_the_six_there_is_nothing_to_compare():
    study = made_study(("MEN",), corpora=["mosei"], conditions=["all"])
    assert all_minus_six(study).empty
    assert list(commonest_answers(study)["conditions"]) == ["all", "all"]


def test_the_share_of_commonest_answers_is_counted():
    study = made_study(("MEN", "majority"), corpora=["mosei"], dbs=[-10.0])
    found = commonest_answers(study)
    assert list(found["system"]) == ["MEN", "MEN"]
    table = study.table(system="MEN", conditions="six")
    common = table["y_true"].mode().iloc[0]
    assert found["share"].iloc[0] == pytest.approx((table["y_pred"] == common).mean())


SYSTEMS = ("uni-modal a", "uni-modal a, trained clean", "ceiling a")


def test_training_at_the_level_is_held_against_training_clean(monkeypatch):
    monkeypatch.setitem(studies.GAIN, "uni-modal a", 3.0)
    study = made_study(SYSTEMS, corpora=["iemocap"], conditions=["all"])
    found = trained_at_level(study)
    assert list(found["row"]) == ["−10 dB", "−40 dB"]
    assert set(found["panel"]) == {"audio"}
    assert found["difference"].gt(0.1).all()  # it was made to lean further
    assert trained_at_level(
        made_study(SYSTEMS[:1], corpora=["iemocap"], conditions=["all"])
    ).empty


def summary_row(method, variant, db, mean, conditions="all"):
    noise = "none" if conditions == "clean" else "gaussian"
    return {
        "method": method, "variant": variant, "db": db, "mean": mean, "low": np.nan,
        "high": np.nan, "conditions": conditions, "noise": noise, "metric": "wa",
        "n": 1, "interval": "",
    }  # fmt: skip


def test_table_4_is_drawn_from_clean_on_with_the_papers_row_there():
    found = pd.DataFrame(
        [
            summary_row("uni-modal", "a", 0.0, 0.6, "clean"),
            summary_row("uni-modal", "a", -10.0, 0.5),
            summary_row("uni-modal, trained clean", "a", -10.0, 0.4),
            summary_row("uni-modal, trained clean", "a", 0.0, 0.55),
            summary_row("ceiling a", "", 0.0, 0.65, "clean"),
        ]
    )
    frame = by_level(found)
    assert list(dict.fromkeys(frame["level"])) == [
        "clean", "0", "−10", "−20", "−30", "−40",
    ]  # fmt: skip
    audio = frame[frame["name"] == "audio"].set_index(["kind", "level"])["mean"]
    assert audio["trained at this level"].to_dict() == {"clean": 0.6, "−10": 0.5}
    assert audio["trained clean"].to_dict() == {"clean": 0.6, "0": 0.55, "−10": 0.4}
    assert audio["ceiling"].to_dict() == {"clean": 0.65}
    assert audio["paper"]["clean"] == 0.6693 and "0" not in audio["paper"].index

"""What may be said about alignment follows from the data, by rules fixed beforehand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emolib.papers.ecg_eeg import verdicts
from emolib.papers.ecg_eeg.grid import LABELS
from emolib.papers.ecg_eeg.settings import VARIANTS, Settings
from emolib.papers.ecg_eeg.study import RECIPE, Study

CELL = {"dataset": "dreamer", "target": "arousal", "preset": "ours"}


def differences(mean, low, high, n=12):
    return pd.DataFrame(
        {"fraction": [0.1], "mean": [mean], "low": [low], "high": [high], "n": [n]}
    )


def gates(words="teacher leads"):
    return pd.DataFrame({"fraction": [0.1], "verdict": [words]})


def words_for(found, gate):
    return verdicts.verdict(found, gate).loc[0, "verdict"]


def test_a_leading_teacher_and_an_interval_above_zero_say_that_alignment_helps():
    assert words_for(differences(0.06, 0.01, 0.11), gates()) == "alignment helps"


def test_an_interval_below_zero_says_that_alignment_hurts():
    assert words_for(differences(-0.06, -0.11, -0.01), gates()) == "alignment hurts"


def test_an_interval_across_zero_says_that_no_difference_was_seen():
    assert words_for(differences(0.06, -0.01, 0.13), gates()) == "no difference seen"


def test_an_interval_that_ends_at_zero_is_no_difference():
    assert words_for(differences(0.06, 0.0, 0.12), gates()) == "no difference seen"


@pytest.mark.parametrize("mean, low, high", [(0.06, 0.01, 0.11), (-0.06, -0.11, -0.01)])
def test_a_weak_teacher_allows_no_conclusion_whatever_the_difference(mean, low, high):
    found = words_for(differences(mean, low, high), gates("teacher too weak"))
    assert found == "teacher too weak: no conclusion"


def test_a_teacher_that_was_not_run_allows_no_conclusion():
    found = words_for(differences(0.06, 0.01, 0.11), gates().iloc[:0])
    assert found == "no teacher was tested: no conclusion"


def test_few_subjects_or_an_unknown_interval_allow_no_conclusion():
    for few in (differences(0.3, 0.1, 0.5, n=4), differences(0.3, np.nan, np.nan)):
        assert words_for(few, gates()) == "too few subjects: no conclusion"


def test_a_sentence_holds_the_numbers_and_says_when_it_is_not_a_finding():
    small = verdicts.verdict(differences(0.06, 0.01, 0.11), gates())
    assert small.loc[0, "sentence"] == (
        "10% of labels: alignment helps (gain in AUC +0.060, 95 % interval +0.010 to "
        "+0.110, 12 subjects); not a finding below 40 subjects and 3 seeds."
    )
    large = verdicts.verdict(differences(0.06, 0.01, 0.11, n=40), gates(), n_seeds=3)
    assert large.loc[0, "sentence"].endswith("40 subjects).")


def test_no_conclusion_is_said_without_a_number():
    weak = verdicts.verdict(differences(0.06, 0.01, 0.11), gates("teacher too weak"))
    assert weak.loc[0, "sentence"] == "10% of labels: teacher too weak: no conclusion."


# --- from stored predictions


def predictions(leaning, n_subjects, seed):
    """Scores of 8 trials x 6 windows a subject that lean towards the label."""
    rng = np.random.default_rng(seed)
    subject, trial, window = (x.ravel() for x in np.mgrid[:n_subjects, :8, :6])
    y = (trial + subject) % 2
    score = 1 / (1 + np.exp(-(rng.normal(size=len(y)) + leaning * (2 * y - 1))))
    return pd.DataFrame(
        {
            "window": np.arange(len(y)), "subject": [f"s{s:02d}" for s in subject],
            "session": "1", "trial": [f"{t:02d}" for t in trial],
            "start_s": window * 10.0, "fold": subject % 3, "seed": 0, "y_true": y,
            "y_pred": (score > 0.5).astype(int), "y_score_1": score,
        }
    )  # fmt: skip


def study(leanings, *, fraction=1.0, n_subjects=12, teacher_leads=True):
    """A finished study of made-up predictions, one entry a system."""
    finished = []
    for seed, (system, leaning) in enumerate(leanings.items()):
        labels = dict.fromkeys(LABELS, "") | CELL | {
            "protocol": "by_subject", "system": system, "label_fraction": fraction,
        }  # fmt: skip
        on_validation = 1.0 if (system == "EEG teacher") == teacher_leads else 0.1
        tables = {
            "predictions": predictions(leaning, n_subjects, seed),
            "validation": predictions(on_validation, n_subjects, seed),
        }
        finished.append(
            (SimpleNamespace(labels=labels), SimpleNamespace(tables=tables))
        )
    settings = Settings(label_fractions=[fraction])
    return Study(settings, finished, [], {"dreamer": "surrogate"}, RECIPE)


HELPED = {"ours": 1.5, "w/o align": 0.2, "EEG teacher": 2.0}


def test_verdicts_are_read_from_stored_predictions():
    table = verdicts.label_verdicts(study(HELPED, fraction=0.1))
    assert table.loc[0, ["dataset", "verdict"]].tolist() == [
        "dreamer", "alignment helps",
    ]  # fmt: skip
    weak = verdicts.label_verdicts(study(HELPED, fraction=0.1, teacher_leads=False))
    assert weak.loc[0, "verdict"] == "teacher too weak: no conclusion"


def test_two_subjects_get_no_interval():
    table = verdicts.label_verdicts(study(HELPED, n_subjects=2))
    assert np.isnan(table.loc[0, "low"])
    assert table.loc[0, "verdict"] == "too few subjects: no conclusion"


def test_an_ablation_row_is_the_variant_minus_ours_by_subject():
    frame, points = verdicts.ablation(study(HELPED))
    assert frame["system"].tolist() == ["w/o align"]
    assert frame.loc[0, "high"] < 0
    assert len(points) == frame.loc[0, "n"] == 12


def test_levels_name_each_system_at_its_fraction():
    table = verdicts.levels(study(HELPED, fraction=0.1))
    assert sorted(table["system"]) == ["EEG teacher", "ours", "w/o align"]
    assert table["fraction"].eq(0.1).all()


def test_a_ceiling_that_was_not_run_is_none():
    assert verdicts.ceiling(study(HELPED)) is None
    known = verdicts.ceiling(study({"ceiling, ECG": 0.5}))
    assert 0.5 < known < 1


def test_alignment_is_judged_by_subject_alone():
    leaky = study(HELPED)
    leaky = Study(leaky.settings.change(protocols=["by_trial"]), [], [], {}, RECIPE)
    with pytest.raises(ValueError, match="protocols must hold 'by_subject'"):
        verdicts.label_verdicts(leaky)


def test_what_a_run_leaves_out_is_said():
    assert verdicts.not_run(Settings()) == (
        "Not in this run: w/o shuffle, w/o patch-align, w/o seq-align, sweep of "
        "temperature, sweep of w_patch. The tier full has all of them."
    )
    every = Settings(systems=list(VARIANTS), sweep={"temperature": [1], "w_patch": [1]})
    assert verdicts.not_run(every) == "Every row and every sweep is in this run."


# --- the null test


def test_scores_without_a_relation_to_the_labels_are_not_above_chance():
    table = verdicts.null_test(study({"ours": 0.0, "w/o align": 0.0}), n_draws=500)
    assert not table["above_chance"].any()
    assert "none of 2 systems" in verdicts.null_words(table, 0)


def test_a_system_that_knows_the_labels_is_found_among_others():
    made_up = study({"ours": 0.0, "w/o align": 1.0, "linear probe": 0.0})
    table = verdicts.null_test(made_up, n_draws=500).set_index("system")
    assert table["above_chance"].to_dict() == {
        "ours": False, "w/o align": True, "linear probe": False,
    }  # fmt: skip
    assert "w/o align above chance" in verdicts.null_words(table.reset_index(), 1)


def test_holm_makes_no_p_value_smaller():
    table = verdicts.null_test(study({"ours": 0.1, "w/o align": 0.1}), n_draws=200)
    assert (table["p_holm"] >= table["p"]).all()


def test_what_cannot_vary_with_a_window_is_not_judged():
    table = verdicts.null_test(study({"majority": 0.0, "ours": 0.0}), n_draws=50)
    assert table["system"].tolist() == ["ours"]

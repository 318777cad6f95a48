from emolib.papers.ecg_eeg import Settings
from emolib.papers.ecg_eeg.grid import expand
from emolib.papers.ecg_eeg.study import in_running_order


def test_workers_are_given_other_work_while_a_teacher_is_trained():
    settings = Settings.from_parameters(
        {
            "systems": ["majority", "ours", "w/o align", "TS-TCC", "EEG teacher"],
            "label_fractions": [0.1, 1.0],
            "folds": [0, 1],
        }
    )
    units = expand(settings)
    ordered = in_running_order(units)
    assert sorted(map(id, ordered)) == sorted(map(id, units))
    names = [(u.labels["system"], u.settings["fold"]) for u in ordered]
    assert names[:2] == [("ours", 0), ("ours", 1)]
    assert {name for name, _ in names[2:8]} == {"w/o align", "TS-TCC"}
    assert [name for name, _ in names[-2:]] == ["majority", "majority"]

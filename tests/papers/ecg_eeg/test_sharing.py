"""A stage that several units need is trained once."""

import json
from collections import Counter

from emolib.papers import ecg_eeg
from emolib.papers.ecg_eeg.settings import named

READERS = ["linear probe", "nearest neighbour"]


def counted(cache):
    """Return how often the store holds each stage, and each kind of entry."""
    paths = (cache / "store").rglob("manifest.json")
    keys = [json.loads(path.read_text())["key"] for path in paths]
    names = [k["parts"].get("function", k["kind"]).split(".")[-1] for k in keys]
    return Counter(names)


def test_stages_are_shared_across_ablations_targets_and_fractions(
    settings, tmp_path, monkeypatch
):
    monkeypatch.setenv("EMOLIB_CACHE", str(tmp_path))
    study = ecg_eeg.run(
        settings.change(
            systems=[*named("method", "ablation", "teacher"), *READERS],
            targets=["arousal", "valence"],
            label_fractions=[0.5, 1.0],
        )
    )
    assert study.failures == []
    found = counted(tmp_path)
    assert found["windows"] == 1
    assert found["features"] == 1  # one table of features for every plain reader
    assert found["reconstruct"] == 1  # it sees neither target nor label
    assert found["tune"] == 2 * 2  # targets x fractions, whatever the ablation
    assert found["align"] == 2 * (2 + 3)  # the method twice, three ablations once
    assert found["unit"] == len(study.finished) == 2 * (3 * 2 + 5)

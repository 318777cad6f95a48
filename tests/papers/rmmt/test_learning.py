"""What is planted is learnt, by each modality that holds it, and by both better."""

import pytest
from planted_sequences import planted, run, unit_of

from emolib.metrics.traces import score_traces

SIZE = {"d": 16, "max_epochs": 25, "baseline_epochs": 60, "lr": 3e-3, "patience": 25}


@pytest.fixture(scope="module")
def windows():
    return planted(8, 8, 60)


def ccc(system, windows):
    unit = unit_of(system, overrides=SIZE)
    table = score_traces(run(unit, windows).predictions)
    return table.set_index("metric")["value"]["ccc"]


@pytest.mark.parametrize(
    "system",
    ["RMMT", "RSMT-E", "RSMT-F", "F-Fusion", "Choi Multimodal", "Soleymani Multimodal",
     "Zhang EEG"],
)  # fmt: skip
def test_the_planted_valence_is_read(windows, system):
    assert ccc(system, windows) > 0.5


def test_nothing_is_read_where_nothing_is_planted():
    assert abs(ccc("RMMT", planted(8, 8, 60, effect=0.0))) < 0.25

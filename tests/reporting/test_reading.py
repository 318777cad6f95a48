import re

from emolib.losses.contrastive import alignment_loss
from emolib.reporting import check_answer, show_source


def test_shown_source_is_the_code_that_runs_without_its_docstring():
    source = show_source(alignment_loss)
    assert source.place == "emolib.losses.contrastive.alignment_loss"
    assert "w_patch *" in source.text
    assert '"""' not in source.text
    compile(source.text, "shown", "exec")


def test_a_class_is_shown_without_any_docstring():
    from emolib.models.ecg_eeg import SignalEncoder

    source = show_source(SignalEncoder)
    assert '"""' not in source.text and re.search(r"def forward", source.text)


def test_an_answer_is_right_wrong_with_a_hint_or_not_given():
    say = {"hint": "Count the twins.", "name": "Exercise 1"}
    assert check_answer(..., 3, **say) == "Exercise 1: not answered yet."
    assert check_answer(3, 3, **say) == "Exercise 1: right."
    assert check_answer(4, 3, **say) == "Exercise 1: not yet. Count the twins."
    assert check_answer(3.04, 3.0, tolerance=0.1, **say) == "Exercise 1: right."


def test_an_answer_of_the_wrong_kind_is_wrong_and_raises_nothing():
    assert "not yet" in check_answer("three", 3, hint="A number.")
    assert "not yet" in check_answer(3, lambda a: a.shape == (3,), hint="An array.")

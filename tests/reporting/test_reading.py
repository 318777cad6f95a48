"""What a notebook shows: the source that runs, and whether an answer is right."""

import pytest

from emolib.corruptions.noise_scheduler import corrupt, mix
from emolib.losses.contrastive import patch_info_nce
from emolib.models.ecg_eeg import SignalEncoder
from emolib.reporting import check_answer, show_source


@pytest.mark.parametrize("thing", [patch_info_nce, SignalEncoder, corrupt])
def test_shown_source_is_the_code_that_runs_without_a_docstring(thing):
    parts = show_source(thing).data.split("\n\n", 1)
    assert "monospace" in parts[0]  # what nbconvert sets it in
    place, _, source = parts[1].partition("\n")
    assert place == f"`{thing.__module__}.{thing.__qualname__}`"
    code = source.removeprefix("```python\n").removesuffix("\n```\n\n</div>")
    assert not [x for x in ('"""', "fmt: skip", "check_") if x in code]
    compile(code, "shown", "exec")


def test_shown_source_is_the_formula_and_not_its_guards():
    shown = show_source(mix, corrupt).data
    assert "keep**0.5 * x + (1 - keep) ** 0.5" in shown
    assert "out[modality][real] = mix(" in shown
    assert "raise" not in shown and "check_range" not in shown
    assert shown.count("```python") == 2


@pytest.mark.parametrize(
    ("answer", "right", "words"),
    [
        (..., 3, "not answered yet"),
        (3, 3, "right"),
        (4, 3, "not yet. Count the twins"),
        (3.04, 3.0, "right"),
        ("three", 3, "not yet"),
        (3, lambda answer: answer.shape == (3,), "not yet"),
        ([1], [1], "right"),
    ],
)
def test_an_answer_is_right_wrong_with_a_hint_or_not_given(answer, right, words):
    said = check_answer(answer, right, hint="Count the twins.", tolerance=0.1)
    assert said == f"Exercise: {words.rstrip('.')}." or words in said

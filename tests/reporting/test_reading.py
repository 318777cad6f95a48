"""What a notebook shows: the source that runs, and whether an answer is right."""

import pytest

from emolib.losses.contrastive import alignment_loss
from emolib.models.ecg_eeg import SignalEncoder
from emolib.reporting import check_answer, show_source


@pytest.mark.parametrize("thing", [alignment_loss, SignalEncoder])
def test_shown_source_is_the_code_that_runs_without_a_docstring(thing):
    place, _, source = show_source(thing).data.partition("\n")
    assert place == f"`{thing.__module__}.{thing.__qualname__}`"
    code = source.removeprefix("```python\n").removesuffix("\n```")
    assert '"""' not in code and "fmt: skip" not in code
    compile(code, "shown", "exec")


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

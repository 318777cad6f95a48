"""The typed door: what it lets through, and what it says of the rest."""

from typing import Literal

import pytest

from emolib.settings import Count, GridSettings, Number, Positive, Typed, Whole


class Method(Typed):
    lr: Positive = 1e-3
    kl: Literal["element", "sum"] = "element"


class Settings(GridSettings):
    METHOD, PRESETS = Method, {"default": {}, "as_printed": {"kl": "sum"}}

    systems: list[Literal["NMER", "MEN"]] = ["NMER"]
    folds: list[Whole] = [0]
    seeds: list[Whole] = [0]
    dbs: list[Number] = [-10.0]
    n_pairs: Count = 2


def test_a_preset_an_override_and_a_change_meet_in_this_order():
    settings = Settings.of({"overrides": {"lr": "6e-4", "n_pairs": 3}})
    method = settings.method("as_printed")
    assert (method.kl, method.lr, settings.n_pairs) == ("sum", 6e-4, 3)
    assert settings.method("as_printed", {"kl": "element"}).kl == "element"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"fold": [1]}, "parameter must be known; got 'fold'. Did you mean 'folds'"),
        ({"Folds": [1]}, "got 'Folds'. Did you mean 'folds'"),
        ({"systems": ["NMR"]}, "must be one of .*; got 'NMR'. Did you mean 'NMER'"),
        ({"folds": 1}, r"folds must be a list; got 1. Write folds: \[1\]"),
        ({"folds": [True]}, r"folds\[0\] must be a number; got True"),
        ({"folds": [1.5]}, r"folds\[0\] must be a valid integer"),
        ({"dbs": ["nan"]}, r"dbs\[0\] must be a finite number"),
        ({"seeds": [0, -1]}, r"seeds must be in \[0, 4294967295\]; got -1"),
        ({"n_pairs": 0}, "n_pairs must be greater than or equal to 1; got 0"),
        ({"overrides": 3}, "overrides must be a valid dictionary"),
        ({"overrides": {"lrr": 1}}, "key of overrides .*'lrr'. Did you mean 'lr'"),
        ({"overrides": {"lr": -1}}, "lr must be greater than 0; got -1"),
    ],
)
def test_what_cannot_be_is_one_error_that_names_it(given, words):
    with pytest.raises(ValueError, match=words):
        Settings.of(given)


def test_a_notebook_gives_its_parameters_and_keeps_its_own_names():
    cells = ["folds = [1]\nfoldz = 2", "settings = Settings.of(globals())", "row = 3"]
    namespace = {"__name__": "__main__", "In": cells, "folds": [1], "SIZE": 3, "row": 3}
    assert Settings.of(namespace).folds == [1]
    with pytest.raises(ValueError, match="'foldz'. Did you mean 'folds'"):
        Settings.of({**namespace, "foldz": 2})

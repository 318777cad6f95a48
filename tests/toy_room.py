"""The room of the toy paper, for projects that run its notebook: settings and units."""

from typing import Literal

from emolib.settings import Count, Number, Typed
from emolib.units import Unit


class Settings(Typed):
    config: str = ""
    data: Literal["surrogate", "local"] = "surrogate"
    n_folds: Count = 3
    systems: list[Literal["linear", "broken"]] = ["linear"]
    seconds: Number = 0.1
    n_workers: Count = 1
    device: str = "cpu"
    run_name: str = ""


def expand(parameters):
    settings = Settings.of(parameters)
    more = {"linear": {"seconds": settings.seconds}, "broken": {"fails": True}}
    return [
        Unit(
            "toy", "linear", {"seed": 1},
            {"fold": fold, "n_features": 3, **more[name]},
            {"system": name, "method": name, "fold": fold},
        )
        for name in settings.systems
        for fold in range(settings.n_folds)
    ]  # fmt: skip

"""Every model of the package, at sizes small enough to build and try in a moment.

Models are found, not listed: each public module class in a model's own file is one.
Sizes follow from the names of its arguments.
"""

import inspect
import pkgutil
from importlib import import_module

from modality_batches import N_FEATURES
from step_batches import SIZES as SIZES_OF_STEPS
from torch import nn
from utterance_batches import WIDTHS

import emolib.models

PARTS = {
    "blocks", "face", "linear", "modalities", "steps", "text_cnn", "utterances",
}  # fmt: skip
"""Modules whose classes are parts of models and have no outputs of their own."""

SIZES = {
    "n_chans": 2, "n_times": 640, "n_patches": 5, "d_patch": 16, "n_predictions": 5,
    "widths": WIDTHS, "n_classes": 3, "d": 8, "n_blocks": 3, "n_steps": 6,
    "n_features": N_FEATURES, "step_widths": SIZES_OF_STEPS,
}  # fmt: skip
OWN_SIZES = {
    "TAE": {"d": 16},
    "SignalEncoder": {"stem": "linear"},
    "NMER": {
        "d_latent": 5, "n_layers": 2, "n_heads": 4, "d_ff": 10, "d_decoder": (9, 10),
        "d_hidden": (12, 8),
    },
    "MMIN": {"sizes": (12, 6)},
    "IFMMIN": {"sizes": (12, 6)},
    "MCTN": {"d_hidden": 8},
    "UniModal": {"widths": {"text": WIDTHS["text"]}, "d": 8},
}  # fmt: skip


def find_models() -> dict[str, type]:
    """Return every model's class by name."""
    found = {}
    for info in pkgutil.walk_packages(emolib.models.__path__, "emolib.models."):
        if info.ispkg or info.name.removeprefix("emolib.models.") in PARTS:
            continue
        for name, cls in vars(import_module(info.name)).items():
            own = inspect.isclass(cls) and cls.__module__ == info.name
            if own and issubclass(cls, nn.Module) and not name.startswith("_"):
                found[name] = cls
    return found


MODELS = find_models()


def build_small(name: str) -> nn.Module:
    """Return the model of that class name at its small size."""
    wanted = inspect.signature(MODELS[name]).parameters
    sizes = {key: size for key, size in SIZES.items() if key in wanted}
    if "encoder" in wanted:
        sizes["encoder"] = build_small("EEGEncoder")
    return MODELS[name](**{**sizes, **OWN_SIZES.get(name, {})})

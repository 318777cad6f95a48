"""Every model, with sizes small enough to build and try in a moment.

Tests run each of them through one contract; a model that is not in the list fails it.
Modules are named and not imported, so that a system's key covers its own model only.
"""

from __future__ import annotations

from importlib import import_module

from emolib.checks import check_option

_SIGNAL = {"n_chans": 2, "n_times": 640}
_ENCODER = {**_SIGNAL, "n_patches": 5, "d_patch": 16}

MODELS = {
    "EEGEncoder": ("ecg_eeg", _ENCODER),
    "ECGEncoder": ("ecg_eeg", _ENCODER),
    "SignalEncoder": ("ecg_eeg", {**_ENCODER, "stem": "linear"}),
    "ReconstructionModel": ("ecg_eeg", {"encoder": "EEGEncoder"}),
    "EmotionModel": ("ecg_eeg", {"encoder": "EEGEncoder"}),
    "ECGClassifier": ("ecg_eeg", {"encoder": "ECGEncoder"}),
    "TSTCC": ("baselines.ts_tcc", {**_SIGNAL, "n_predictions": 5}),
    "TFC": ("baselines.tfc", _SIGNAL),
    "SSLECG": ("baselines.ssl_ecg", {"n_times": 640}),
    "EEGConformer": ("baselines.eeg_conformer", _SIGNAL),
}
"""Class name -> module under `emolib.models`, and small constructor arguments."""


def build_small(name: str):
    """Return the model of that class name at its small size."""
    check_option("name", name, tuple(MODELS))
    module, sizes = MODELS[name]
    cls = getattr(import_module(f"emolib.models.{module}"), name)
    if "encoder" in sizes:
        sizes = {**sizes, "encoder": build_small(sizes["encoder"])}
    return cls(**sizes)

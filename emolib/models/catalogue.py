"""Every model, with sizes small enough to build and try in a moment.

Tests run each of them through one contract; a model that is not in the list fails it.
Modules are named and not imported, so that a system's key covers its own model only.
"""

from __future__ import annotations

from importlib import import_module

from emolib.checks import check_option

_SIGNAL = {"n_chans": 2, "n_times": 640}
_ENCODER = {**_SIGNAL, "n_patches": 5, "d_patch": 16}
_UTTERANCE = {"widths": {"audio": 6, "visual": 5, "text": 7}, "n_classes": 3, "d": 8}
_CASCADE = {**_UTTERANCE, "sizes": (12, 6), "n_blocks": 3}
_TEXT = {"widths": {"text": 7}, "n_classes": 3, "d": 8}
_VAE = {"d_latent": 5, "n_layers": 2, "n_heads": 4, "d_ff": 10, "d_decoder": (9, 10)}

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
    "NMER": ("nmer", {**_UTTERANCE, **_VAE, "d_hidden": (12, 8)}),
    "CleanTeacher": ("nmer", _UTTERANCE),
    "MEN": ("baselines.men", _UTTERANCE),
    "UniModal": ("baselines.unimodal", _TEXT),
    "MMIN": ("baselines.mmin", _CASCADE),
    "IFMMIN": ("baselines.if_mmin", _CASCADE),
    "MCTN": (
        "baselines.mctn",
        {"widths": _UTTERANCE["widths"], "n_classes": 3, "d_hidden": 8, "n_steps": 6},
    ),
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

"""DREAMER: 23 people, 18 film clips, EEG (Emotiv) and ECG (Shimmer).

Reference: Katsigiannis and Ramzan (2018). One file, ``DREAMER.mat`` (MATLAB 5).
"""

from __future__ import annotations

EEG_CH_NAMES = (
    "AF3", "F7", "F3", "FC5", "T7", "P7", "O1",
    "O2", "P8", "T8", "FC6", "F4", "F8", "AF4",
)  # fmt: skip
ECG_CH_NAMES = ("ECG1", "ECG2")
EEG_SFREQ = 128.0
ECG_SFREQ = 256.0
BASELINE_S = 61
N_SUBJECTS = 23
N_TRIALS = 18
TARGETS = ("valence", "arousal", "dominance")
RATING_SCALE = (1, 5)

TARGET_EMOTIONS = (
    "calmness", "surprise", "amusement", "fear", "excitement", "disgust",
    "happiness", "anger", "sadness", "disgust", "calmness", "amusement",
    "happiness", "anger", "fear", "excitement", "sadness", "surprise",
)  # fmt: skip
"""The emotion each clip was chosen for, in file order."""

MEAN_RATINGS = {
    "valence": (
        3.17, 3.04, 4.57, 2.04, 3.22, 2.70, 4.52, 1.35, 1.39,
        2.17, 3.96, 3.96, 4.39, 2.35, 2.48, 3.65, 1.52, 2.65,
    ),
    "arousal": (
        2.26, 3.00, 3.83, 4.26, 3.70, 3.83, 3.17, 3.96, 3.00,
        3.30, 1.96, 2.61, 3.70, 2.22, 3.09, 3.35, 3.00, 3.91,
    ),
}  # fmt: skip
"""Published mean rating of each clip, in file order."""

"""AMIGOS: 40 people, 16 short and 4 long videos, EEG, ECG and GSR.

Reference: Miranda-Correa et al. (2018). One preprocessed MATLAB 5 file per subject.
"""

from __future__ import annotations

EEG_CH_NAMES = (
    "AF3", "F7", "F3", "FC5", "T7", "P7", "O1",
    "O2", "P8", "T8", "FC6", "F4", "F8", "AF4",
)  # fmt: skip
ECG_CH_NAMES = ("ECG right", "ECG left")
GSR_CH_NAMES = ("GSR",)
SFREQ = 128.0
BASELINE_S = 5
N_SUBJECTS = 40
N_TRIALS = 20
SHORT_VIDEOS = (
    "4", "5", "9", "10", "13", "18", "19", "20",
    "23", "30", "31", "34", "36", "58", "80", "138",
)  # fmt: skip
LONG_VIDEOS = ("N1", "P1", "B1", "U1")
TARGETS = ("arousal", "valence", "dominance", "liking", "familiarity")
"""The first five self-assessments, in file order: arousal comes first."""
EMOTIONS = (
    "neutral", "disgust", "happiness", "surprise", "anger", "fear", "sadness",
)  # fmt: skip
"""The seven 0/1 self-assessments that follow, in file order."""
RATING_SCALE = (1, 9)

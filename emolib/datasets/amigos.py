"""AMIGOS's names and rates."""

EEG_CH_NAMES = (
    "AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8",
    "AF4",
)  # fmt: skip
ECG_CH_NAMES = ("ECG right", "ECG left")
SFREQ = 128.0
BASELINE_S = 5
SHORT_VIDEOS = (
    "4", "5", "9", "10", "13", "18", "19", "20", "23", "30", "31", "34", "36", "58",
    "80", "138",
)  # fmt: skip
LONG_VIDEOS = ("N1", "P1", "B1", "U1")
SEGMENT_S = 20.0

"""The four vessels that flow through the rooms.

disk -> reader -> `Recording` -> preprocessing -> `Windows` -> training -> Predictions
-> metrics -> Results. The last two are plain data frames; their columns stand here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np

from emolib.checks import check_shape, damaged

MODALITIES = (
    "eeg", "ecg", "eog", "emg", "gsr", "resp", "temperature", "ppg", "face", "audio",
    "text", "visual",
)  # fmt: skip
"""What a modality may be called."""

MODALITIES_AVL = ("audio", "visual", "text")
"""The modalities of spoken utterances (paper 3: a, v, l), always in this order."""

PARTS = ("train", "val", "test")
"""What the publisher of a corpus may have used a trial for, in one of its folds."""

PREDICTION_IDS = ("window", "subject", "session", "trial", "start_s")
PREDICTION_COLUMNS = (*PREDICTION_IDS, "fold", "seed", "y_true", "y_pred", "y_score_1")
"""One row per test window; `y_score_1` is the probability of class 1 (high)."""

RESULT_COLUMNS = (
    "paper", "item", "dataset", "source", "target", "protocol", "method", "variant",
    "condition", "fold", "seed", "metric", "value",
)  # fmt: skip
"""One row per number. `source` is 'surrogate', 'licensed' or 'open'."""


@dataclass(frozen=True)
class Signal:
    """One modality of one trial, as on disk.

    Parameters
    ----------
    data : ndarray, shape (n_chans, n_times)
        Time last.
    sfreq : float
        Sampling rate in Hz; each signal has its own.
    ch_names : tuple of str
    unit : str
        Physical unit, for example ``"uV"``; ``"counts"`` when the scale is unknown.
    """

    data: np.ndarray
    sfreq: float
    ch_names: tuple[str, ...]
    unit: str

    def __post_init__(self):
        check_shape("data", self.data, "c t", c=len(self.ch_names))

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.data.shape[1] / self.sfreq


@dataclass(frozen=True)
class Features:
    """One modality of one utterance: a sequence of feature vectors.

    Parameters
    ----------
    data : ndarray, shape (n_steps, n_features)
        Time first, as sequence models take it; real steps only, no padding.
    kind : str
        What the vectors are, for example ``"ComParE descriptors"``.
    """

    data: np.ndarray
    kind: str = ""

    def __post_init__(self):
        check_shape("data", self.data, "s d")

    @property
    def n_steps(self) -> int:
        """Number of real steps."""
        return self.data.shape[0]

    @property
    def n_features(self) -> int:
        """Width of a feature vector."""
        return self.data.shape[1]


@dataclass(frozen=True)
class Video:
    """A film beside a trial, or a ``.npy`` of uint8 (n_frames, h, w, 3).

    Nothing is decoded until `frames` is called. `fps` is what the corpus says.
    """

    path: Path
    fps: float
    first_frame_s: float = 0.0

    def measured(self) -> tuple[float, float]:
        """Return the file's own frames a second, and its length in s."""
        if self.path.suffix == ".npy":
            return self.fps, len(self._kept()) / self.fps
        with self._opened() as container:
            stream = container.streams.video[0]
            return float(stream.average_rate or 0), (container.duration or 0) / 1e6

    def frames(self, times: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the frame shown at each of the increasing `times` (s), as (h, w, 3).

        One frame is in memory at a time. Raises CorpusError where the file is damaged
        or ends before the last of `times`.
        """
        numbers = np.floor((np.asarray(times) - self.first_frame_s) * self.fps + 1e-6)
        if self.path.suffix == ".npy":
            yield from (self._kept()[int(number)] for number in numbers)
            return
        with self._opened() as container:
            decoded = enumerate(container.decode(video=0))
            shown, image = -1, None
            for number in numbers:
                while shown < number:
                    shown, frame = next(decoded, (np.inf, None))
                    image = None
                if frame is None:
                    wanted = f"at least {number + 1:.0f} frames"
                    raise damaged(self.path, wanted, "fewer", _CHECK_SIZE)
                if image is None:  # threads would be made anew for each frame
                    image = frame.to_ndarray(format="rgb24", threads=1)
                yield image

    def _kept(self) -> np.ndarray:
        return np.load(self.path, mmap_mode="r", allow_pickle=False)

    @contextmanager
    def _opened(self):
        """Yield the film's container; what fails in it is one error."""
        import av

        try:
            with av.open(str(self.path)) as container:
                yield container
        except (av.FFmpegError, IndexError) as error:
            wanted = "a film that decodes"
            raise damaged(self.path, wanted, str(error), _CHECK_SIZE) from error


@dataclass(frozen=True)
class Trace:
    """A continuous rating of one trial.

    Parameters
    ----------
    values : ndarray, shape (n_times,)
    sfreq : float
        Rate in Hz.
    start_s : float
        Time of the first value after stimulus onset, in seconds.
    """

    values: np.ndarray
    sfreq: float
    start_s: float = 0.0


@dataclass(frozen=True)
class Recording:
    """One trial of one subject, all modalities, as the corpus stores it.

    Parameters
    ----------
    corpus, subject, session, trial : str
        Identifiers as the corpus writes them; `trial` names the stimulus.
    signals : mapping of str to Signal, Features or Video
        From stimulus onset. A modality that is absent on disk is absent here.
    ratings : mapping of str to float
        The subject's ratings in the corpus's scale.
    baseline : mapping of str to Signal
        What was recorded before stimulus onset, if the corpus has it.
    traces : mapping of str to Trace
    problems : tuple of str
        What is missing or odd, one sentence each; empty when the trial is whole.
    notes : tuple of str
        What the reader set right, one sentence each; such a trial is kept.
    parts : mapping of str to str
        The publisher's own split: name of a fold -> ``"train"``, ``"val"`` or
        ``"test"``. Empty where the publisher gives none.
    """

    corpus: str
    subject: str
    session: str
    trial: str
    signals: Mapping[str, Signal | Features | Video]
    ratings: Mapping[str, float]
    baseline: Mapping[str, Signal] = field(default_factory=dict)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Corpus, subject and trial in one string, for messages."""
        return f"{self.corpus} {self.subject} trial {self.trial}"

    def to_raw(self, modality: str):
        """Return one modality as an `mne.io.RawArray`, in volts where known."""
        import mne

        signal = self.signals[modality]
        kind = modality if modality in ("eeg", "ecg", "eog", "emg") else "misc"
        info = mne.create_info(list(signal.ch_names), signal.sfreq, kind)
        return mne.io.RawArray(
            signal.data * _VOLTS.get(signal.unit, 1.0), info, verbose="error"
        )

    @classmethod
    def from_raw(
        cls, raw, channels: Mapping[str, list[str]], *, subject: str = "own",
        trial: str = "1", corpus: str = "own",
    ) -> Self:  # fmt: skip
        """Build a recording from an MNE Raw.

        Parameters
        ----------
        raw : mne.io.BaseRaw
        channels : mapping of modality to channel names
            For example ``{"eeg": ["F3", "F4"], "ecg": ["ECG"]}``. Electrical channels
            come out in microvolts.
        """
        asked = [name for names in channels.values() for name in names]
        missing = [name for name in asked if name not in raw.ch_names]
        if missing:
            raise ValueError(
                f"channels must be in the file; got {missing}. It has {raw.ch_names}."
            )
        sfreq = float(raw.info["sfreq"])
        signals = {
            modality: Signal(
                raw.get_data(picks=list(names)) * 1e6, sfreq, tuple(names), "uV"
            )
            for modality, names in channels.items()
        }
        return cls(corpus, subject, "1", trial, signals, ratings={})


_CHECK_SIZE = "Compare its size with the publisher's."
_VOLTS = {"uV": 1e-6, "mV": 1e-3, "V": 1.0}


@dataclass(frozen=True)
class Windows:
    """Many equal cuts of recordings: what enters a model.

    Parameters
    ----------
    x : mapping of modality to ndarray, shape (n_windows, n_chans, n_times)
        Features keep the first axis; sequences are (n_windows, n_steps, n_features),
        padded with zeros on the right.
    y : ndarray, shape (n_windows,) or (n_windows, n_steps)
        Targets.
    meta : DataFrame, n_windows rows
        Columns subject, session, trial, start_s, stop_s and the ratings.
    present : ndarray of bool, shape (n_windows, n_modalities)
        True where the modality was observed; columns in the order of `x`.
    sfreq : mapping of modality to float
        Sampling rate in Hz.
    ch_names : mapping of modality to tuple of str
    lengths : mapping of modality to ndarray, shape (n_windows,)
        Number of real steps where sequences are padded.
    step_index : ndarray, shape (n_windows, n_steps)
        Which step of the trial each target belongs to, where `y` has steps.
    removed : DataFrame
        Columns subject, trial, reason: the trials that were left out.
    """

    x: Mapping[str, np.ndarray]
    y: np.ndarray
    meta: object
    present: np.ndarray
    sfreq: Mapping[str, float] = field(default_factory=dict)
    ch_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lengths: Mapping[str, np.ndarray] = field(default_factory=dict)
    step_index: np.ndarray | None = None
    removed: object = None

    def __post_init__(self):
        n = len(self.meta)
        for name, array in {**self.x, "y": self.y, "present": self.present}.items():
            if len(array) != n:
                raise ValueError(
                    f"{name} must have {n} rows like meta; got {len(array)}."
                )

    def __len__(self) -> int:
        return len(self.meta)

    def take(self, index: np.ndarray) -> Self:
        """Return the windows at `index`, in that order."""
        return replace(
            self,
            x={name: array[index] for name, array in self.x.items()},
            y=self.y[index],
            meta=self.meta.iloc[index].reset_index(drop=True),
            present=self.present[index],
            lengths={name: array[index] for name, array in self.lengths.items()},
            step_index=None if self.step_index is None else self.step_index[index],
        )

    def as_parts(self) -> dict[str, dict]:
        """Return arrays, tables and notes by name; signals become float32."""
        arrays = {f"x.{name}": np.asarray(x, np.float32) for name, x in self.x.items()}
        arrays |= {f"lengths.{name}": n for name, n in self.lengths.items()}
        arrays |= {name: getattr(self, name) for name in _PER_WINDOW}
        tables = {"meta": self.meta, "removed": self.removed}
        notes = {"x": [*self.x], "sfreq": self.sfreq, "ch_names": self.ch_names}
        parts = {"arrays": arrays, "tables": tables}
        for part, held in parts.items():
            parts[part] = {name: it for name, it in held.items() if it is not None}
        return {**parts, "notes": notes}

    @classmethod
    def from_parts(cls, arrays: Mapping, tables: Mapping, notes: Mapping) -> Self:
        """Return the windows that `as_parts` took apart."""
        lengths = [name for name in arrays if name.startswith("lengths.")]
        return cls(
            x={name: arrays[f"x.{name}"] for name in notes["x"]},
            meta=tables["meta"],
            sfreq=notes["sfreq"],
            ch_names={name: tuple(names) for name, names in notes["ch_names"].items()},
            lengths={name.removeprefix("lengths."): arrays[name] for name in lengths},
            removed=tables.get("removed"),
            **{name: arrays.get(name) for name in _PER_WINDOW},
        )


_PER_WINDOW = ("y", "present", "step_index")

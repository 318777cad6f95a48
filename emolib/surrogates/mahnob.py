"""Write a surrogate of MAHNOB-HCI: sessions with an XML file and a BDF each."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emolib.checks import check_range
from emolib.datasets import mahnob as real
from emolib.surrogates import body, peripheral, traces
from emolib.surrogates.affect import Subject, simulate_subject, truth_of
from emolib.surrogates.biosemi import save_bdf
from emolib.surrogates.cortical import eeg_and_blinks
from emolib.surrogates.design import Design, Knobs, Scale, check_sizes
from emolib.surrogates.files import ABOUT, write

N_STIMULI, PERSONS = 20, tuple(p for p in range(1, 31) if p not in (12, 15, 26))
"""The corpus's people; three recorded nothing that can be used."""
BEFORE_S, AFTER_S = 30.0, 30.0
SHORTEST_S, LONGEST_S = 34.9, 117.0
SCALES = (
    Scale(5.2, 2.1, 1, 9, 1.0), Scale(5.1, 2.0, 1, 9, 1.0), Scale(5.3, 1.9, 1, 9, 1.0)
)  # fmt: skip
"""Of valence, arousal and control."""
PREDICTABILITY = Scale(5.0, 2.0, 1, 9, 1.0)
EMOTIONS = {
    (True, True): (4, 11), (False, True): (1, 3, 12), (False, False): (5, 2),
    (True, False): (0,),
}  # fmt: skip
"""Codes of the felt emotion, by whether valence and arousal lie above 5."""
LINE_HZ, EEG_LINE_UV, ECG_LINE_UV = 50.0, 2.0, 20.0
DRIFT_UV, DRIFT_TAU_S = 20.0, 3.0
BURST_SITES = ("T7", "T8", "FC5", "FC6")
BURSTS_PER_MIN, BURST_MOVEMENT, BURST_S, BURST_UV = 1.0, 0.5, (0.3, 1.0), (10.0, 30.0)
BURST_HZ = (60.0, 18.0)
PULSE, BELT_UV = 16, 1000.0
WITHOUT_BDF = 2
"""The person whose last session has no BDF, as some of the corpus have not."""


def mahnob_design(*, n_trials: int = N_STIMULI, seconds: float = 0.0) -> Design:
    """Return what MAHNOB-HCI shows and asks; scales are integers from 1 to 9.

    Clips last from 34.9 to 117 s unless `seconds` above 0 makes all alike; half a
    minute is recorded before and after each.
    """
    spread = np.linspace(SHORTEST_S, LONGEST_S, N_STIMULI)[:n_trials]
    spread = np.round(np.random.default_rng(0).permutation(spread) * 4) / 4
    clips = (float(seconds),) * n_trials if seconds else tuple(spread.tolist())
    return Design(
        "mahnob", tuple(c + AFTER_S for c in clips), tuple((0.0, c) for c in clips),
        SCALES, baseline_s=BEFORE_S,
    )  # fmt: skip


def write_mahnob(
    folder: str | Path, *, n_subjects: int = 4, n_trials: int = 6,
    seconds: float = 40.0, effect: float = 1.0, signature: float = 1.0,
    nuisance: float = 1.0, heart_field: float = 1.0, seed: int = 0,
) -> Path:  # fmt: skip
    """Write ``Sessions/<number>/`` with session.xml and BDF, and what was planted.

    The first n subjects of a larger corpus are the smaller corpus. The same parameters
    give the same bytes. Nothing is left in `folder` when writing fails.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    n_subjects : int
        At most 27.
    n_trials : int
        At most 20 clips, shown to each person in an order of their own.
    seconds : float
        Length of each clip; 0: as in the corpus, 34.9 to 117 s.
    effect, signature, nuisance, heart_field, seed
        As in `emolib.surrogates.design.Knobs`.

    Returns
    -------
    folder : Path

    Raises
    ------
    ValueError
        For more people or clips than MAHNOB-HCI has.
    """
    size = dict(n_subjects=n_subjects, n_trials=n_trials, seconds=seconds)
    hint = "MAHNOB-HCI has 20 clips."
    check_sizes(n_subjects, n_trials, seconds or LONGEST_S, n_stimuli=N_STIMULI,
                hint=hint)  # fmt: skip
    check_range("n_subjects", n_subjects, 1, len(PERSONS))
    knobs = Knobs(effect, signature, nuisance, seed, heart_field)
    design = mahnob_design(n_trials=n_trials, seconds=seconds)

    def fill(aside: Path):
        planted = []
        for number in range(1, n_subjects + 1):
            subject = simulate_subject(design, knobs, number)
            planted.append(_save_sessions(aside / "Sessions", subject))
        names = [f"P{person}" for person in PERSONS[:n_subjects]]
        trials = [clip_name(k) for k in range(n_trials)]
        return truth_of(design, planted, names, trials, **size, **asdict(knobs))

    return write(folder, fill)


def clip_name(k: int) -> str:
    """Return the name of a clip; the corpus's own are such numbers."""
    return str(101 + k)


def _save_sessions(folder: Path, subject: Subject) -> dict:
    """Write the sessions of one person; return what was planted."""
    person, n_trials = PERSONS[subject.number - 1], subject.design.n_trials
    order, said = subject.rng("order").permutation(n_trials), questions(subject)
    place, events = np.argsort(order) + 1, []
    for k in range(n_trials):
        is_last = place[k] == n_trials
        has_bdf = not (subject.number == WITHOUT_BDF and is_last)
        own = Session(folder, subject, k, person, 2 * int(place[k]), said[k])
        events.append(save_session(own, has_bdf=has_bdf))
    return subject.truth(**{name: [own[name] for own in events] for name in events[0]})


class Session(NamedTuple):
    """A trial of a person, and where its files go."""

    folder: Path  # Sessions
    subject: Subject
    k: int  # of the clip, from 0
    person: int
    section: int
    said: dict  # feltEmo and its kin -> number

    @property
    def own(self) -> Path:
        """The folder of this session, its number."""
        return self.folder / str((self.person - 1) * real.N_SECTIONS + self.section)


def save_session(session: Session, *, film: str = "", has_bdf: bool = True) -> dict:
    """Write session.xml and the BDF; return when what happened, in s.

    Parameters
    ----------
    session : Session
    film : str
        Name of the AVI, where there is one.
    has_bdf : bool
    """
    session.own.mkdir(parents=True)
    channels, found = _recorded(session.subject, session.k)
    (session.own / "session.xml").write_text(_xml(session, film))
    if has_bdf:
        codes = _codes(session.subject, session.k)
        save_bdf(session.own / _bdf_name(session), channels, codes, real.SFREQ)
    return found


def _bdf_name(session: Session) -> str:
    return f"Part_{session.person}_S_Trial{session.section // 2}_emotion.bdf"


def _codes(subject: Subject, k: int) -> np.ndarray:
    """Return the Status channel: a short pulse where the clip begins and ends."""
    design, sfreq = subject.design, real.SFREQ
    codes = np.zeros(round((design.baseline_s + design.seconds[k]) * sfreq), int)
    for second in (design.baseline_s, design.baseline_s + design.scored[k][1]):
        start = round(second * sfreq)
        codes[start : start + 5] = PULSE
    return codes


def _recorded(subject: Subject, k: int) -> tuple[dict, dict]:
    """Return the channels of one session in file order, and what happened when."""
    rows, sfreq = slice(k, k + 1), real.SFREQ
    eeg, blinks = eeg_and_blinks(subject, real.EEG_CH_NAMES, sfreq, rows)
    eeg = eeg[0] + _artefacts(subject, k, eeg.shape[-1])
    ecg, beats = peripheral.synthesise_ecg(subject.trials("ecg", sfreq, rows))
    gsr, drivers = peripheral.synthesise_conductance(subject.trials("gsr", sfreq, rows))
    leads = 1e3 * ecg[0]
    leads = np.concatenate([[0.5 * leads[0] - 0.2 * leads[1]], leads])
    leads += ECG_LINE_UV * _hum(leads.shape[-1])
    belt = BELT_UV * body.synthesise_breathing(subject.trials("resp", sfreq, rows))
    warmth = body.synthesise_temperature(subject.trials("temperature", sfreq, rows))
    rest = np.zeros(eeg.shape[-1])
    channels = {name: (own, "uV") for name, own in zip(
        real.EEG_CH_NAMES, eeg, strict=True)}  # fmt: skip
    channels |= {f"EXG{i + 1}": (own, "uV") for i, own in enumerate(leads)}
    channels |= {f"EXG{i}": (rest, "uV") for i in range(4, 9)}
    channels |= {"GSR1": (1e6 / gsr[0], "Ohm")}
    channels |= {name: (rest, "uV") for name in ("GSR2", "Erg1", "Erg2")}
    channels |= {"Resp": (belt[0], "uV"), "Temp": (warmth[0], "C")}
    found = dict(beats=beats[0], blinks=blinks[0], skin_responses=drivers[0])
    return channels, found


def _hum(n_times: int) -> np.ndarray:
    return np.sin(2 * np.pi * LINE_HZ * np.arange(n_times) / real.SFREQ)


def _artefacts(subject: Subject, k: int, n_times: int) -> np.ndarray:
    """Return hum, slow drift and bursts of muscle in the EEG, (n_chans, n_times)."""
    rngs = subject.rngs("line")[k : k + 1]
    n_chans = len(real.EEG_CH_NAMES)
    n = -(-n_times // round(real.SFREQ / traces.TRACE_SFREQ)) + 1
    drift = traces.ou(traces.draw(rngs, (n, n_chans)), DRIFT_TAU_S)[0].T
    out = DRIFT_UV * traces.resample_linear(drift, real.SFREQ, n_times)
    out = out + EEG_LINE_UV * _hum(n_times)
    movement = subject.planted["movement"][k : k + 1]
    starts = traces.event_times(
        rngs, np.log(BURSTS_PER_MIN) + BURST_MOVEMENT * movement
    )[0]
    waves = traces.band_noise(
        rngs, len(BURST_SITES), *BURST_HZ, sfreq=real.SFREQ, n_times=n_times
    )[0]
    gate = np.zeros(n_times)
    for start in starts:
        seconds, height = (rngs[0].uniform(*span) for span in (BURST_S, BURST_UV))
        first = round(start * real.SFREQ)
        gate[first : first + round(seconds * real.SFREQ)] = height
    rows = [real.EEG_CH_NAMES.index(site) for site in BURST_SITES]
    out[rows] += gate * waves
    return out


def questions(subject: Subject) -> list[dict[str, int]]:
    """Return what the person said of each clip: ratings and the felt emotion."""
    said = []
    rows = zip(subject.planted["ratings"], subject.rngs("questions"), strict=True)
    for (valence, arousal, control), rng in rows:
        mu, sigma = PREDICTABILITY.mu, PREDICTABILITY.sigma
        foreseen = PREDICTABILITY.rating(mu + sigma * rng.standard_normal())
        emotion = rng.choice(EMOTIONS[bool(valence > 5), bool(arousal > 5)])
        told = dict(feltEmo=emotion, feltVlnc=valence, feltArsl=arousal,
                    feltCtrl=control, feltPred=foreseen)  # fmt: skip
        said.append({name: int(value) for name, value in told.items()})
    return said


def _xml(session: Session, film: str) -> str:
    """Return a session.xml; readers take the first child for the person."""
    seconds = session.subject.design.scored[session.k][1]
    felt = " ".join(f'{name}="{value}"' for name, value in session.said.items())
    person, tracks = session.person, [("Physiological", _bdf_name(session))]
    tracks += [("Video", film)] * bool(film)
    return "".join([
        f'<?xml version="1.0" encoding="utf-8"?>\n<!-- {ABOUT} -->\n',
        f'<session sessionId="{session.own.name}" date="2009.07.09" time="12.00.00" ',
        f'experimentType="emotion elicitation" isStim="1" {felt} ',
        f'cutNr="{session.section}" cutLenSec="{seconds:.3f}" vidRate="60.97" ',
        f'vidBeginSmp="0" vidEndSmp="{60.97 * seconds:.0f}" ',
        f'mediaFile="{clip_name(session.k)}.avi">\n',
        f'  <subject id="{person}" gender="female" dateOfBirth="1985.01.01"/>\n',
        *(f'  <track type="{kind}" filename="{name}">\n'
          '    <annotation type="Gaze"/>\n  </track>\n' for kind, name in tracks),
        f"</session>\n<!-- {ABOUT} -->\n",
    ])  # fmt: skip

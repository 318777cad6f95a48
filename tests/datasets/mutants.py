"""Read mutated files of every format, each in a process with limits, and judge it.

As a program, ``python -m tests.datasets.mutants SEED N FOLDER [FORMAT …]``, it prints a
line of JSON a format: how N files ended, which ended badly (they stay in FOLDER), and
the most CPU seconds and memory that one took.
"""

import json
import os
import resource
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.io import loadmat, savemat

from emolib.checks import CorpusError
from emolib.corpora import CORPORA
from tests.datasets import test_read_deap, test_read_mahnob
from tests.datasets import true_formats as formats
from tests.datasets.test_every_reader import WRITERS
from tests.datasets.test_read_eegmat import write_edf

LIMITS = {resource.RLIMIT_AS: 2**30, resource.RLIMIT_CPU: 60, resource.RLIMIT_CORE: 0}
"""What a reader may take, whatever the file: bytes of memory, seconds."""
GOOD = ("read", "told")


def dreamer(folder):
    people = [formats.dreamer_person(i, (1, 2), baseline_s=1) for i in (1, 2)]
    path = formats.write_dreamer(folder, people)
    savemat(path, {"DREAMER": loadmat(path)["DREAMER"]})  # not packed: none is spared


def amigos(folder):
    held = formats.amigos_cells(1, ["4", "N1", "9"], seconds=1)
    formats.write_amigos(folder, held=held)


def mahnob(folder):
    test_read_mahnob.write_xml(folder / "2")
    test_read_mahnob.write_bdf(folder / "2", seconds=8, pulses=(2, 5))
    (folder / "2" / "P1-Rec1-C1.avi").write_bytes(b"no picture is read here")


def rated(folder):
    mahnob(folder)
    formats.write_continuous_labels(folder, [(1, 2)], [8])


FORMATS = WRITERS | {
    "dreamer": dreamer,
    "amigos": amigos,
    "eegmat": lambda folder: write_edf(folder / "Subject00_1.edf"),
    "deap": lambda folder: test_read_deap.write_dat(folder, n_trials=1),
    "deap raw": lambda folder: test_read_deap.write_bdf(folder, 1, shown=(2,)),
    "mahnob": mahnob,
    "mahnob_continuous": rated,
}
"""Format -> what writes a small corpus of it."""
NUMBERS = (0, 1, 2**7, 2**8 - 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)


def mutated(whole: bytes, rng) -> bytes:
    """Return a file's contents with one thing wrong, as often as not near its start."""
    n = len(whole)
    near = min(n, 2 ** int(rng.integers(6, 13))) if rng.random() < 0.7 else n
    at, size = int(rng.integers(near)), int(2 ** rng.integers(0, 9))
    start, gone, rest = whole[:at], whole[at : at + size], whole[at + size :]
    number = int(rng.choice(NUMBERS)).to_bytes(4, "little")
    flipped = bytes([whole[at] ^ 1 << int(rng.integers(8))])
    digits = str(int(rng.choice(NUMBERS))).encode()
    spoilt = [
        start + flipped + whole[at + 1 :],
        start + flipped + whole[at + 1 :],
        start + number + whole[at + 4 :],
        start + digits + whole[at + len(digits) :],
        start + rng.bytes(size) + rest,
        start + bytes(len(gone)) + rest,
        start + rest,
        start + gone * 2 + rest,
        start + gone[::-1] + rest,
        whole[: int(rng.integers(n))],
        start + gone + whole[int(rng.integers(n)) :],
    ]
    return spoilt[int(rng.integers(len(spoilt)))]


def read(name: str, folder: Path, path: Path) -> str:
    """Read a corpus; return how that ended, in words."""
    corpus, _, source = name.partition(" ")
    try:
        for _ in CORPORA[corpus].read(folder, **{"source": source} if source else {}):
            pass
    except (CorpusError, FileNotFoundError) as error:
        said = str(error)
        is_clear = said.isprintable() and len(said) < 2000 and path.name in said
        return "told" if is_clear else f"unclear: {said[:300]!r}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:300]
    return "read"


def ended(name: str, folder: Path, path: Path) -> tuple[str, float, float]:
    """Read a corpus in a process with limits; how that ended, CPU seconds, MiB."""
    out, into = os.pipe()
    pid = os.fork()
    if not pid:
        for kind, most in LIMITS.items():
            resource.setrlimit(kind, (most, resource.RLIM_INFINITY))
        os.write(into, read(name, folder, path).encode())
        os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        said = pipe.read().decode()
    _, status, used = os.wait4(pid, 0)
    died = f"killed by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else ""
    return died or said, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def judged(seed: int, n: int, folder: Path, name: str) -> dict:
    """Return how `n` mutated files of a format ended, and the most that one took."""
    rng, ends, bad, took = np.random.default_rng(seed), Counter(), {}, []
    (own := folder / name).mkdir(parents=True)
    FORMATS[name](own)
    paths = [path for path in sorted(own.rglob("*")) if path.is_file()]
    assert read(name, own, paths[0]) == "read", name  # what is whole is tried once
    for i in range(n):
        path = paths[int(rng.integers(len(paths)))]
        whole, at = path.read_bytes(), path.stat().st_mtime_ns
        path.write_bytes(spoilt := mutated(whole, rng))
        how, *used = ended(name, own, path)
        path.write_bytes(whole)
        os.utime(path, ns=(at, at))
        took.append(used)
        ends[how.partition(": ")[0]] += 1
        if how not in GOOD:
            bad[f"file {i}, {path.name}"] = how
            (folder / f"{name}-{i}-{path.name}").write_bytes(spoilt)
    seconds, memory = (round(max(own), 1) for own in zip(*took, strict=True))
    return dict(format=name, ends=ends, bad=bad, seconds=seconds, MiB=memory)


if __name__ == "__main__":
    seed, n, folder, *chosen = sys.argv[1:]
    for name in chosen or FORMATS:
        found = judged(int(seed), int(n), Path(folder), name)
        print(json.dumps(found), flush=True)

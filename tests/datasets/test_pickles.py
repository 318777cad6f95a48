import os
import pickle

import numpy as np
import pytest

from emolib.checks import CorpusError
from emolib.datasets import opened, pickles
from emolib.datasets.pickles import load_pickle
from tests.datasets.refusals import refused

PROTOCOLS = range(6)


@pytest.fixture
def here(monkeypatch):
    """Load in this process at once: what no process of its own refuses."""
    monkeypatch.setattr(pickles, "tried_aside", lambda *_: None)


def plain():
    return {
        "float": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "big-endian": np.arange(3, dtype=">f4"),
        "every other": np.arange(10)[::2],
        "text": np.array(["ab", "ü"]),
        "bytes": np.array([b"x", b"yy"]),
        "bool": np.array([True, False]),
        "empty": np.empty((0, 3)),
        "one": np.zeros(()),
    }


def write(folder, held, protocol=2):
    path = folder / "data.pkl"
    written = held if isinstance(held, bytes) else pickle.dumps(held, protocol)
    path.write_bytes(written)
    return path


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_data_come_back_at_every_protocol(tmp_path, protocol):
    keys = {"a": 1, b"b": 2, 3: 4, 2.5: 5, None: 6, False: 7, "video[3]": {"é": 8}}
    rest = [
        1, -2.5, 10**30, None, True, "text", b"bytes", b"", (1, (2,)), {3, 4}, keys,
        frozenset("ab"), np.float32(1.5), np.str_("é"), np.bool_(False), np.int64(7),
    ]  # fmt: skip
    objects = np.array([["x", np.arange(3)], [None, {"k": np.ones(2)}]], object)
    shared = [np.ones(2)]
    held = {"arrays": plain(), "rest": rest, "objects": objects, "two": [shared] * 2}
    found = load_pickle(write(tmp_path, held, protocol))
    assert found["rest"] == rest
    assert list(map(type, found["rest"])) == list(map(type, rest))
    for name, array in plain().items():
        own = found["arrays"][name]
        assert type(own) is np.ndarray
        assert own.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(own, array)
    assert found["objects"].shape == (2, 2) and found["objects"][0, 0] == "x"
    np.testing.assert_array_equal(found["objects"][0, 1], np.arange(3))
    np.testing.assert_array_equal(found["objects"][1, 1]["k"], np.ones(2))
    assert found["two"][0] is found["two"][1]


def test_a_pickle_of_python_2_and_numpy_1_comes_back(tmp_path):
    written = (
        b"cnumpy.core.multiarray\n_reconstruct\np0\n(cnumpy\nndarray\np1\n(I0\ntS'b'\n"
        b"tR(I1\n(I2\ntcnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
        b"I00\nS'\\x00\\x00\\x80?\\x00\\x00\\x80\\xbf'\ntb."
    )
    np.testing.assert_array_equal(load_pickle(write(tmp_path, written)), [1.0, -1.0])


class Hostile:
    """Asks the reader of its pickle to call something."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def wrapped(payload):
    """Return a payload as such, and where a quick look would not find it."""
    deep = np.empty((1, 2), object)
    deep[0, 1] = [{"x": payload}]
    return {"bare": payload, "as a key": {(1, payload): 2}, "deep": {"train": deep}}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("place", wrapped(None))
def test_a_hostile_pickle_runs_nothing(tmp_path, monkeypatch, here, protocol, place):
    monkeypatch.chdir(tmp_path)
    payloads = {
        "system": Hostile(os.system, "touch ran"),
        "eval": Hostile(eval, "open('ran', 'w').close()"),
        "exec": Hostile(exec, "open('ran', 'w').close()"),
        "getattr": Hostile(getattr, "text", "upper"),
        "tofile": Hostile(np.ndarray.tofile, np.ones(1), "ran"),
        "mkdir": Hostile(os.mkdir, "ran"),
        "class": CorpusError,
        "type": list,
    }
    for name, payload in payloads.items():
        path = write(tmp_path, wrapped(payload)[place], protocol)
        words = r"data\.pkl: expected a pickle of .*asks for .*; nothing in it was run"
        refused(load_pickle, path, f"{words}.*do not trust this one")
        assert [p.name for p in tmp_path.iterdir()] == ["data.pkl"], name


ARRAY = b"cnumpy\nndarray\n"
DTYPE = b"cnumpy\ndtype\n"
DOUBLE, OBJECT = DTYPE + b"(S'f8'\nI0\nI1\ntR", DTYPE + b"(S'O8'\nI0\nI1\ntR"
RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\n"
MADE = RECONSTRUCT + b"(" + ARRAY + b"(I0\ntS'b'\ntR(I1\n"  # what its state follows
OBJECTS = MADE + b"(I1\nt" + OBJECT + b"I00\n"
# what a small file may have Python hash, compare, print or copy for ever
DEEP = b")" + b"\x85" * 200_000
WIDE = b")" + b"".join(b"q%ch%c\x86" % (n, n) for n in range(40))
SET = b"c__builtin__\nset\n"
BY_HAND = {
    "INST": b"(S'touch ran'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'touch ran'\no.",
    "an attribute of an admitted name": b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile"
    b"\x93.",
    "a state for an admitted function": b"c_codecs\nencode\n(dS'__doc__'\nS'x'\nsb.",
    "a state for an admitted class": ARRAY + b"(N(dS'fill'\nNstb.",
    "an attribute set on a class": SET + b"(N(dS'made'\nNstb.",
    "an object outside the file": b"Pwhere\n.",
    "a name registered elsewhere": b"\x80\x02\x82\xf0.",
    "a codec": b"c_codecs\nencode\n(S'abc'\nS'zlib_codec'\ntR.",
    "another array class": RECONSTRUCT + b"(" + SET + b"(I0\ntS'b'\ntR.",
    "fields": DTYPE + b"(S'V8'\nI0\nI1\ntR.",
    "offsets beyond the item": DOUBLE + b"(I3\nS'|'\nN(S'a'\nt(dS'a'\n(NI999\n"
    b"tsI8\nI1\nI63\ntb.",
    "lists within lists": b"\x80\x02" + b"]" * 50_000 + b"a" * 49_999 + b".",
    "a negative shape": MADE + b"(I-1\nt" + OBJECT + b"I00\n(ltb.",
    "more items than bytes": MADE + b"(I9\nt" + DOUBLE + b"I00\nS'abcd'\ntb.",
    "objects from bytes": b"cnumpy.core.numeric\n_frombuffer\n(C\x08abcdefgh" + OBJECT
    + b"(I1\ntS'C'\ntR.",
    "an object as a scalar": b"cnumpy.core.multiarray\nscalar\n(" + OBJECT
    + b"(lI1\natR.",
    "characters that do not exist": MADE + b"(I1\nt" + DTYPE + b"(S'U1'\nI0\nI1\ntR"
    b"I00\nS'\\xff\\xff\\xff\\xff'\ntb.",
    "pairs given to dict": b"c__builtin__\ndict\n((l(" + WIDE + b"I1\ntatR.",
    "a class as a key": b"}" + ARRAY + b"I1\ns.",
    "deep tuples": DEEP + b".",
    "deep object arrays": (OBJECTS + b"(l") * 3000 + b"I1\n" + b"atb" * 3000 + b".",
    "a tuple called": WIDE + b")R.",
    "a tuple as a state": DOUBLE + WIDE + b"b.",
    "a tuple within itself": b"(]q\x00tq\x010h\x00h\x01a0h\x01.",
}  # fmt: skip


@pytest.mark.parametrize("what", BY_HAND)
def test_opcodes_written_by_hand_are_refused(tmp_path, monkeypatch, here, what):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, BY_HAND[what])
    refused(load_pickle, path, r"data\.pkl: expected a pickle of")
    assert [p.name for p in tmp_path.iterdir()] == ["data.pkl"]
    # nothing of what is admitted was changed by the attempt
    np.testing.assert_array_equal(load_pickle(write(tmp_path, np.ones(2))), [1, 1])


KEY = b"\x80\x02}%bK\x01s."
COLLIDING = b"".join(
    b"\x8a\x0a" + (n * (2**61 - 1)).to_bytes(10, "little") + b"N"
    for n in range(1, 60_001)
)
COPIES = b"B" + (2**20).to_bytes(4, "little") + bytes(2**20) + b"q\x010"
COPIES += b"c__builtin__\nbytearray\nh\x01\x85R" * 700


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (KEY % WIDE, "it takes longer than 2 s"),
        (SET + b"((lI1\na" + WIDE + b"atR.", "it takes longer than 2 s"),
        (b"\x80\x02}(" + COLLIDING + b"u.", "it takes longer than 2 s"),
        (KEY % DEEP, "it kills its reader by signal"),
        (b"\x80\x02](" + COPIES + b"e.", "it takes more than"),
        (b"c__builtin__\nbytearray\n(L%dL\ntR." % 2**34, "MemoryError"),
        (b"\x80\x02]r\xff\xff\xff\x7f.", "MemoryError"),  # a memo place far away
        (b"\x80\x05\x8e" + b"\xff" * 5 + b"\0\0\0abc.", "MemoryError"),  # more bytes
        (b"\x80\x05\x95" + b"\xff" * 5 + b"\0\0\0abc.", "MemoryError"),  # a frame
    ],
)
def test_endless_work_or_memory_is_one_error(tmp_path, monkeypatch, written, words):
    if "longer" in words:  # the others end by themselves, on a busy machine later
        monkeypatch.setattr(opened, "LEAST", opened.Budget(2**28, 2))
    path = write(tmp_path, written)
    refused(load_pickle, path, rf"data\.pkl: expected a pickle .*{words}")


@pytest.mark.parametrize("protocol", [0, 2])
def test_a_pickle_with_changed_line_ends_is_not_called_an_attack(tmp_path, protocol):
    written = pickle.dumps({"x": np.ones(3)}, protocol).replace(b"\n", b"\r\n")
    path = write(tmp_path, written)
    refused(load_pickle, path, "line ends were changed .* Copy or download")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_truncated_pickle_says_so(tmp_path, here, protocol):
    whole = pickle.dumps(plain(), protocol)
    for n_bytes in range(1, len(whole), 37):
        path = write(tmp_path, whole[:n_bytes])
        refused(load_pickle, path, r"data\.pkl: expected a pickle of .*got")

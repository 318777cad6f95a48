import hashlib
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from emolib.checks import CorpusError
from emolib.corpora.check import fetch_eegmat, fetch_stress_predict

FIRST = "Subject00_1.edf"
FILES = {
    FIRST: b"rest" * 500,
    "Subject00_2.edf": b"task" * 300,
    "subject-info.csv": b"Subject,Age\nSubject00,21\n",
}


@pytest.fixture
def publisher(tmp_path):
    """Return a folder that stands for the publisher's."""
    folder = tmp_path / "publisher"
    folder.mkdir()
    lines = []
    for name, content in {**FILES, "README.txt": b"read me"}.items():
        (folder / name).write_bytes(content)
        lines.append(f"{hashlib.sha256(content).hexdigest()} {name}")
    (folder / "SHA256SUMS.txt").write_text("\n".join(lines) + "\n")
    return folder


@contextmanager
def served(folder, short=()):
    """Serve `folder` on this machine only; yield the address and the requests.

    Files named in `short` are broken off.
    """
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            asked.append(name := self.path.rsplit("/", 1)[-1])
            if name not in short:
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Length", "2000")
            self.end_headers()
            self.wfile.write(FILES[name][:700])
            self.close_connection = True

    handler = partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            server.shutdown()
            thread.join()


def test_the_listed_recordings_are_downloaded_and_a_broken_transfer_is_resumed(
    publisher, tmp_path
):
    folder = tmp_path / "mine"
    with served(publisher, short=["Subject00_2.edf"]) as (address, _):
        with pytest.raises(CorpusError, match=r"Subject00_2\.edf: expected a whole fi"):
            fetch_eegmat(folder, base_url=address, n_retries=0)
    assert [p.name for p in folder.iterdir()] == [FIRST]
    (folder / "Subject00_2.edf").write_bytes(b"half")  # what another program left
    with served(publisher) as (address, asked):
        fetch_eegmat(folder, base_url=address.rstrip("/"), n_retries=0)
        wanted = ["SHA256SUMS.txt", "Subject00_2.edf", "subject-info.csv"]
        assert sorted(asked) == wanted
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == FILES


def evil(folder):
    with (folder / "SHA256SUMS.txt").open("w") as file:
        file.write(f"{'0' * 64} ../Subject00_1.edf\n{'0' * 64} /etc/passwd\n<html>\n")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: (f / FIRST).write_bytes(b"other"), "Give the same comma"),
        (lambda f: (f / FIRST).unlink(), r"Subject00_1\.edf: expected .*404"),
        (lambda f: (f / "SHA256SUMS.txt").unlink(), r"SHA256SUMS\.txt: expected .*404"),
        (evil, "no line 'sha256 file' that names Subject00_1.edf"),
    ],
)
def test_what_is_not_as_the_list_says_is_refused(publisher, tmp_path, spoil, words):
    spoil(publisher)
    with served(publisher) as (address, _):
        with pytest.raises(CorpusError, match=words):
            fetch_eegmat(tmp_path / "mine", base_url=address, n_retries=0)
    assert not list(tmp_path.rglob("mine/*"))
    with pytest.raises(CorpusError, match="ConnectionError"):  # nobody answers now
        fetch_eegmat(tmp_path / "mine", base_url=address, n_retries=0)


# ------------------------------------------------------------- Stress-Predict


@pytest.fixture
def authors(tmp_path):
    """Return a folder that stands for the authors': only S02 has known checksums."""
    for kind in ("BVP", "EDA", "IBI", "TEMP"):
        for who in ("S01", "S02"):
            file = tmp_path / "authors" / who / f"{kind}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"1644226740\n4\n{kind}\n")
    return tmp_path / "authors"


def test_people_without_a_known_checksum_are_fetched_and_named(authors, tmp_path):
    mine = tmp_path / "mine"
    with served(authors) as (address, asked):
        for _ in range(2):  # what is there is kept
            with pytest.warns(UserWarning, match="no checksum is known of S01: taken"):
                fetch_stress_predict(mine, base_url=address, subjects=["S01"])
        assert sorted(asked) == ["BVP.csv", "EDA.csv", "IBI.csv", "TEMP.csv"]
    for path in authors.glob("S01/*.csv"):
        assert (mine / path.relative_to(authors)).read_bytes() == path.read_bytes()


NO_TABLE = r"S01/EDA\.csv: expected a whole .*no table of numbers.* same command again"


@pytest.mark.parametrize(
    ("who", "held", "words", "kept"),
    [
        ("S01", b"<html>log in first</html>", NO_TABLE, ["BVP.csv"]),
        ("S01", b"", NO_TABLE, ["BVP.csv"]),
        ("S02", b"1\n", r"S02/BVP\.csv: expected a whole.*hash", []),
        ("S03", b"1\n", r"S03/BVP\.csv: expected .*404", []),
    ],
    ids=["a page", "nothing", "another file", "nobody"],
)
def test_what_is_not_a_persons_own_table_is_not_kept(
    authors, tmp_path, who, held, words, kept
):
    (authors / "S01" / "EDA.csv").write_bytes(held)
    given = dict(n_retries=0, subjects=[who])
    with served(authors) as (address, _), pytest.raises(CorpusError, match=words):
        fetch_stress_predict(tmp_path / "mine", base_url=address, **given)
    assert [path.name for path in tmp_path.glob("mine/*/*")] == kept


def test_a_folder_that_takes_no_files_is_told_beside_the_file(authors, tmp_path):
    (tmp_path / "mine").write_text("a file, no folder")
    with served(authors) as (address, _):
        with pytest.raises(CorpusError, match=r"S01/BVP\.csv: .*(Exists|Directory)Err"):
            fetch_stress_predict(tmp_path / "mine", base_url=address, subjects=["S01"])


def test_the_real_files_have_the_checksums_that_are_known(realdata, tmp_path):
    with served(realdata / "stress-predict") as (address, asked):
        fetch_stress_predict(tmp_path, base_url=address, subjects=["S02", "S13"])
    assert len(asked) == 8 and len(list(tmp_path.rglob("*.csv"))) == 8

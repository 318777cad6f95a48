import hashlib
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from emolib.checks import CorpusError
from emolib.corpora.check import fetch_eegmat, fetch_stress_predict

FILES = {
    "Subject00_1.edf": b"rest" * 500,
    "Subject00_2.edf": b"task" * 300,
    "subject-info.csv": b"Subject,Age\nSubject00,21\n",
}


class Handler(SimpleHTTPRequestHandler):
    """Serve a folder; note what was asked, and break off files named in `short`."""

    asked: list = []
    short: set = set()

    def log_message(self, *args):
        pass

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        self.asked.append(name)
        if name not in self.short:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "2000")
        self.end_headers()
        self.wfile.write(FILES[name][:700])
        self.close_connection = True


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
    """Serve `folder` on this machine only; yield the address and the requests."""
    handler = type("Handler", (Handler,), {"asked": [], "short": set(short)})
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(handler, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", handler.asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_listed_recordings_are_downloaded_and_nothing_else(publisher, tmp_path):
    with served(publisher) as (address, _):
        folder = fetch_eegmat(tmp_path / "mine", base_url=address.rstrip("/"))
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == FILES


def test_a_broken_transfer_leaves_no_half_file_and_can_be_resumed(publisher, tmp_path):
    folder = tmp_path / "mine"
    with served(publisher, short=["Subject00_2.edf"]) as (address, _):
        with pytest.raises(CorpusError, match=r"Subject00_2\.edf: expected a whole fi"):
            fetch_eegmat(folder, base_url=address, n_retries=0)
    assert [p.name for p in folder.iterdir()] == ["Subject00_1.edf"]
    (folder / "Subject00_2.edf").write_bytes(b"half")  # what another program left
    with served(publisher) as (address, asked):
        fetch_eegmat(folder, base_url=address, n_retries=0)
        wanted = ["SHA256SUMS.txt", "Subject00_2.edf", "subject-info.csv"]
        assert sorted(asked) == wanted
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == FILES


def evil(folder):
    with (folder / "SHA256SUMS.txt").open("w") as file:
        file.write(f"{'0' * 64} ../Subject00_1.edf\n{'0' * 64} /etc/passwd\n<html>\n")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda f: (f / "Subject00_1.edf").write_bytes(b"other"),
            "Give the same comma",
        ),
        (
            lambda f: (f / "Subject00_1.edf").unlink(),
            r"Subject00_1\.edf: expected .*404",
        ),
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
    """Return a folder that stands for the authors': S01, who has no known checksum."""
    folder = tmp_path / "authors"
    (folder / "S01").mkdir(parents=True)
    for kind in ("BVP", "EDA", "IBI", "TEMP"):
        (folder / "S01" / f"{kind}.csv").write_text(f"1644226740\n4\n{kind}\n")
    return folder


def test_people_without_a_known_checksum_are_fetched_and_named(authors, tmp_path):
    mine = tmp_path / "mine"
    with served(authors) as (address, asked):
        for _ in range(2):  # what is there is kept
            with pytest.warns(UserWarning, match="no checksum is known of S01: taken"):
                fetch_stress_predict(mine, base_url=address, subjects=["S01"])
        assert sorted(asked) == ["BVP.csv", "EDA.csv", "IBI.csv", "TEMP.csv"]
    for path in authors.rglob("*.csv"):
        assert (mine / path.relative_to(authors)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("other", [b"<html>log in first</html>", b""])
def test_a_page_in_place_of_numbers_is_not_kept_as_they_came(authors, tmp_path, other):
    (authors / "S01" / "EDA.csv").write_bytes(other)
    given = dict(n_retries=0, subjects=["S01"])
    words = r"S01/EDA\.csv: expected a whole .*no table of numbers.* same command again"
    with served(authors) as (address, _), pytest.raises(CorpusError, match=words):
        fetch_stress_predict(tmp_path / "mine", base_url=address, **given)
    assert not (tmp_path / "mine" / "S01" / "EDA.csv").exists()


def test_a_folder_that_takes_no_files_is_told_beside_the_file(authors, tmp_path):
    (tmp_path / "mine").write_text("a file, no folder")
    with served(authors) as (address, _):
        with pytest.raises(CorpusError, match=r"S01/BVP\.csv: .*(Exists|Directory)Err"):
            fetch_stress_predict(tmp_path / "mine", base_url=address, subjects=["S01"])


def test_a_person_with_a_known_checksum_must_have_it(authors, tmp_path):
    (authors / "S01").rename(authors / "S02")
    with served(authors) as (address, _):
        given = dict(base_url=address, n_retries=0)
        with pytest.raises(CorpusError, match=r"S02/BVP\.csv: expected a whole.*hash"):
            fetch_stress_predict(tmp_path / "mine", subjects=["S02"], **given)
        with pytest.raises(CorpusError, match=r"S03/BVP\.csv: expected .*404"):
            fetch_stress_predict(tmp_path / "mine", subjects=["S03"], **given)
    assert not list(tmp_path.rglob("mine/*/*"))


def test_the_real_files_have_the_checksums_that_are_known(tmp_path):
    real = Path(__file__).resolve().parents[2] / "shared/realdata/stress-predict"
    if not real.is_dir():
        pytest.skip("real recordings not here")
    with served(real) as (address, asked):
        fetch_stress_predict(tmp_path, base_url=address, subjects=["S02", "S13"])
    assert len(asked) == 8 and len(list(tmp_path.rglob("*.csv"))) == 8

"""Download the open corpus from its publisher, checked against the publisher's list."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from emolib.checks import CorpusError

PHYSIONET = "https://physionet.org/files/eegmat/1.0.0/"
CHECKSUMS = "SHA256SUMS.txt"
_WANTED = re.compile(r"Subject\d\d_[12]\.edf|subject-info\.csv")
_LINE = re.compile(r"([0-9a-f]{64}) [ *]?(\S+)")


def fetch_eegmat(
    folder: str | Path,
    *,
    base_url: str = PHYSIONET,
    n_retries: int = 2,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Download EEGMAT: 36 subjects, two EDF files each, about 175 MB.

    Every file is compared with the publisher's checksum before it takes its name; one
    that is already there and whole is not downloaded again, so a broken download is
    resumed by the same call. Licence: ODC-By 1.0.

    Parameters
    ----------
    folder : path
        Made when it is not there.
    base_url : str
        Where ``SHA256SUMS.txt`` and the files are.
    n_retries : int
        How often a file is tried again before the call gives up.
    report : callable
        Called with a line of text before each file.

    Returns
    -------
    folder : Path

    Raises
    ------
    CorpusError
        When the list or a file cannot be had, or a file is not what the list says.
    """
    import pooch

    folder = Path(folder).expanduser()
    base_url = base_url.rstrip("/") + "/"
    registry = _read_checksums(base_url)
    keeper = pooch.create(
        folder, base_url, registry=registry, retry_if_failed=n_retries
    )
    for i, name in enumerate(sorted(registry)):
        if report:
            report(f"{i + 1} of {len(registry)}: {name}")
        _call(keeper.fetch, name, base_url, downloader=_downloader())
    return folder


def _read_checksums(base_url: str) -> dict[str, str]:
    """Return file name -> ``sha256:…`` from the publisher's list."""
    import tempfile

    import pooch

    with tempfile.TemporaryDirectory() as aside:
        listed = _call(
            pooch.retrieve,
            base_url + CHECKSUMS,
            base_url,
            known_hash=None,
            fname=CHECKSUMS,
            path=aside,
            downloader=_downloader(),
        )
        text = Path(listed).read_text(encoding="utf-8", errors="replace")
    matches = [_LINE.fullmatch(line.strip()) for line in text.splitlines()]
    registry = {
        match[2]: f"sha256:{match[1]}"
        for match in matches
        if match and _WANTED.fullmatch(match[2])
    }
    if not registry:
        raise CorpusError(
            f"{base_url}{CHECKSUMS}: expected lines 'sha256 file' that name "
            f"Subject00_1.edf …; got {len(text)} characters without one. Check the "
            "address, or download the files by hand."
        )
    return registry


def _downloader():
    """Return pooch's downloader over HTTP, with a time limit for a silent host."""
    import pooch

    return pooch.HTTPDownloader(timeout=60)


def _call(function: Callable, what: str, base_url: str, **options):
    """Call one of pooch's functions; turn its failures into one error."""
    import requests

    try:
        return function(what, **options)
    except (requests.RequestException, ValueError) as error:
        raise CorpusError(
            f"{what.removeprefix(base_url)}: expected a whole file from {base_url}; "
            f"got {type(error).__name__}: {error}. Give the same command again: files "
            "that are finished are kept."
        ) from error

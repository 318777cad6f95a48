"""Download the open corpus from its publisher, checked against the publisher's list."""

from __future__ import annotations

import re
from pathlib import Path

from emolib.checks import CorpusError

PHYSIONET = "https://physionet.org/files/eegmat/1.0.0/"
CHECKSUMS = "SHA256SUMS.txt"
_LINE = re.compile(r"([0-9a-f]{64}) [ *]?(Subject\d\d_[12]\.edf|subject-info\.csv)")


def fetch_eegmat(
    folder: str | Path, *, base_url: str = PHYSIONET, n_retries: int = 2
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

    Returns
    -------
    folder : Path

    Raises
    ------
    CorpusError
        When the list or a file cannot be had, or a file is not what the list says.
    """
    import pooch
    import requests

    folder, name = Path(folder).expanduser(), CHECKSUMS
    base_url = base_url.rstrip("/") + "/"
    try:
        listed = requests.get(base_url + CHECKSUMS, timeout=60)
        listed.raise_for_status()
        registry = {file: f"sha256:{own}" for own, file in _LINE.findall(listed.text)}
        if not registry:
            raise ValueError("no line 'sha256 file' that names Subject00_1.edf …")
        keeper = pooch.create(
            folder, base_url, registry=registry, retry_if_failed=n_retries
        )
        for name in sorted(registry):
            keeper.fetch(name, downloader=pooch.HTTPDownloader(timeout=60))
    except (requests.RequestException, ValueError) as error:
        raise CorpusError(
            f"{name}: expected a whole file from {base_url}; got "
            f"{type(error).__name__}: {error}. Give the same command again: files that "
            "are finished are kept."
        ) from error
    return folder

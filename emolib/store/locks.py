"""A lock between processes that its holder's death releases."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

logger = logging.getLogger(__name__)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` inside the block; wait while another process does.

    The lock belongs to the open file, so the system itself lifts it when its holder
    dies, however that happens: no lock is ever stale. The file stays behind, empty but
    for its last holder's process id, which is there for people to read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as stream:
        _acquire(stream)
        try:
            stream.truncate(0)
            stream.write(str(os.getpid()))
            stream.flush()
            yield
        finally:
            _release(stream)


if os.name == "nt":
    import msvcrt

    def _acquire(stream) -> None:
        """Take the lock, trying again while another process holds it."""
        while True:
            try:
                stream.seek(_FAR)
                return msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(0.1)

    def _release(stream) -> None:
        """Give the lock back."""
        stream.seek(_FAR)
        msvcrt.locking(stream.fileno(), msvcrt.LK_UNLCK, 1)

    _FAR = 1 << 20  # a byte beyond the text, which stays readable

else:
    import fcntl

    def _acquire(stream) -> None:
        """Take the lock, waiting while another process holds it."""
        while True:
            try:
                return fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            except OSError as error:  # some network folders know no locks
                return logger.info("no lock on %s: %s", stream.name, error)

    def _release(stream) -> None:
        """Give the lock back."""
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_UN)

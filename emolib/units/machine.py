"""What a process may use of its machine, and what it used."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "BLIS_NUM_THREADS",
)  # fmt: skip


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one BLAS, OpenMP and torch thread inside the block.

    Libraries that are loaded are told so; those that are loaded inside the block read
    the environment. Sums are then added in the same order whatever the number of cores.
    """
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    torch = sys.modules.get("torch")
    n_threads = torch.get_num_threads() if torch else None
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        with threadpool_limits(limits=1):
            if torch:
                torch.set_num_threads(1)
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        if torch:
            torch.set_num_threads(n_threads)


def local_devices(device: str) -> list[str]:
    """Return the devices that workers take in turn: with 'auto', every GPU there is."""
    if device == "cpu":
        return ["cpu"]
    from emolib.training.devices import resolve_device

    first = str(resolve_device(device))
    torch = sys.modules["torch"]
    if device == "auto" and first != "cpu":
        return [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    return [first]


def kind_of(device: str) -> str:
    """Return 'cpu', or the model name of a GPU: what results are kept apart by."""
    if device == "cpu":
        return "cpu"
    from emolib.training.devices import device_kind

    return device_kind(device)


class PeakMemory:
    """The peak memory of this process and of its GPU, from now on, in bytes.

    Where the system cannot forget an earlier peak, it is that of the whole process.
    """

    def __init__(self, device: str):
        self._device = device
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", "ascii")
        torch = self._torch()
        if torch:
            torch.cuda.reset_peak_memory_stats(device)

    def read(self) -> dict[str, int]:
        """Return the peaks as facts for a manifest."""
        torch = self._torch()
        on_device = torch.cuda.max_memory_allocated(self._device) if torch else 0
        return {"peak_bytes": _peak_bytes(), "peak_device_bytes": on_device}

    def _torch(self):
        """Return torch when it is loaded and computes on a GPU."""
        return sys.modules.get("torch") if self._device != "cpu" else None


def _peak_bytes() -> int:
    """Return this process's peak resident memory."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    with suppress(ImportError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return 0

"""One store, and one finished tiny grid of each paper, for all tests of the papers."""

import functools
import os

import pytest
import torch

from emolib.models.blocks import ByteDropout

from .worlds import WORLDS


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Return the folder of surrogates and store; workers of one test run share it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOLIB_CACHE", str(folder / "papers_cache"))
        yield folder / "papers_cache"


@pytest.fixture(autouse=True)
def in_cache(cache, monkeypatch):
    """Let surrogates and store lie in the folder that all of these tests share."""
    monkeypatch.setenv("EMOLIB_CACHE", str(cache))


@pytest.fixture(scope="module")
def stem(request):
    """Return the paper whose folder the test lies in, unless the test names one."""
    return request.path.parent.name


@pytest.fixture(scope="session")
def finished(cache):
    """Return a function: stem -> the study of its tiny grid, computed once."""
    return functools.cache(lambda stem: WORLDS[stem].room.run(WORLDS[stem].settings))


@pytest.fixture(scope="module")
def settings(stem):
    return WORLDS[stem].settings


@pytest.fixture(scope="module")
def study(stem, finished):
    return finished(stem)


@pytest.fixture
def comparable(monkeypatch):
    """Drop nothing, and convolve in float32 proper: a GPU rounds to 10 bits else."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    for kind in (torch.nn.Dropout, ByteDropout):
        monkeypatch.setattr(kind, "forward", lambda self, x: x)

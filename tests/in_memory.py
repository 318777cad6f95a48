"""A context without a store: windows as given, stages kept in a dictionary."""

import json
from collections import UserDict
from dataclasses import dataclass, field, replace
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from emolib.study import Study
from emolib.training.devices import one_thread


@dataclass
class Context:
    """What a system's run asks for, over windows that a test has tampered with."""

    windows: object
    data: dict
    device: str = "cpu"
    stages: dict = field(default_factory=dict)

    def stage(self, function, **settings):
        told = json.dumps(settings, sort_keys=True)
        name = f"{function.__name__} {function.__module__} {told}"
        if name not in self.stages:
            outcome = function(self, **settings)
            self.stages[name] = SimpleNamespace(
                tables=outcome.all_tables(), arrays=outcome.arrays, state=outcome.state
            )
        return self.stages[name]


class Watched(UserDict):
    """A unit's settings, which remember what was not read of them."""

    def __init__(self, values):
        super().__init__(values)
        self.unread = set(values)

    def __getitem__(self, name):
        self.unread.discard(name)
        return super().__getitem__(name)


def run_unit(unit, context):
    """Return a unit's outcome, computed here and now from settings all of which count.

    A setting that is in a unit's key but never read would train it again for nothing.
    """
    settings = Watched(unit.settings)
    module = import_module(unit.system_module)
    with one_thread():
        outcome = module.run(settings, replace(context, data=unit.data))
    assert not settings.unread, f"{unit.system} does not read {settings.unread}"
    return outcome


def study_of(paper, settings, units, run, lost=(), **sources):
    """Return a study whose units are computed here and now; those lost have failed."""
    finished = [(u, SimpleNamespace(tables=run(u).all_tables())) for u in units]
    failures = [(unit, "it stopped") for unit in lost]
    return Study(settings, finished, failures, sources, paper)


def without_signals(windows, rows):
    """Return the windows with every signal of the given rows overwritten by NaN."""
    x = {name: np.array(values) for name, values in windows.x.items()}
    for values in x.values():
        values[rows] = np.nan
    return replace(windows, x=x)


class DrawnOnCpu(TorchFunctionMode):
    """Replace each generator by its twin on the CPU, with the same seed."""

    def __init__(self):
        super().__init__()
        self.twins = {}

    def twin(self, generator):
        if id(generator) not in self.twins:
            copy = torch.Generator().manual_seed(generator.initial_seed())
            self.twins[id(generator)] = generator, copy  # kept, so that ids stay
        return self.twins[id(generator)][1]

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.rand_like:  # dropout of attention: nothing is dropped
            return torch.ones_like(*args)
        if kwargs.get("generator") is None:
            return func(*args, **kwargs)
        device = kwargs["generator"].device
        twin = self.twin(kwargs["generator"])
        return func(*args, **{**kwargs, "generator": twin, "device": "cpu"}).to(device)

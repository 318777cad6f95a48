"""One epoch after another: steps, validation, and the best state."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from emolib.training.parts import train_unfrozen
from emolib.training.seeding import derive_seed
from emolib.training.tensors import n_rows, rows_of, slice_of


@dataclass
class Loop:
    """The running state of one fit.

    Parameters
    ----------
    model, step, monitor, schedule, device
        As given to `fit`.
    plan : Plan
    learning : list of Parameter
    groups : list of list of Parameter
        Weights whose gradients are cut together.
    """

    model: torch.nn.Module
    step: Callable
    plan: object
    learning: list
    groups: list
    monitor: Callable | None
    schedule: Callable | None
    device: torch.device

    def __post_init__(self):
        plan = self.plan
        make = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[plan.optimizer]
        self.optimizer = make(
            self.learning, lr=plan.lr, betas=plan.betas, fused=True,
            weight_decay=plan.weight_decay,
        )  # fmt: skip
        self.order = torch.Generator().manual_seed(derive_seed(plan.seed, "order"))
        self.generator = self._drawing("step")
        self.epoch = self.best_epoch = 0
        self.best_value, self.best_state = math.inf, None
        self.history: list[dict] = []

    @property
    def stop_reason(self) -> str:
        """Why no further epoch is run; empty while there are some."""
        patience = self.plan.patience
        if patience is not None and self.epoch - self.best_epoch >= patience:
            return "patience"
        return "max_epochs" if self.epoch >= self.plan.max_epochs else ""

    def run_epoch(self, tensors: dict, held_out: dict | None) -> None:
        """Train on all batches once, then validate and keep the best state."""
        factor = self.schedule(self.epoch) if self.schedule else 1.0
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.lr * factor
        self.epoch += 1
        train_unfrozen(self.model)
        self._note("train", self._train(tensors))
        if held_out is None:
            self.best_epoch = self.epoch
            return
        self.model.eval()
        with torch.no_grad():
            terms = self._validate(held_out)
            if isinstance(self.monitor, str):
                terms["monitor"] = terms[self.monitor]
            elif self.monitor is not None:
                terms["monitor"] = float(self.monitor(self.model, held_out))
        self._note("val", terms)
        value = terms.get("monitor", terms["total"])
        if value < self.best_value:
            self.best_value, self.best_epoch = value, self.epoch
            state = self.model.state_dict()
            self.best_state = {name: w.detach().clone() for name, w in state.items()}

    def _train(self, tensors: dict) -> dict[str, float]:
        order = torch.randperm(n_rows(tensors), generator=self.order).to(self.device)
        sums, n = {}, 0
        for index in self._batches(order):
            self.optimizer.zero_grad(set_to_none=True)
            for piece in index.chunk(self.plan.n_micro):
                terms = self._losses(rows_of(tensors, piece), self.generator)
                (terms["total"] * (len(piece) / len(index))).backward()
                _add(sums, terms, len(piece))
                n += len(piece)
            for weights in self.groups if self.plan.max_norm is not None else ():
                torch.nn.utils.clip_grad_norm_(weights, self.plan.max_norm)
            self.optimizer.step()
        return _means(sums, n)

    def _batches(self, order) -> Iterator[torch.Tensor]:
        """Yield the rows of each batch; the last, short one only where it may."""
        size = self.plan.batch_size
        for index in order.split(size):
            if len(index) == size or not self.plan.drop_last or len(order) < size:
                yield index

    def _validate(self, held_out: dict) -> dict[str, float]:
        """Return the mean terms; what a step draws is the same in every epoch."""
        generator, sums = self._drawing("validation"), {}
        size = -(-self.plan.batch_size // self.plan.n_micro)
        for start in range(0, n_rows(held_out), size):
            batch = slice_of(held_out, start, start + size)
            _add(sums, self._losses(batch, generator), n_rows(batch))
        return _means(sums, n_rows(held_out))

    def _drawing(self, purpose: str) -> torch.Generator:
        """Return a generator on the device; purposes share no random numbers."""
        seed = derive_seed(self.plan.seed, purpose)
        return torch.Generator(self.device).manual_seed(seed)

    def _losses(self, batch: dict, generator) -> dict:
        """Return the terms of one step, all scalar and "total" among them."""
        terms = self.step(self.model, batch, generator)
        shapes = {name: tuple(term.shape) for name, term in terms.items()}
        if "total" not in shapes or any(shapes.values()):
            raise ValueError(
                f"step must return scalars, one of them named 'total'; got {shapes}. "
                "Take means."
            )
        return terms

    def _note(self, split: str, terms: dict[str, float]) -> None:
        """Add a row to the history, or stop at a number that is none."""
        for name, value in terms.items():
            if not math.isfinite(value):
                raise FloatingPointError(
                    f"every loss must be finite; got {name} = {value} on {split} in "
                    f"epoch {self.epoch}. Lower lr (now {self.plan.lr:g}), or look for "
                    "NaN in the data."
                )
        self.history.append({"epoch": self.epoch, "split": split, **terms})

    def restore_best(self) -> None:
        """Give the model the state of its best epoch."""
        if self.best_state is not None:
            self.model.load_state_dict(self.best_state)


def _add(sums: dict, terms: dict, n: int) -> None:
    """Add terms of `n` rows to sums that stay on the device."""
    for name, term in terms.items():
        sums[name] = sums.get(name, 0) + term.detach().double() * n


def _means(sums: dict, n: int) -> dict[str, float]:
    """Return the mean over rows of each term, read from the device once."""
    values = torch.stack(list(sums.values())).tolist()
    return {name: value / n for name, value in zip(sums, values, strict=True)}


@contextmanager
def memory_named(plan) -> Iterator[None]:
    """Say which setting to lower when the GPU runs out of memory."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise torch.OutOfMemoryError(
            "a batch must fit into the GPU's memory; got batch_size="
            f"{plan.batch_size}, n_micro={plan.n_micro}. Lower batch_size, or raise "
            "n_micro where the loss is a mean over windows."
        ) from error

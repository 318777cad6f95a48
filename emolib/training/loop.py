"""One epoch after another: steps, validation, the best state, what resuming needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import contextmanager

from emolib.training.parts import Parts
from emolib.training.seeding import derive_seed
from emolib.training.tensors import n_rows, rows_of, slice_of


class Loop:
    """The running state of one fit.

    Parameters
    ----------
    model, step, monitor, schedule, device
        As given to `fit`.
    plan : Plan
        The checked numbers of the fit.
    parts : Parts
        Which weights learn.
    clipped : list of list of Parameter
        Weights whose gradients are cut together.
    """

    def __init__(
        self, model, step: Callable, plan, parts: Parts, monitor, schedule, device,
        clipped: list,
    ):  # fmt: skip
        import torch

        self.model, self.step, self.plan, self.parts = model, step, plan, parts
        self.monitor, self.schedule, self.device = monitor, schedule, device
        self.clipped = clipped
        make = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}[plan.optimizer]
        self.optimizer = make(
            parts.parameters, lr=plan.lr, betas=plan.betas,
            weight_decay=plan.weight_decay, fused=device.type in ("cpu", "cuda"),
        )  # fmt: skip
        self.order = torch.Generator().manual_seed(derive_seed(plan.seed, "order"))
        self.generator = self._drawing("step")
        self.epoch = 0
        self.best_epoch = 0
        self.best_value = math.inf
        self.best_state: dict | None = None
        self.history: list[dict] = []

    @property
    def stop_reason(self) -> str:
        """Why no further epoch is run; empty while there are some."""
        patience = self.plan.patience
        if patience is not None and self.epoch - self.best_epoch >= patience:
            return "patience"
        return "max_epochs" if self.epoch >= self.plan.max_epochs else ""

    @property
    def finished(self) -> bool:
        """Whether the fit has come to its end."""
        return bool(self.stop_reason)

    @property
    def headline(self) -> str:
        """The last epoch's totals, for the progress line."""
        last = [row for row in self.history if row["epoch"] == self.epoch]
        return ", ".join(f"{row['split']} {row['total']:.3f}" for row in last)

    def run_epoch(self, tensors: dict, held_out: dict | None) -> None:
        """Train on all batches once, then validate and keep the best state."""
        import torch

        factor = self.schedule(self.epoch) if self.schedule else 1.0
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.lr * factor
        self.epoch += 1
        self.parts.train()
        self._note("train", self._train(tensors))
        if held_out is None:
            self.best_epoch = self.epoch
            return
        self.parts.eval()
        terms = self._validate(held_out)
        if self.monitor is not None:
            with torch.no_grad():
                terms["monitor"] = float(self.monitor(self.model, held_out))
        self._note("val", terms)
        self._keep_best(terms.get("monitor", terms["total"]))

    def _train(self, tensors: dict) -> dict[str, float]:
        import torch

        n = n_rows(tensors)
        order = torch.randperm(n, generator=self.order).to(self.device)
        sums = _Sums()
        for index in self._batches(order):
            self.optimizer.zero_grad(set_to_none=True)
            with _memory_named(self.plan):
                for piece in index.chunk(self.plan.n_micro):
                    terms = self._losses(rows_of(tensors, piece), self.generator)
                    (terms["total"] * (len(piece) / len(index))).backward()
                    sums.add(terms, len(piece))
                for weights in self.clipped:
                    torch.nn.utils.clip_grad_norm_(weights, self.plan.max_norm)
                self.optimizer.step()
        return sums.means()

    def _drawing(self, purpose: str):
        """Return a generator on the device; purposes share no random numbers."""
        import torch

        seed = derive_seed(self.plan.seed, purpose)
        return torch.Generator(self.device).manual_seed(seed)

    def _batches(self, order):
        """Yield the rows of each batch; the last, short one only where it may."""
        size = self.plan.batch_size
        for index in order.split(size):
            if len(index) == size or not self.plan.drop_last or len(order) < size:
                yield index

    def _validate(self, held_out: dict) -> dict[str, float]:
        """Return the mean terms; what a step draws is the same in every epoch."""
        import torch

        generator = self._drawing("validation")
        sums = _Sums()
        size = -(-self.plan.batch_size // self.plan.n_micro)
        with torch.no_grad(), _memory_named(self.plan):
            for start in range(0, n_rows(held_out), size):
                batch = slice_of(held_out, start, start + size)
                sums.add(self._losses(batch, generator), n_rows(batch))
        return sums.means()

    def _losses(self, batch: dict, generator) -> dict:
        """Return the terms of one step, all scalar and "total" among them."""
        import torch

        with torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.plan.bf16
        ):
            terms = self.step(self.model, batch, generator)
        if "total" not in terms:
            raise ValueError(
                f"step must return a loss named 'total'; got {sorted(terms)}."
            )
        for name, term in terms.items():
            if term.ndim:
                raise ValueError(
                    f"step must return scalars; got {name} of shape "
                    f"{tuple(term.shape)}. Take its mean."
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

    def _keep_best(self, value: float) -> None:
        if value < self.best_value:
            self.best_value, self.best_epoch = value, self.epoch
            self.best_state = _copied(self.model.state_dict())

    def restore_best(self) -> None:
        """Give the model the state of its best epoch."""
        if self.best_state is not None:
            self.model.load_state_dict(self.best_state)

    def state(self) -> dict:
        """Return all that resuming needs, as tensors, numbers and text."""
        import torch

        on_cuda = self.device.type == "cuda"
        return {
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "best_value": self.best_value,
            "best_state": self.best_state,
            "history": self.history,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "order": self.order.get_state(),
            "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state(self.device) if on_cuda else None,
        }

    def resume(self, state: dict | None) -> None:
        """Take up a state of `state`; None changes nothing."""
        import torch

        if state is None:
            return
        for name in ("epoch", "best_epoch", "best_value", "best_state", "history"):
            setattr(self, name, state[name])
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.order.set_state(state["order"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["torch"])
        if state["cuda"] is not None:
            torch.cuda.set_rng_state(state["cuda"], self.device)


def _copied(state: dict) -> dict:
    return {name: tensor.detach().clone() for name, tensor in state.items()}


class _Sums:
    """Sums of named terms, kept on the device and read once an epoch."""

    def __init__(self):
        self.sums: dict = {}
        self.n = 0

    def add(self, terms: dict, n: int) -> None:
        for name, term in terms.items():
            weighted = term.detach().double() * n
            self.sums[name] = self.sums.get(name, 0) + weighted
        self.n += n

    def means(self) -> dict[str, float]:
        import torch

        values = torch.stack(list(self.sums.values())).tolist()
        return {
            name: value / self.n for name, value in zip(self.sums, values, strict=True)
        }


@contextmanager
def _memory_named(plan):
    """Say which setting to lower when the GPU runs out of memory."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        raise torch.OutOfMemoryError(
            "a batch must fit into the GPU's memory; got batch_size="
            f"{plan.batch_size}, n_micro={plan.n_micro}. Lower batch_size, or raise "
            "n_micro where the loss is a mean over windows."
        ) from error

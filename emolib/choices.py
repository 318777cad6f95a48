"""What the settings of every recipe can do: be built, checked, varied and written down.

A recipe's `Settings` is a frozen dataclass that inherits from `GridSettings` and names
its `Method`, its presets and its variants; the rest stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import ClassVar

from emolib.checks import build, check_keys


class GridSettings:
    """The grid of one run: what a notebook's parameters cell holds.

    A subclass is a frozen dataclass with the fields ``systems`` (a list) and
    ``overrides`` (a dictionary), and with these class variables.

    Parameters
    ----------
    METHOD : type
        The dataclass of one way to train.
    PRESETS, VARIANTS : mapping of name to mapping
        Differences from the defaults of `METHOD`.
    """

    METHOD: ClassVar[type]
    PRESETS: ClassVar[Mapping[str, Mapping]]
    VARIANTS: ClassVar[Mapping[str, Mapping]]

    @classmethod
    def from_parameters(cls, parameters: Mapping):
        """Build settings from a notebook's parameters, whatever their types.

        What a notebook has no parameter for, its `overrides` may hold: a field of the
        method, or one of these settings.
        """
        overrides = parameters.get("overrides", {})
        if not isinstance(overrides, Mapping):  # the typed door says what is wrong
            return build(cls, parameters)
        deeper = {k: v for k, v in overrides.items() if k in field_names(cls)}
        return build(cls, {**parameters, **deeper})

    of = from_parameters  # as in `emolib.settings`

    def method(self, preset: str, variant: str = "ours", **change):
        """Return the method of one preset and variant, with overrides applied."""
        names = field_names(self.METHOD)
        changed = {k: v for k, v in self.overrides.items() if k in names}
        merged = {**self.PRESETS[preset], **changed, **self.VARIANTS[variant], **change}
        return build(self.METHOD, merged)

    def check_overrides(self) -> None:
        """Raise ValueError unless every override is known and the method can be built.

        Called at the end of a subclass's ``__post_init__``.
        """
        known = [*field_names(self.METHOD), *field_names(type(self))]
        check_keys("key of overrides", self.overrides, known)
        self.method("ours")

    def check_filled(self, *names: str) -> None:
        """Raise ValueError unless each of these lists holds a value or more."""
        for name in names:
            if not getattr(self, name):
                raise ValueError(
                    f"{name} must hold one value or more; got none. Leave it out for "
                    "the notebook's own."
                )

    def need(self, *systems: str) -> None:
        """Raise ValueError unless a notebook's systems hold those it shows."""
        missing = [name for name in systems if name not in self.systems]
        if missing:
            raise ValueError(
                f"systems must include {', '.join(systems)}, which this notebook "
                f"shows; got {self.systems}. To train others alone: emolib units "
                "NOTEBOOK --config CONFIG, which draws no page."
            )

    def as_dict(self) -> dict:
        """Return plain values, as they stand in ``run.json``."""
        return asdict(self)

    def change(self, **values):
        """Return a copy with some values changed."""
        return replace(self, **values)


def field_names(settings_class: type) -> list[str]:
    """Return the names of the fields of a dataclass."""
    return [f.name for f in fields(settings_class)]

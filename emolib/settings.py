"""The typed door: what a notebook's cell, a config file or a command line may set.

Settings are pydantic models: an unknown name, a wrong type or a choice that is none
ends in one error that says what must hold, what came and what to do. A paper's
`Settings` inherit from `GridSettings`, its ways to train from `Typed`.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from re import MULTILINE, findall, search
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from emolib.checks import check_keys, check_range, unknown

PLAIN = (str, bool, int, float, list, tuple, dict, type(None))


def _no_bool(value):
    """Return a value unless it is True or False, which pydantic takes for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("a number")
    return value


Whole = Annotated[int, BeforeValidator(_no_bool)]
Number = Annotated[float, BeforeValidator(_no_bool)]
Positive = Annotated[Number, Field(gt=0)]
NotNegative = Annotated[Number, Field(ge=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[Whole, Field(ge=1)]


class Typed(BaseModel):
    """Named values that are checked once, when they are made, and never change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, validate_default=True
    )

    @classmethod
    def of(cls, given: Mapping) -> Self:
        """Return settings of untyped values, a notebook's ``globals()`` among them.

        Text that spells a number counts as one, because YAML reads ``6e-4`` as text.

        Raises
        ------
        ValueError
            For an unknown name, naming the nearest known one, and for a value of the
            wrong type, range or spelling.
        """
        try:
            return cls.model_validate(_parameters(given, cls.model_fields))
        except ValidationError as error:
            words = _words(error.errors()[0], list(cls.model_fields))
            raise ValueError(words) from None

    def change(self, **values) -> Self:
        """Return a copy with some values changed, checked as a whole."""
        return type(self).of({**self.as_dict(), **values})

    def as_dict(self) -> dict:
        """Return plain values, as they stand in ``run.json`` and in keys."""
        return self.model_dump()


class GridSettings(Typed):
    """The grid of one run: what a notebook's parameters cell holds.

    A paper's settings add fields of their own, and name in class variables the model of
    one way to train (`METHOD`) and the differences from it: `PRESETS`.
    """

    METHOD: ClassVar[type[Typed]]
    PRESETS: ClassVar[Mapping[str, Mapping]]

    systems: list[str] = Field(min_length=1)
    overrides: dict = {}
    device: str = "auto"
    n_workers: Count = 1
    run_name: str = ""

    @classmethod
    def of(cls, given: Mapping) -> Self:
        """Return settings; `overrides` may hold any of them that is no parameter."""
        overrides = given.get("overrides", {})
        inner = overrides if isinstance(overrides, Mapping) else {}
        deeper = {k: v for k, v in inner.items() if k in cls.model_fields}
        return super().of({**given, **deeper})

    def method(self, preset: str, variant: Mapping | None = None, **change) -> Typed:
        """Return one way to train: a preset, the overrides, then a row's own change."""
        known = self.METHOD.model_fields
        changed = {k: v for k, v in self.overrides.items() if k in known}
        preset = self.PRESETS[preset]
        return self.METHOD.of({**preset, **changed, **(variant or {}), **change})

    def model_post_init(self, _) -> None:
        """Refuse overrides of neither settings nor method, and what is no seed."""
        known = {*self.METHOD.model_fields, *type(self).model_fields}
        check_keys("key of overrides", self.overrides, sorted(known))
        self.method(next(iter(self.PRESETS)))
        for seed in getattr(self, "seeds", ()):
            check_range("seeds", seed, 0, 2**32 - 1)


def _parameters(given: Mapping, known: Mapping) -> dict:
    """Return the parameters among a mapping's values, or a notebook's.

    A notebook's are the known names and what else was set before it made its settings
    first: later names are its own, so that its cells can be run again.
    """
    if "__name__" not in given:
        return dict(given)
    cells = list(given.get("In", []))
    made = [i for i, cell in enumerate(cells) if "of(globals())" in cell]
    early = "\n".join(cells[: made[0] + 1] if made else cells)
    return {
        name: value
        for name, value in given.items()
        if name in known
        or (isinstance(value, PLAIN) and name.islower() and name[0] != "_")
        and (not cells or search(rf"^{name}\b", early, MULTILINE))
    }


def _words(error: Mapping, known: list[str]) -> str:
    """Return the first thing that pydantic found wrong, in the words of the house."""
    first, *rest = error["loc"] or ("settings",)
    name = f"{first}{''.join(f'[{inner}]' for inner in rest)}"
    kind, came = error["type"], error["input"]
    if kind == "extra_forbidden":
        return unknown("parameter", first, known)
    if kind == "value_error" and str(error["ctx"]["error"]) != "a number":
        return str(error["ctx"]["error"])
    if kind == "literal_error":
        options = error["ctx"]["expected"]
        near = get_close_matches(str(came), findall(r"'([^']*)'", options), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"{name} must be one of {options}; got {came!r}.{hint}"
    if kind == "list_type":
        return f"{name} must be a list; got {came!r}. Write {name}: [{came}]."
    if kind == "too_short":
        return f"{name} must hold one value or more; got none. Leave it out instead."
    must = error["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{name} must be {must}; got {came!r}. Change it in the parameters."

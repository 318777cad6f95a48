"""What run.json keeps of corpora, failed units, seeds and code."""

from __future__ import annotations

from collections.abc import Mapping

from emolib.reporting.parameters import recipe_of
from emolib.reporting.places import notebook_stems, project_root
from emolib.reporting.provenance import code_digest


def corpus_record(item) -> dict:
    """Return a corpus without its path."""
    get = (
        item.get if isinstance(item, Mapping) else lambda k, d=None: getattr(item, k, d)
    )
    return {
        "name": get("name"), "source": get("source"), "digest": get("digest") or "",
        "parameters": _values(get("parameters")),
    }  # fmt: skip


def _values(parameters) -> dict:
    """Return a surrogate's parameters as plain values."""
    return dict(parameters or {})


def failure_record(item) -> dict:
    """Return a failed unit's labels and its reason."""
    if isinstance(item, Mapping):
        return dict(item)
    unit, reason = item
    return {
        "system": getattr(unit, "system", str(unit)),
        **getattr(unit, "labels", {}), "reason": str(reason),
    }  # fmt: skip


def seeds_of(results) -> list:
    """Return the seeds of the results."""
    if "seed" not in results.columns:
        return []
    return sorted(results["seed"].dropna().unique().tolist(), key=str)


def code_of(stem: str) -> str:
    """Return the digest of the code behind a notebook's report."""
    if stem not in notebook_stems():
        return code_digest(None)
    path = project_root() / "notebooks" / f"{stem}.ipynb"
    return code_digest(recipe_of(path), path)

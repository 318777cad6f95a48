"""The ledger: every number a paper reports, beside ours over all finished runs."""

from __future__ import annotations

from emolib.reporting.places import relative
from emolib.reporting.runs import finished_runs
from emolib.reporting.tables import COMPARED, compare_table


def ledger(stem: str, *, reported=None):
    """Return every reported number of a paper with ours and a verdict.

    Parameters
    ----------
    stem : str
        The paper's, for example ``"ecg_eeg"``.
    reported : DataFrame
        The paper's numbers; read from its reported.csv when not given.

    Returns
    -------
    ledger : DataFrame
        The columns of `compare_table`, `run` (folder) and `verdict`: ``inside`` when
        the paper's number lies in our 95 % interval, ``outside``, ``not comparable:
        surrogate``, ``not comparable: open data``, or ``not run``.
    """
    import pandas as pd

    if reported is None:
        from emolib.reporting.printed import load_reported

        reported = load_reported(stem)
    tables = [
        _of_run(folder, run, stem, reported) for folder, run in finished_runs().items()
    ]
    printed = compare_table(_no_results(), reported, show="all").assign(run="")
    found = pd.concat([t for t in tables if len(t)] or [printed.iloc[:0]])
    cell = ["item", "dataset", "target", "method", "variant", "condition", "metric"]
    done = set(found[cell].astype(str).itertuples(index=False, name=None))
    rest = [
        key not in done for key in printed[cell].astype(str).itertuples(False, None)
    ]
    whole = pd.concat([f for f in (found, printed[rest]) if len(f)], ignore_index=True)
    whole["verdict"] = [_verdict(row) for row in whole.to_dict("records")]
    return whole[[*COMPARED, "run", "verdict"]]


def _of_run(folder, run: dict, stem: str, reported):
    """Return what one run says on a paper's numbers."""
    import pandas as pd

    results = pd.read_csv(folder / "results.csv")
    if "paper" not in results.columns:
        return results.iloc[:0]
    results = results[results["paper"] == stem]
    if results.empty:
        return results
    failures = run.get("failures", [])
    return compare_table(results, reported, failures=failures).assign(
        run=relative(folder)
    )


def _no_results():
    """Return an empty frame of results."""
    import pandas as pd

    from emolib.containers import RESULT_COLUMNS

    return pd.DataFrame(columns=list(RESULT_COLUMNS))


def _verdict(row: dict) -> str:
    """Return the verdict on one number."""
    if not isinstance(row["source"], str) or not row["source"]:
        return "not run"
    if row["source"] != "licensed":
        kind = "open data" if row["source"] == "open" else "surrogate"
        return f"not comparable: {kind}"
    numbers = [row["paper"], row["low"], row["high"]]
    if any(n is None or n != n for n in numbers):
        return "not comparable: a number is missing"
    return "inside" if row["low"] <= row["paper"] <= row["high"] else "outside"

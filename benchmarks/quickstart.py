"""Time the training of `shortlist quickstart --data ml-1m` and report its quality."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.compare import compare
from benchmarks.side import Outcome, Side
from benchmarks.table import Row, at_least, at_most

_EPOCHS = 10  # default of the command
_MOST_SECONDS = 180
_EASE = {"recall_at_10": 0.115, "recall_at_100": 0.484}
"""Closed-form reference under the same protocol: random 80/20, seed 42, training items excluded."""


def rows(quick: bool) -> Iterator[Row]:
    """Run the quickstart once; skipped in a quick run."""
    if quick:
        return
    side = Side("ours", "quickstart_ours", {"size": "1m", "epochs": _EPOCHS})
    (outcome,) = compare([side], repeats=1, num_warm_ups=0)
    result = outcome.result or dict.fromkeys(("seconds", *_EASE), float("nan"))
    training = _training_alone(outcome, result["seconds"])
    what = f"MovieLens 1M, {_EPOCHS} epochs"
    yield Row(f"{what}: time", training, target=at_most(_MOST_SECONDS, result["seconds"], "s"))
    for name, bound in _EASE.items():
        yield Row(f"{what}: {name}", training, target=at_least(bound, result[name], "as EASE"))


def _training_alone(outcome: Outcome, seconds: float) -> Outcome:
    """Return the outcome without the time of the evaluation that follows."""
    return outcome if outcome.trouble else replace(outcome, times_ms=[1000 * seconds])

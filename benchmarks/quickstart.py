"""The training part of `shortlist quickstart --data ml-1m`, once: minutes, and what they bought."""

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.compare import compare
from benchmarks.side import Outcome, Side
from benchmarks.table import Row, at_least, at_most

_EPOCHS = 10  # the command's default
_MOST_SECONDS = 180
_EASE = {"recall_at_10": 0.115, "recall_at_100": 0.484}
"""The closed form that is the bar, by the same protocol: random 80/20, seed 42, training items left out."""


def rows(quick: bool) -> Iterator[Row]:
    """Not measured in a quick run."""
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
    """The outcome without the time of evaluation, which comes after."""
    return outcome if outcome.trouble else replace(outcome, times_ms=[1000 * seconds])

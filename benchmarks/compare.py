"""Runs the sides of one comparison in turn, so that a busy moment is busy for all of them."""

import contextlib
import time

from benchmarks.process import started
from benchmarks.side import Outcome, Side

_PAUSE = 0.25
"""Seconds. The threads of OpenBLAS and OpenMP look for more work for up to 0.2 s after a call, and hold cores
that the next side needs."""


def compare(sides: list[Side], *, repeats: int, calls: int = 1, num_warm_ups: int = 2) -> list[Outcome]:
    """Measure sides round by round.

    Args:
        sides: Who takes part.
        repeats: Rounds, each of which times every side once.
        calls: How many steps one timed call makes; times are given per step.
        num_warm_ups: Calls before the first round that are not timed.

    Returns:
        An outcome a side, in order.
    """
    with contextlib.ExitStack() as stack:
        runners = [stack.enter_context(started(side, num_warm_ups)) for side in sides]
        for _ in range(repeats):
            for runner in runners:
                time.sleep(_PAUSE)
                runner.time_once()
        return [runner.outcome(calls) for runner in runners]

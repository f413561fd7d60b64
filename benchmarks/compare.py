"""Run the sides of a comparison in turn, so that disturbances hit all of them."""

import contextlib
import time

from benchmarks.process import started
from benchmarks.side import Outcome, Side

_PAUSE = 0.25
"""Seconds. Idle threads of OpenBLAS and OpenMP spin for up to 0.2 s after a call and occupy the cores of
the next side."""


def compare(sides: list[Side], *, repeats: int, calls: int = 1, num_warm_ups: int = 2) -> list[Outcome]:
    """Measure sides round by round.

    Args:
        sides: Programs to compare.
        repeats: Number of rounds; each times every side once.
        calls: Steps per timed call; times are given per step.
        num_warm_ups: Untimed calls before the first round.

    Returns:
        One outcome per side, in order.
    """
    with contextlib.ExitStack() as stack:
        runners = [stack.enter_context(started(side, num_warm_ups)) for side in sides]
        for _ in range(repeats):
            for runner in runners:
                time.sleep(_PAUSE)
                runner.time_once()
        return [runner.outcome(calls) for runner in runners]

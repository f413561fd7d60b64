"""A test that takes too long fails, unless it is marked slow."""

import pytest

import conftest


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Wall-clock and CPU seconds, which tests advance."""
    shown = [100.0, 10.0]
    monkeypatch.setattr(conftest, "seconds", lambda: tuple(shown))
    monkeypatch.setattr(conftest, "slowness", lambda: 1.0)
    monkeypatch.setattr(conftest, "BACKEND_FACTOR", {})
    return shown


def run(item: object, clocks: list[float], *, clock: float, processors: float) -> None:
    timing = conftest.limited(item)
    next(timing)
    clocks[:] = [clocks[0] + clock, clocks[1] + processors]
    with pytest.raises(StopIteration):
        timing.send(None)


def test_a_slow_test_fails(request: pytest.FixtureRequest, clocks: list[float]) -> None:
    with pytest.raises(pytest.fail.Exception, match="21 s, over the limit of 20 s"):
        run(request.node, clocks, clock=25, processors=21)


@pytest.mark.parametrize(("clock", "processors"), [(90, 19), (19, 90)])
def test_waiting_and_threads_do_not_count(
    request: pytest.FixtureRequest, clocks: list[float], clock: float, processors: float
) -> None:
    run(request.node, clocks, clock=clock, processors=processors)


def test_a_test_marked_slow_passes(request: pytest.FixtureRequest, clocks: list[float]) -> None:
    request.node.add_marker("slow")
    run(request.node, clocks, clock=90, processors=90)


def test_the_limit_grows_on_a_slow_machine(
    request: pytest.FixtureRequest, clocks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "slowness", lambda: 2.0)
    run(request.node, clocks, clock=39, processors=39)
    with pytest.raises(pytest.fail.Exception, match="41 s, over the limit of 40 s"):
        run(request.node, clocks, clock=41, processors=41)

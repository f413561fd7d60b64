"""The tables say what was measured, and whether it is enough."""

import pytest
from benchmarks.side import Outcome
from benchmarks.table import Row, at_least, at_most, ceiling_percent, markdown, times_faster

NOT_A_NUMBER = float("nan")


def cells(row: Row) -> dict[str, str]:
    """The row as a reader finds it, by the heads of the columns."""
    _, _, heads, _, line = markdown("a stage", [row]).splitlines()
    split = [[cell.strip() for cell in text.strip("|").split("|")] for text in (heads, line)]
    return dict(zip(*split, strict=True))


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (at_least(5, 5.0, "x"), "yes"),
        (at_least(5, 4.99, "x"), "**NO**"),
        (at_most(5, 5.0, "x"), "yes"),
        (at_most(5, 5.01, "x"), "**NO**"),
        (at_least(5, NOT_A_NUMBER, "x"), "not measured"),
        (at_most(5, NOT_A_NUMBER, "x"), "not measured"),
    ],
)
def test_a_target_is_met_missed_or_not_measured(target, met):
    assert cells(Row("work", Outcome("ours", [1.0]), target=target))["met"] == met


def test_a_row_tells_median_spread_ratio_and_share():
    ours = Outcome("ours", [20.0, 10.0, 90.0], peak_mb=300.0, extra_mb=40.0)
    peer, ceiling = Outcome("peer", [50.0]), Outcome("ceiling", [5.0])
    assert times_faster(ours, peer) == 2.5
    assert ceiling_percent(ours, ceiling) == 25.0
    told = cells(Row("work", ours, peer, ceiling, at_least(3, 2.5, "x peer")))
    assert told == {
        "what": "work",
        "ours, ms": "20.0 (10.0 to 90.0)",
        "peer": "peer",
        "peer, ms": "50.0",
        "peer / ours": "2.50",
        "share of ceiling": "25 %",
        "ours, MB": "300 (+40)",
        "peer, MB": "",
        "target": ">= 3 x peer",
        "measured": "2.5 x peer",
        "met": "**NO**",
    }


def test_the_ceiling_counts_at_its_best_and_not_when_it_was_disturbed():
    ours = Outcome("ours", [10.0])
    assert ceiling_percent(ours, Outcome("ceiling", [900.0, 6.0, 700.0])) == 60.0
    disturbed = ceiling_percent(ours, Outcome("ceiling", [900.0, 700.0]))
    assert at_least(60, disturbed, "%").is_met is None
    assert cells(Row("work", ours, ceiling=Outcome("ceiling", [900.0])))["share of ceiling"] == ""


def test_a_side_in_trouble_has_no_figures():
    trouble = Outcome("peer", [50.0], peak_mb=1.0).failed("no answer")
    told = cells(Row("work", Outcome("ours", [10.0]), trouble))
    assert (told["peer, ms"], told["peer / ours"], told["peer, MB"]) == ("failed: no answer", "", "")

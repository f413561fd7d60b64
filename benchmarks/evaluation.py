"""Compare top-k metrics over the catalog by `evaluate`, including catalog encoding and the loss."""

from collections.abc import Iterator

from benchmarks.compare import compare
from benchmarks.side import TFRS_PYTHON, Outcome, Side
from benchmarks.table import Row, at_least, ceiling_percent, times_faster

_NUM_QUERIES, _DIM, _BATCH_SIZE, _KS = 8192, 64, 4096, [1, 5, 10, 50, 100]
_TOLERANCE = 0.005  # TFRS finds the true candidate by its score, which rounding changes for some


def rows(quick: bool) -> Iterator[Row]:
    """Compare a small catalog with TFRS and keras-rs, a large one with keras-rs and the products alone."""
    yield from _small(repeats=3 if quick else 5)
    if not quick:
        yield _without_loss()
        yield from _large()


def _small(repeats: int) -> Iterator[Row]:
    num_candidates = 3706
    modules = ("evaluate_ours", "evaluate_tfrs", "evaluate_keras_rs")
    sides = [_side(module, num_candidates) for module in modules]
    ours, *peers, ceiling = compare([*sides, _ceiling(num_candidates)], repeats=repeats, num_warm_ups=1)
    tfrs, keras_rs = (if_it_agrees(ours, peer) for peer in peers)
    what = _what(num_candidates)
    yield Row(what, ours, tfrs, ceiling, at_least(50, times_faster(ours, tfrs), "x TFRS"))
    yield Row(what, ours, keras_rs, ceiling)


def _without_loss() -> Row:
    """Compare the metric alone, since the products of the loss take about as long."""
    num_candidates = 3706
    sides = [_side(module, num_candidates, has_loss=False) for module in ("evaluate_ours", "evaluate_tfrs")]
    ours, tfrs, ceiling = compare([*sides, _ceiling(num_candidates)], repeats=5, num_warm_ups=1)
    tfrs = if_it_agrees(ours, tfrs)
    target = at_least(50, times_faster(ours, tfrs), "x TFRS")
    return Row(f"{_what(num_candidates)}, without the loss", ours, tfrs, ceiling, target)


def _large() -> Iterator[Row]:
    num_candidates = 100_000
    sides = [_side(module, num_candidates) for module in ("evaluate_ours", "evaluate_keras_rs")]
    ours, keras_rs, ceiling = compare([*sides, _ceiling(num_candidates)], repeats=5, num_warm_ups=1)
    keras_rs = if_it_agrees(ours, keras_rs)
    target = at_least(60, ceiling_percent(ours, ceiling), "% of the ceiling")
    yield Row(_what(num_candidates), ours, keras_rs, ceiling, target)


def if_it_agrees(ours: Outcome, peer: Outcome) -> Outcome:
    """Return the peer, or a failed outcome if its metrics differ from ours."""
    if ours.trouble is not None or peer.trouble is not None:
        return peer
    gap = max(abs(ours.result[k] - peer.result[k]) for k in ("10", "100"))
    return peer if gap <= _TOLERANCE else peer.failed(f"its recall is {gap:.3f} from ours")


def _side(module: str, num_candidates: int, **more: bool) -> Side:
    settings = {
        "num_queries": _NUM_QUERIES,
        "num_candidates": num_candidates,
        "embedding_dim": _DIM,
        "batch_size": _BATCH_SIZE,
        "ks": _KS,
        **more,
    }
    if module == "evaluate_tfrs":
        return Side("TFRS", module, settings, python=TFRS_PYTHON)
    return Side("ours" if module == "evaluate_ours" else "keras-rs, top k, then look", module, settings)


def _ceiling(num_candidates: int) -> Side:
    """Return the side that only multiplies every query with every candidate."""
    return Side("products alone", "matmul", {"rows": _NUM_QUERIES, "inner": _DIM, "columns": num_candidates})


def _what(num_candidates: int) -> str:
    return f"{_NUM_QUERIES} queries x {num_candidates:,} candidates, dim {_DIM}, batch {_BATCH_SIZE}"

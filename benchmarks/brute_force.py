"""Compare exact top 10 of a million candidates, for one query and for a hundred."""

from collections.abc import Iterator

from benchmarks.compare import compare
from benchmarks.side import TFRS_PYTHON, Outcome, Side
from benchmarks.table import Row, at_least, at_most, ceiling_percent

_DIM, _K = 64, 10
_LEAST_OVERLAP = 0.99  # rounding may swap candidates of nearly equal scores
_FAISS = "faiss flat"
_MOST = ((1, 0.8), (100, 0.25))
"""(number of queries, target fraction of the time of faiss)"""


def rows(quick: bool) -> Iterator[Row]:
    """Compare each number of queries with every peer, then with the matrix products alone."""
    num_candidates, repeats = (100_000, 5) if quick else (1_000_000, 9)
    for num_queries, most in _MOST[-1:] if quick else _MOST:
        yield from _compare_with_peers(num_candidates, num_queries, most, repeats)


def _compare_with_peers(num_candidates: int, num_queries: int, most: float, repeats: int) -> Iterator[Row]:
    settings = {"num_candidates": num_candidates, "num_queries": num_queries}
    products = {"rows": num_queries, "inner": _DIM, "columns": num_candidates}
    sides = [*_sides(settings), Side("products alone", "matmul", products)]
    ours, *peers, ceiling = compare(sides, repeats=repeats, num_warm_ups=3)
    what = f"{num_queries} of {num_candidates:,} x {_DIM}, k = {_K}"
    for peer in (if_it_agrees(ours, peer) for peer in peers):
        target = at_most(most, ours.median_ms / peer.median_ms, "x the time") if peer.name == _FAISS else None
        yield Row(what, ours, peer, ceiling, target)
    if num_queries > 1:
        target = at_least(60, ceiling_percent(ours, ceiling), "% of the ceiling")
        yield Row(what, ours, ceiling, ceiling, target)


def _sides(settings: dict[str, int]) -> list[Side]:
    settings = settings | {"embedding_dim": _DIM, "k": _K}
    return [
        Side("ours", "top_k_ours", settings),
        Side(_FAISS, "top_k_faiss", settings),
        Side("TFRS", "top_k_tfrs", settings, python=TFRS_PYTHON),
        Side("keras-rs", "top_k_keras_rs", settings),
        Side("plain PyTorch", "top_k_torch", settings, backend="torch"),
    ]


def if_it_agrees(ours: Outcome, peer: Outcome) -> Outcome:
    """Return the peer, or a failed outcome if it found other candidates than ours."""
    if ours.trouble is not None or peer.trouble is not None:
        return peer
    pairs = zip(ours.result, peer.result, strict=True)
    overlap = sum(len(set(found) & set(other)) for found, other in pairs) / (_K * len(ours.result))
    return (
        peer if overlap >= _LEAST_OVERLAP else peer.failed(f"found {overlap:.0%} of the candidates of ours")
    )

"""Compare 100 queries through our library-backed indexes with the library alone, at equal settings."""

import tempfile
from collections.abc import Iterator
from typing import Any

from benchmarks.brute_force import if_it_agrees
from benchmarks.compare import compare
from benchmarks.side import Outcome, Side
from benchmarks.table import Row, at_most

_DIM, _K = 64, 10
_NUM_QUERIES, _TURNS = 100, 10
_NUM_CANDIDATES = {"ScaNN": 1_000_000, "Faiss": 1_000_000, "USearch": 200_000, "Annoy": 200_000}
_MOST = 1.2


def rows(quick: bool) -> Iterator[Row]:
    """Build and query each library; skipped in a quick run, because building takes half a minute."""
    for adapter, num_candidates in () if quick else _NUM_CANDIDATES.items():
        with tempfile.TemporaryDirectory() as folder:
            yield from _of_adapter(adapter, num_candidates, folder)


def _of_adapter(adapter: str, num_candidates: int, folder: str) -> Iterator[Row]:
    what = f"{num_candidates:,} clustered x {_DIM}, {adapter}"
    settings = {"adapter": adapter, "num_candidates": num_candidates, "dim": _DIM, "k": _K, "folder": folder}
    (built,) = compare([Side("ours", "adapter_build", settings)], repeats=1, num_warm_ups=0)
    if built.trouble is not None:
        yield Row(f"building {what}", built)
        return
    yield Row(f"building {what}", Outcome("ours", [built.result["build_ms"]]))
    yield _asked(f"{what}, {built.result['setting']}: recall {built.result['recall']:.3f}", adapter, folder)


def _asked(what: str, adapter: str, folder: str) -> Row:
    settings: dict[str, Any] = {"folder": folder, "num_queries": _NUM_QUERIES, "turns": _TURNS, "k": _K}
    sides = [
        Side("ours", "adapter_index", settings),
        Side(f"{adapter} alone", "adapter_library", settings | {"adapter": adapter}),
    ]
    ours, alone = compare(sides, repeats=41, calls=_TURNS, num_warm_ups=3)
    target = at_most(_MOST, ours.median_ms / alone.median_ms, "x the library")
    return Row(f"{_NUM_QUERIES} of {what}", ours, if_it_agrees(ours, alone), target=target)

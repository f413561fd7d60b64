"""Compare an exported partitioned index at a recall of 0.95: one query, a hundred, with filters."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.compare import compare
from benchmarks.side import TFRS_PYTHON, Outcome, Side
from benchmarks.table import Row, at_least, at_most, times_faster

_DIM, _K = 64, 10
_LEAST_RECALL = 0.95
_LEAST_FASTER = ((1, 20, 25), (100, 1, 10))
"""(queries per request, requests per timed call, target speedup over TFRS)"""

_WORLDS = ("clustered", "movielens")


def rows(quick: bool) -> Iterator[Row]:
    """Build each world once and query it."""
    for world in _WORLDS[:1] if quick else _WORLDS:
        with tempfile.TemporaryDirectory() as folder:
            yield from _of_world(world, folder, quick)


def _of_world(world: str, folder: str, quick: bool) -> Iterator[Row]:
    num_candidates = 50_000 if quick else 1_000_000
    what = f"{num_candidates:,} {world} x {_DIM}"
    settings = {"world": world, "num_candidates": num_candidates, "dim": _DIM, "k": _K, "folder": folder}
    (built,) = compare([Side("ours", "index_build", settings)], repeats=1, num_warm_ups=1)
    yield Row(f"building {what}", built, target=at_most(60, built.median_ms / 1e3, "s"))
    if built.trouble is None:
        upserts = Outcome("ours", built.result["upsert_ms"])
        yield Row(f"1,000 upserts into {what}", upserts, target=at_most(50, upserts.median_ms, "ms"))
        least_faster = _LEAST_FASTER[:1] if quick else _LEAST_FASTER
        for num_queries, turns, least in least_faster:
            asked = f"{what}, {built.result['setting']}"
            yield from _asked(asked, folder, num_queries, turns, least, repeats=7 if quick else 15)


def _asked(what: str, folder: str, num_queries: int, turns: int, least: int, repeats: int) -> Iterator[Row]:
    sides = _sides(folder, num_queries, turns)
    ours, tfrs, exact, *requests = compare(sides, repeats=repeats, calls=turns, num_warm_ups=5)
    recall = _recall(ours, folder)
    name = f"{num_queries} of {what}: recall {recall:.3f}"
    enough = ours if recall >= _LEAST_RECALL else ours.failed(f"its recall is {recall:.3f}")
    yield Row(name, enough, tfrs, target=at_least(least, times_faster(ours, tfrs), "x TFRS"))
    if num_queries == 1:
        yield Row(name, enough, target=at_most(0.5, ours.median_ms, "ms"))
    yield Row(name, enough, exact, target=at_least(1, times_faster(ours, exact), "x our exact"))
    for filtered in requests:
        most = at_most(3, filtered.median_ms / ours.median_ms, "x unfiltered")
        yield Row(f"{num_queries} of {what}, {filtered.name}", filtered, ours, target=most)


def _sides(folder: str, num_queries: int, turns: int) -> list[Side]:
    settings = {"folder": folder, "num_queries": num_queries, "turns": turns, "k": _K}
    return [
        Side("ours", "index_exported", settings),
        Side("TFRS, exact", "index_tfrs", settings, python=TFRS_PYTHON),
        Side("ours, exact", "index_exact", settings),
        Side("10,000 excluded", "index_exported", {**settings, "request": "exclude"}),
        Side("1 % allowed", "index_exported", {**settings, "request": "allow"}),
        *([] if num_queries == 1 else [_own_lists(settings)]),
    ]


def _own_lists(settings: dict[str, Any]) -> Side:
    own = {**settings, "request": "allow", "lists": settings["num_queries"]}
    return Side("1 % allowed, others for each query", "index_exported", own)


def _recall(ours: Outcome, folder: str) -> float:
    """Return the fraction of the exact top k that was found."""
    if ours.trouble is not None:
        return float("nan")
    truth = np.load(Path(folder, "truth.npy")).tolist()
    pairs = zip(ours.result, truth, strict=False)
    return sum(len(set(found) & set(exact)) for found, exact in pairs) / (_K * len(ours.result))

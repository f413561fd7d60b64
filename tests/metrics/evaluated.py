"""Ranking worlds as vectors and ids, and what the oracle says of them under the metric's names."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.oracles.ranking import Metrics, mean_metrics, ranking_metrics
from tests.oracles.worlds import RankingWorld, ranking_world

from shortlist.metrics import FactorizedTopK

Array = NDArray[Any]
METRICS = ("recall", "precision", "hit_rate", "mrr", "ndcg", "map")
NUM_CANDIDATES = 5
UNKNOWN = {"int": 10**6, "str": "nowhere", "bytes": b"nowhere"}
PADDING = {"int": -1, "str": "", "bytes": b""}


@dataclass(frozen=True)
class Evaluated:
    """A ranking world as vectors and ids: candidate j is the j-th axis, so query i is its row of scores."""

    world: RankingWorld
    ids: Array
    true_ids: Array
    excluded_ids: Array

    @property
    def queries(self) -> Array:
        return self.world.scores.astype("float32")

    @property
    def candidates(self) -> Array:
        return np.eye(self.world.scores.shape[1], dtype="float32")


def evaluated(seed: int, kind: str = "int") -> Evaluated:
    """The world's rows as ids of one kind; -2, outside the catalog, as an id that nobody knows."""
    world = ranking_world(seed, num_candidates=NUM_CANDIDATES)
    ids = {
        "int": [40, 7, -9, 0, 2**31 - 2],
        "str": ["7", "07", "a", "A", "é"],
        "bytes": [b"7", b"07", b"a", b"A", b"\xc3\xa9"],
    }[kind]
    name_of = dict(enumerate(ids)) | {-1: PADDING[kind], -2: UNKNOWN[kind]}
    excluded = [[*rows, -2, -2] for rows in world.excluded_rows]  # unknown ids exclude nothing
    columns = padded(world.true_rows, name_of), padded(excluded, name_of)
    return Evaluated(world, np.array(ids, columns[0].dtype), *columns)


def padded(lists: list[list[int]], name_of: dict[int, Any]) -> Array:
    width = max(map(len, lists))
    rows = [[name_of[row] for row in [*one, *[-1] * (width - len(one))]] for one in lists]
    return np.array(rows, "int32" if isinstance(name_of[0], int) else object)


def oracle(world: RankingWorld, *, excluded: bool, weights: Array | None = None) -> dict[str, float]:
    values = {}
    for k in world.ks:
        rows = zip(world.scores, world.true_rows, world.excluded_rows, strict=True)
        metrics = [ranking_metrics(scores, true, k, out if excluded else ()) for scores, true, out in rows]
        values |= named(mean_metrics(metrics, weights), k)
    return values


def named(metrics: Metrics | None, k: int) -> dict[str, float]:
    assert metrics is not None
    return {f"{measure}_at_{k}": value for measure, value in metrics.items()}


def metric_over(candidates: Any, ks: tuple[int, ...], **options: Any) -> FactorizedTopK:
    metric = FactorizedTopK(candidates, ks=ks, metrics=METRICS, **options)
    metric.refresh()
    return metric


def results(metric: FactorizedTopK) -> dict[str, float]:
    return {name: float(value) for name, value in metric.result().items()}

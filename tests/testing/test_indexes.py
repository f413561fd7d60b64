"""test_contracts.py checks Shortlist's indexes; here each broken one is reported by its check."""

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest

from shortlist.indexes import BruteForce, Partitioned, StoredIndex
from shortlist.search import Engine, EngineSpec
from shortlist.search._exact import ExactEngine
from shortlist.testing import check_index


@pytest.mark.contract
@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{"probes": 1}, {"probes": 100}, {"probes": 3, "codes": "int8"}], ids=str
)
def test_partitions_pass_the_contract(settings: dict[str, Any]) -> None:
    check_index(
        lambda vectors, ids, attributes=None, **options: Partitioned(**settings, **options).index(
            vectors, ids, attributes
        )
    )


class Broken:
    """A correct index; subclasses break one part of the contract."""

    def __init__(self, **options: Any) -> None:
        self.right = BruteForce(**options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.right, name)

    def __call__(self, queries: Any, k: int | None = None, **asked: Any) -> Any:
        return self.right(queries, k, **asked)


class IgnoresExclude(Broken):
    def __call__(self, queries, k=None, *, exclude=None, **asked):
        return super().__call__(queries, k, **asked)


class IgnoresAllow(Broken):
    def __call__(self, queries, k=None, *, allow=None, **asked):
        return super().__call__(queries, k, **asked)


class IgnoresWhere(Broken):
    def __call__(self, queries, k=None, *, where=None, **asked):
        return super().__call__(queries, k, **asked)


class ReturnsTooFew(Broken):
    def __call__(self, queries, k=None, **asked):
        scores, ids, *rest = super().__call__(queries, k, **asked)
        scores[:, -1], ids[:, -1] = -np.inf, type(ids[0, 0])(-1) if ids.dtype != object else type(ids[0, 0])()
        return scores, ids, *rest


class ReturnsDuplicates(Broken):
    def __call__(self, queries, k=None, **asked):
        scores, ids, *rest = super().__call__(queries, k, **asked)
        if ids.shape[1] > 1:
            scores[:, 1], ids[:, 1] = scores[:, 0], ids[:, 0]
        return scores, ids, *rest


class ReversesTies(Broken):
    def __call__(self, queries, k=None, **asked):
        scores, ids, *rest = super().__call__(queries, k, **asked)
        for row, line in enumerate(scores):
            filled = np.flatnonzero(np.isfinite(line))
            order = filled[np.lexsort((-filled, -line[filled]))]
            ids[row, filled] = ids[row, order]
        return scores, ids, *rest


class ScoresWrongly(Broken):
    def __call__(self, queries, k=None, **asked):
        scores, *rest = super().__call__(queries, k, **asked)
        return scores * np.float32(1.01), *rest


class ForgetsUnknownIds(Broken):
    def __call__(self, queries, k=None, **asked):
        scores, ids, *rest = super().__call__(queries, k, **asked)
        return scores, ids, *([[] for _ in unknown] for unknown in rest)


class SwapsQueries(Broken):
    def __call__(self, queries, k=None, **asked):
        scores, ids, *rest = super().__call__(queries, k, **asked)
        return scores[::-1], ids[::-1], *rest


class AcceptsEveryK(Broken):
    def __call__(self, queries, k=None, **asked):
        return super().__call__(queries, 1 if k in (0, 1.5) else k, **asked)


class IgnoresRemovals(Broken):
    def remove(self, ids):
        return len(set(ids) & set(self.right.ids.tolist()))


class MiscountsRemovals(Broken):
    def remove(self, ids):
        self.right.remove(ids)
        return len(ids)


class LosesAttributes(Broken):
    def upsert(self, ids, vectors, attributes=None):
        new = {name: values for name, values in (attributes or {}).items() if len(values) != len(ids)}
        return self.right.upsert(ids, vectors, new)


class KeepsOldVectors(Broken):
    def upsert(self, ids, vectors, attributes=None):
        is_new = ~np.isin(np.array(ids, object), self.right.ids)
        if len(vectors) != len(ids) or is_new.all() or not is_new.any():
            return self.right.upsert(ids, vectors, attributes)
        columns = {
            name: [v for v, new in zip(c, is_new, strict=True) if new] for name, c in attributes.items()
        }
        return self.right.upsert(
            [i for i, new in zip(ids, is_new, strict=True) if new], vectors[is_new], columns
        )


class ReturnsTheQueryItem(Broken):
    def similar(self, ids, k=None, *, where=None):
        rows = [self.right.ids.tolist().index(id_) for id_ in ids]
        return self.right(self.right.vectors[rows], k, where=where)


class ScoresUnknownIdsZero(Broken):
    def score(self, queries, ids):
        return np.maximum(self.right.score(queries, ids), np.float32(-99))


class _Worst(Engine):
    """Finds the candidates with the lowest scores."""

    is_exact, search_budget, max_search_budget = False, 1, 1

    def __init__(self, right):
        super().__init__(right.num_rows, right.dim)
        self.right = right

    def search(self, queries, k, rows):
        scores, found = map(np.asarray, self.right.search(queries, self.num_rows, rows))
        first = np.maximum((found >= 0).sum(axis=1) - k, 0)[:, None]
        return tuple(np.take_along_axis(one, first + np.arange(k), axis=1) for one in (scores, found))

    def vectors_of(self, rows):
        return self.right.vectors_of(rows)

    def num_bytes(self):
        return self.right.num_bytes()

    def save(self, folder):
        self.right.save(folder)


@keras.saving.register_keras_serializable("tests")
@dataclasses.dataclass(frozen=True)
class FindsTheWorst(EngineSpec):
    def build(self, vectors):
        return _Worst(ExactEngine(vectors))

    def load(self, folder):
        return _Worst(ExactEngine.load(folder))


def test_an_engine_that_finds_the_worst_is_reported() -> None:
    with pytest.raises(AssertionError, match="^recall: the largest search budget, .*, found"):
        check_index(
            lambda vectors, ids, attributes=None, **options: StoredIndex(FindsTheWorst(), **options).index(
                vectors, ids, attributes
            )
        )


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (IgnoresExclude, "^exclude, "),
        (IgnoresAllow, "^allow, "),
        (IgnoresWhere, "where"),
        (ReturnsTooFew, "that pass the filter|the padding holds"),
        (ReturnsDuplicates, "unique ids"),
        (ReversesTies, "expected"),
        (ScoresWrongly, "got scores"),
        (ForgetsUnknownIds, "with_unknown"),
        (SwapsQueries, "expected"),
        (AcceptsEveryK, "k = 0: got no error"),
        (IgnoresRemovals, "after remove, .* the index holds"),
        (MiscountsRemovals, "remove: got .* removed candidates"),
        (LosesAttributes, "after upsert"),
        (KeepsOldVectors, "after upsert"),
        (ReturnsTheQueryItem, "similar"),
        (ScoresUnknownIdsZero, "score"),
    ],
)
def test_a_broken_index_is_reported(broken: Any, told: str) -> None:
    def make(vectors: Any, ids: Any, attributes: Any = None, **options: Any) -> Any:
        index = broken(**options)
        index.right.index(vectors, ids, attributes)
        return index

    with pytest.raises(AssertionError, match=told):
        check_index(make)

"""The metric by id through an index that is not exact."""

from typing import Any

import keras
import numpy as np
import pytest

import shortlist as sl
from shortlist.errors import ArgumentError
from shortlist.indexes import Partitioned
from shortlist.metrics import FactorizedTopK
from shortlist.metrics._candidates import CandidatesInIndex

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(0)
VECTORS = GENERATOR.normal(size=(300, 6)).astype("float32")
QUERIES = GENERATOR.normal(size=(40, 6)).astype("float32")
IDS = np.arange(300) * 7 + 1000


def evaluated(metric: FactorizedTopK, **given: Any) -> dict[str, float]:
    metric.reset_state()
    metric.update_state(keras.ops.convert_to_tensor(QUERIES), **given)
    return {name: float(value) for name, value in metric.result().items()}


def test_recall_of_what_the_index_lists_and_a_warning_of_what_it_misses() -> None:
    index = Partitioned(probes=1).index(VECTORS, IDS)
    metric = FactorizedTopK(index, ks=(5, 20), metrics=("recall", "mrr"))
    with pytest.warns(UserWarning, match=r"Partitioned, which finds [\d.]+% of the exact 20 best"):
        assert metric.refresh()
    truth = IDS[np.argsort(-(QUERIES @ VECTORS.T), axis=1)[:, 3]].astype("int32")
    listed = index(QUERIES, 20)[1].tolist()
    slots = [
        line.index(one) if one in line else None for line, one in zip(listed, truth.tolist(), strict=True)
    ]
    found = evaluated(metric, true_candidate_ids=truth)
    for k in (5, 20):
        inside = [place for place in slots if place is not None and place < k]
        assert found[f"recall_at_{k}"] == pytest.approx(len(inside) / 40, abs=1e-6)
        assert found[f"mrr_at_{k}"] == pytest.approx(sum(1 / (place + 1) for place in inside) / 40, abs=1e-5)
    assert None in slots  # so that something was missed


def test_excluded_candidates_are_not_listed_but_the_true_one_is_never_excluded() -> None:
    index = Partitioned(probes=1000).index(VECTORS, IDS)
    metric = FactorizedTopK(index, ks=(1,), metrics=("recall",))
    with pytest.warns(UserWarning, match=r"100.0%"):
        metric.refresh()
    order = IDS[np.argsort(-(QUERIES @ VECTORS.T), axis=1)].astype("int32")
    found = evaluated(metric, true_candidate_ids=order[:, 3], excluded_ids=order[:, :4])
    assert found == {"recall_at_1": 1.0}


def test_vectors_alone_and_changed_indexes_are_refused() -> None:
    index = Partitioned(probes=2).index(VECTORS, IDS)
    metric = FactorizedTopK(index)
    with pytest.warns(UserWarning, match="finds"):
        metric.refresh()
    with pytest.raises(ArgumentError, match="must be given as vectors"):
        metric.update_state(QUERIES, QUERIES)
    assert not metric.refresh()  # the same candidates, and no second warning
    index.remove([1000])
    with pytest.raises(ArgumentError, match="compact"):
        metric.refresh()


def test_in_an_evaluation() -> None:
    class Model(sl.Model):
        def __init__(self) -> None:
            super().__init__()
            self.metric = FactorizedTopK(
                Partitioned(probes=1000).index(VECTORS, IDS), ks=(1,), metrics=("recall",)
            )

        def compute_loss(self, inputs: Any, training: bool = False) -> Any:
            self.metric.update_state(inputs["query"], true_candidate_ids=inputs["id"])
            return keras.ops.zeros(())

    model = Model()
    model.compile()
    best = IDS[(QUERIES @ VECTORS.T).argmax(axis=1)].astype("int32")
    with pytest.warns(UserWarning, match="100.0%"):
        logs = model.evaluate({"query": QUERIES, "id": best}, batch_size=16, verbose=0, return_dict=True)
    assert logs["recall_at_1"] == 1.0


def test_no_true_candidate_is_found_in_an_empty_place() -> None:
    """The lists are longer than there are candidates, and two of these are excluded."""
    engine = Partitioned(probes=1000).index(VECTORS[:4]).snapshot().engine
    order = np.argsort(-(QUERIES[:2] @ VECTORS[:4].T), axis=1).astype("int32")
    true, excluded = [[order[0, 2], -1], [order[1, 0], -1]], [order[0, [0, 3]], order[1, [1, 2]]]
    asked = (keras.ops.convert_to_tensor(part) for part in (QUERIES[:2], np.int32(true), np.int32(excluded)))
    ranks = CandidatesInIndex(engine).ranks_of_rows(*asked, k=10)
    better, tied = (keras.ops.convert_to_numpy(part) for part in ranks)
    assert better[:, 0].tolist() == [1, 0]
    assert (better[:, 1] > 1000).all()
    assert (tied == 1).all()

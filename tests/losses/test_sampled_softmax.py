"""The sampled softmax compared with its definition, and with the softmax over the whole catalog."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles import sampled
from tests.oracles.softmax import finite_differences
from tests.support.gradients import value_and_gradients

from shortlist.errors import ArgumentError
from shortlist.losses import Negatives, SampledSoftmax, Vectors

pytestmark = pytest.mark.contract
USERS, ITEMS = np.int32([0, 1, 0, 2]), np.int32([0, 1, 2, 0])
SHARED, OWN = np.int32([2, 5, 1]), np.int32([[0, 9], [9, 9], [0, 2], [1, 0]])
WEIGHTS = np.array([1.0, 2.0, 0.0, 0.5])


def kept(removes_false: bool, removes_hits: bool) -> np.ndarray:
    """[4, 5], written out: users 0 have items 0 and 2, user 1 item 1, user 2 item 0."""
    of_user = [{0, 2}, {1}, {0, 2}, {0}]
    removed = [
        of_user[i] if removes_false else ({int(ITEMS[i])} if removes_hits else set()) for i in range(4)
    ]
    return np.array([[int(code) not in removed[i] for code in [*SHARED, *OWN[i]]] for i in range(4)])


def world(seed: int) -> tuple[np.ndarray, ...]:
    """Queries, candidates, shared and own negatives, log probabilities of both."""
    generator = np.random.default_rng(seed)
    shapes = ((4, 3), (5, 3), (3, 3), (4, 2, 3))
    vectors = [generator.normal(size=shape) for shape in shapes]
    return *vectors, generator.uniform(-3, -1, 3), generator.uniform(-3, -1, (4, 2))


@pytest.mark.parametrize(("removes_false", "removes_hits"), [(True, True), (False, True), (False, False)])
@pytest.mark.parametrize("is_corrected", [True, False])
def test_loss_and_gradients(is_corrected: bool, removes_false: bool, removes_hits: bool) -> None:
    queries, candidates, shared, own, shared_log_q, own_log_q = world(0)
    log_q = np.concatenate([np.tile(shared_log_q, (4, 1)), own_log_q], axis=1) if is_corrected else None
    is_kept = kept(removes_false, removes_hits)

    def slow(queries: Any, candidates: Any, shared: Any, own: Any) -> float:
        drawn = np.concatenate([np.tile(shared, (4, 1, 1)), own], axis=1)
        losses = sampled.sampled_softmax(queries, candidates, drawn, log_q, is_kept, 0.5)
        return float(np.average(losses, weights=WEIGHTS))

    def fast(queries: Any, candidates: Any, shared: Any, own: Any) -> Any:
        of = (np.float32(shared_log_q), np.float32(own_log_q)) if is_corrected else (None, None)
        negatives = Negatives(
            query_codes=USERS,
            candidate_codes=np.append(ITEMS, np.int32(3)),
            shared=Vectors(shared, of[0], SHARED),
            per_query=Vectors(own, of[1], OWN),
        )
        loss = SampledSoftmax(
            temperature=0.5, remove_false_negatives=removes_false, remove_accidental_hits=removes_hits
        )
        return loss(queries, candidates, negatives, np.float32(WEIGHTS))

    arguments = [queries, candidates, shared, own]
    answer = value_and_gradients(fast, *arguments)
    assert answer.value == pytest.approx(slow(*arguments), rel=1e-5)
    for k, found in enumerate(answer.gradients):
        moved = finite_differences(
            lambda one, k=k: slow(*arguments[:k], one, *arguments[k + 1 :]), arguments[k]
        )
        np.testing.assert_allclose(found, moved, atol=1e-5)


def test_the_whole_catalog_drawn_once_is_the_full_softmax() -> None:
    """Each of 6 items once at q = 1/6: n q = 1, so the loss is that of the softmax over the catalog."""
    generator = np.random.default_rng(1)
    queries, catalog = (
        generator.normal(size=(4, 3)).astype("float32"),
        generator.normal(size=(6, 3)).astype("float32"),
    )
    items = np.int32([3, 0, 5, 3])
    drawn = Vectors(catalog, np.full(6, -np.log(6), "float32"), np.int32([1, 4, 5, 0, 6, 2]))
    negatives = Negatives(
        candidate_codes=np.int32([0, 1, 2, 0]), shared=drawn
    )  # 3, 0 and 5 are 0, 1 and 2 there
    logits = (queries @ catalog.T).astype("float64")
    expected = np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(4), items])
    assert float(SampledSoftmax()(queries, catalog[items], negatives)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_does_not_overflow(dtype: str) -> None:
    vectors = keras.ops.convert_to_tensor(np.float32([[256, 256], [256, -256]]), dtype=dtype)
    loss = SampledSoftmax()(vectors, vectors, Negatives(shared=Vectors(keras.ops.zeros((2, 2), dtype))))
    assert float(loss) == 0


def test_config_refusals_and_no_negatives() -> None:
    loss = SampledSoftmax(temperature=0.1, reduction="sum")
    assert SampledSoftmax.from_config(loss.get_config()) == loss
    with pytest.raises(ArgumentError, match="temperature must be"):
        SampledSoftmax(temperature=0)
    with pytest.raises(ArgumentError, match="negatives must be drawn"):
        loss(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"), Negatives())

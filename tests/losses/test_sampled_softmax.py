"""The sampled softmax compared with its definition, and with the softmax over the whole catalog."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles import sampled
from tests.oracles.softmax import finite_differences
from tests.support.drawn import ITEMS, OWN, SHARED, USERS, WEIGHTS, kept, world
from tests.support.gradients import value_and_gradients

from shortlist import backend
from shortlist.errors import ArgumentError
from shortlist.losses import Negatives, SampledSoftmax, UniformNegatives, Vectors
from shortlist.losses import _softmax as softmax_module

pytestmark = pytest.mark.contract


def check(groups: str, is_corrected: bool, mask: np.ndarray | None = None, **options: Any) -> None:
    """Compare value and gradients of a batch with the definition.

    Args:
        groups: Negatives that were drawn: "shared", "own" or "both".
        is_corrected: Whether they come with log probabilities.
        mask: [4, 2], False where there is no negative of a query.
        **options: Options of the loss.
    """
    queries, candidates, shared, own, shared_log_q, own_log_q = world(0)
    log_q = np.concatenate([np.tile(shared_log_q, (4, 1)), own_log_q], axis=1)
    removal = options.get("remove_false_negatives", True), options.get("remove_accidental_hits", True)
    is_negative = np.ones((4, 5), bool)
    is_negative[:, 3:] = True if mask is None else mask
    used = {"shared": slice(0, 3), "own": slice(3, 5), "both": slice(0, 5)}[groups]
    numbers = is_negative[:, used].sum(axis=1)
    terms = {
        name: options[name] for name in ("negative_weight", "positive_in_denominator") if name in options
    }

    def slow(queries: Any, candidates: Any, shared: Any, own: Any) -> float:
        drawn = np.concatenate([np.tile(shared, (4, 1, 1)), own], axis=1)[:, used]
        losses = sampled.sampled_softmax(
            queries,
            candidates,
            drawn,
            log_q[:, used] if is_corrected else None,
            (kept(*removal) & is_negative)[:, used],
            0.5,
            numbers=np.maximum(numbers, 1),
            **terms,
        )
        return float(np.average(losses, weights=WEIGHTS))

    def fast(queries: Any, candidates: Any, shared: Any, own: Any) -> Any:
        of = (np.float32(shared_log_q), np.float32(own_log_q)) if is_corrected else (None, None)
        negatives = Negatives(
            query_codes=USERS,
            candidate_codes=np.append(ITEMS, np.int32(3)),
            shared=Vectors(shared, of[0], SHARED) if groups != "own" else None,
            per_query=Vectors(own, of[1], OWN, mask) if groups != "shared" else None,
        )
        loss = SampledSoftmax(temperature=0.5, **options)(queries, candidates, negatives, np.float32(WEIGHTS))
        return loss + 0 * (keras.ops.sum(shared) + keras.ops.sum(own))  # by which gradients are asked too

    arguments = [queries, candidates, shared, own]
    answer = value_and_gradients(fast, *arguments)
    assert answer.value == pytest.approx(slow(*arguments), rel=1e-5)
    for k, found in enumerate(answer.gradients):
        moved = finite_differences(
            lambda one, k=k: slow(*arguments[:k], one, *arguments[k + 1 :]), arguments[k]
        )
        np.testing.assert_allclose(found, moved, atol=1e-5)


@pytest.mark.parametrize(("removes_false", "removes_hits"), [(True, True), (False, True), (False, False)])
@pytest.mark.parametrize("is_corrected", [True, False])
@pytest.mark.parametrize("groups", ["shared", "own", "both"])
def test_loss_and_gradients(groups: str, is_corrected: bool, removes_false: bool, removes_hits: bool) -> None:
    removal = {"remove_false_negatives": removes_false, "remove_accidental_hits": removes_hits}
    check(groups, is_corrected, **removal)


@pytest.mark.parametrize("rows_per_chunk", [1, 3])
@pytest.mark.parametrize("positive_in_denominator", [True, False])
@pytest.mark.parametrize("negative_weight", [1.3, 0.4])
@pytest.mark.parametrize("groups", ["shared", "own", "both"])
def test_weight_of_the_partition_and_what_it_holds(
    groups: str,
    negative_weight: float,
    positive_in_denominator: bool,
    rows_per_chunk: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backend, "rows_per_chunk", lambda *sizes: rows_per_chunk)
    terms = {"negative_weight": negative_weight, "positive_in_denominator": positive_in_denominator}
    check(groups, is_corrected=True, **terms)


@pytest.mark.parametrize("positive_in_denominator", [True, False])
@pytest.mark.parametrize("groups", ["own", "both"])
@pytest.mark.parametrize("is_corrected", [True, False])
def test_negatives_that_are_masked(is_corrected: bool, groups: str, positive_in_denominator: bool) -> None:
    """The last query has none of its own."""
    mask = np.array([[True, False], [True, True], [False, True], [False, False]])
    check(groups, is_corrected, mask, positive_in_denominator=positive_in_denominator)


def test_memory_is_linear_in_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """No chunk has more than the rows that fit."""
    heights: list[Any] = []
    sum_of = softmax_module._Softmax._sum

    def observed(self: Any, values: Any, *arguments: Any) -> Any:
        heights.append(values.shape[0])
        return sum_of(self, values, *arguments)

    monkeypatch.setattr(softmax_module._Softmax, "_sum", observed)
    monkeypatch.setattr(backend, "rows_per_chunk", lambda *sizes: 16)
    generator = np.random.default_rng(3)
    queries, candidates, drawn = (generator.normal(size=(n, 4)).astype("float32") for n in (200, 200, 50))
    loss = SampledSoftmax()(queries, candidates, Negatives(shared=Vectors(drawn)))
    slow = sampled.sampled_softmax(
        queries, candidates, np.tile(drawn, (200, 1, 1)), None, np.ones((200, 50), bool), 1.0
    )
    assert float(loss) == pytest.approx(np.mean(slow), rel=1e-5)
    assert max(heights) == 16


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
    loss = SampledSoftmax(temperature=0.1, reduction="sum", num_negatives=7, negative_weight=1.1)
    assert SampledSoftmax.from_config(loss.get_config()) == loss
    assert loss.negative_source == UniformNegatives(7)
    for options in ({"temperature": 0}, {"negative_weight": 0}, {"num_negatives": 0}):
        with pytest.raises(ArgumentError, match=f"{next(iter(options))} must be"):
            SampledSoftmax(**options)
    vectors = np.eye(2, dtype="float32")
    with pytest.raises(ArgumentError, match="negatives must be drawn"):
        loss(vectors, vectors, Negatives())
    one_corrected = Negatives(
        shared=Vectors(vectors, np.zeros(2, "float32")), per_query=Vectors(vectors[None])
    )
    with pytest.raises(ArgumentError, match="log_q must be given for all drawn negatives or for none"):
        loss(vectors[:1], vectors, one_corrected)

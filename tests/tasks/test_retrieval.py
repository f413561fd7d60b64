"""The retrieval loss and its gradients next to the slow softmax, over worlds in which everything collides."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.oracles import softmax, statistics
from tests.oracles.worlds import NUM_QUERIES, BatchWorld, batch_world
from tests.support.gradients import ValueAndGradients, value_and_gradients

from shortlist.layers import StreamingFrequency
from shortlist.losses import InBatchSoftmax, OnLogits
from shortlist.tasks import Retrieval

Array = NDArray[Any]
BACKEND = keras.config.backend()
SEEDS = range(4)
OFF = {
    "temperature": 1.0,
    "log_probability": None,
    "remove_accidental_hits": False,
    "mask_false_negatives": False,
    "score_mask": None,
    "sample_weight": None,
}
"""Arguments of the oracle with which nothing but the plain softmax is left."""


def on(*names: str) -> dict[str, Any]:
    """What to turn off so that only the named parts of a world are in use."""
    return {name: value for name, value in OFF.items() if name not in names}


def expected(world: BatchWorld, off: dict[str, Any]) -> softmax.InBatchSoftmax:
    return softmax.in_batch_softmax(**(vars(world) | off))


def tensor_ids(ids: list[Any]) -> Any:
    """Ids as the backend can hold them: text under TensorFlow, 64 bits but under JAX, there codes of them."""
    if BACKEND == "jax":
        return np.unique(ids, return_inverse=True)[1].astype("int32")
    return keras.ops.convert_to_tensor(ids, dtype="int64" if isinstance(ids[0], int) else "string")


def task_and_arguments(
    world: BatchWorld, off: dict[str, Any], **options: Any
) -> tuple[Retrieval, dict[str, Any]]:
    """The library's side of a world: constructor and call under its own names.

    Options are those of `InBatchSoftmax`; with a Keras loss in `on_logits` the loss is `OnLogits`.
    """
    parts = vars(world) | off
    options |= {
        "temperature": parts["temperature"],
        "num_hard_negatives": parts["num_hard_negatives"],
        "remove_accidental_hits": parts["remove_accidental_hits"],
        "remove_false_negatives": parts["mask_false_negatives"],
    }
    on_logits = options.pop("on_logits", None)
    task = Retrieval(InBatchSoftmax(**options) if on_logits is None else OnLogits(on_logits, **options))
    arguments = {
        "candidate_ids": tensor_ids(parts["candidate_ids"]),
        "query_ids": tensor_ids(parts["query_ids"]),
    }
    if parts["log_probability"] is not None:
        arguments["candidate_sampling_probability"] = np.exp(parts["log_probability"]).astype("float32")
    for name in ("score_mask", "sample_weight"):
        if parts[name] is not None:
            arguments[name] = parts[name]
    return task, arguments


def answer(world: BatchWorld, off: dict[str, Any], **options: Any) -> ValueAndGradients:
    task, arguments = task_and_arguments(world, off, **options)
    return value_and_gradients(
        lambda queries, candidates: task(queries, candidates, **arguments), world.queries, world.candidates
    )


def assert_equal(world: BatchWorld, off: dict[str, Any], **options: Any) -> None:
    """Loss and both gradients."""
    value, (grad_queries, grad_candidates) = answer(world, off, **options)
    oracle = expected(world, off)
    assert value == pytest.approx(oracle["loss"], rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(grad_queries, oracle["grad_queries"], atol=2e-5)
    np.testing.assert_allclose(grad_candidates, oracle["grad_candidates"], atol=2e-5)


@pytest.mark.contract
@pytest.mark.parametrize(
    "parts",
    [
        [],
        ["temperature"],
        ["temperature", "log_probability"],
        ["remove_accidental_hits"],
        ["mask_false_negatives"],
        ["score_mask"],
        ["sample_weight"],
        list(OFF),
    ],
    ids=lambda parts: "+".join(parts) or "plain",
)
def test_loss_and_gradients(parts: list[str]) -> None:
    for seed in SEEDS:
        assert_equal(batch_world(seed), on(*parts))


@pytest.mark.contract
def test_without_extra_negatives() -> None:
    for seed in SEEDS:
        assert_equal(batch_world(seed, num_extra=0), on(*OFF))


@pytest.mark.contract
@pytest.mark.parametrize("num_hard_negatives", [1, 3, NUM_QUERIES + 3])
def test_hard_negatives(num_hard_negatives: int) -> None:
    for seed in SEEDS:
        world = batch_world(seed, num_hard_negatives=num_hard_negatives)
        assert_equal(world, on())
        assert_equal(world, on(*OFF))


@pytest.mark.contract
def test_queries_of_several_vectors() -> None:
    for seed in SEEDS:
        assert_equal(batch_world(seed, num_heads=2), on(*OFF))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tensors of this backend hold no text")
@pytest.mark.parametrize("id_kind", ["str", "bytes"])
def test_ids_of_text(id_kind: str) -> None:
    for seed in SEEDS:
        assert_equal(batch_world(seed, id_kind=id_kind), on("remove_accidental_hits"))
        assert_equal(batch_world(seed, id_kind=id_kind), on("mask_false_negatives"))


@pytest.mark.contract
def test_ids_beyond_32_bits_are_told_apart_or_refused() -> None:
    world = replace(batch_world(0, num_extra=0), candidate_ids=[2**32 * i + 7 for i in range(NUM_QUERIES)])
    off = on("remove_accidental_hits")
    task, arguments = task_and_arguments(world, off)
    arguments["candidate_ids"] = np.array(world.candidate_ids)
    if BACKEND == "jax":
        with pytest.raises(Exception, match="32 bits"):
            task(world.queries, world.candidates, **arguments)
    else:
        loss = task(world.queries, world.candidates, **arguments)
        assert float(loss) == pytest.approx(expected(world, off)["loss"], rel=1e-5)


@pytest.mark.parametrize("num_rows", [3, pytest.param(1, marks=pytest.mark.contract)])
def test_the_last_batch_is_small(num_rows: int) -> None:
    world = batch_world(3, num_extra=0)
    small = replace(
        world,
        queries=world.queries[:num_rows],
        candidates=world.candidates[:num_rows],
        log_probability=world.log_probability[:num_rows],
        candidate_ids=world.candidate_ids[:num_rows],
        query_ids=world.query_ids[:num_rows],
        score_mask=world.score_mask[:num_rows, :num_rows],
        sample_weight=np.array([2.0, 1.0, 1.0])[:num_rows],
        num_hard_negatives=5,
    )
    assert_equal(small, on(*OFF))


@pytest.mark.contract
def test_weights_of_zero_and_two_are_absent_and_repeated_rows() -> None:
    world = replace(batch_world(1, num_extra=0), sample_weight=np.array([0.0, 2, 1, 1, 1, 0, 2]))
    per_example = expected(world, on())["per_example"]
    as_if = per_example[[1, 1, 2, 3, 4, 6, 6]].mean()
    assert answer(world, on("sample_weight")).value == pytest.approx(as_if, rel=1e-5)


@pytest.mark.contract
def test_all_weights_zero_cost_nothing() -> None:
    world = replace(batch_world(1), sample_weight=np.zeros(NUM_QUERIES))
    value, gradients = answer(world, on(*OFF))
    assert value == 0
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, np.zeros_like(gradient))


@pytest.mark.contract
@pytest.mark.parametrize("num_hard_negatives", [None, 3])
def test_label_smoothing_spreads_over_the_candidates_that_are_kept(num_hard_negatives: int | None) -> None:
    for seed in SEEDS:
        world = batch_world(seed, num_hard_negatives=num_hard_negatives)
        oracle = smoothed_loss(expected(world, on(*OFF))["logits"], 0.1)
        mean = softmax.weighted_mean(oracle, world.sample_weight)
        assert answer(world, on(*OFF), label_smoothing=0.1).value == pytest.approx(mean, rel=1e-4, abs=1e-6)


def smoothed_loss(logits: Array, share: float) -> Array:
    """`-sum_j t_ij log p_ij`, t_ij = (1 - share) [i = j] + share / number kept in row i."""
    losses = []
    for i, row in enumerate(logits):
        kept = [j for j in range(len(row)) if row[j] > -np.inf]
        log_p = {j: row[j] - np.logaddexp.reduce(row) for j in kept}
        losses.append(-(1 - share) * log_p[i] - share * sum(log_p.values()) / len(kept))
    return np.array(losses)


@pytest.mark.contract
def test_a_custom_loss_sees_the_same_logits() -> None:
    world = batch_world(2, num_hard_negatives=3)
    parts = on(*[name for name in OFF if name != "sample_weight"])
    mean = keras.losses.CategoricalCrossentropy(from_logits=True)
    assert_equal(world, parts, on_logits=mean)
    total = keras.losses.CategoricalCrossentropy(from_logits=True, reduction="sum")
    assert answer(world, parts, on_logits=total).value == pytest.approx(
        expected(world, parts)["loss"] * NUM_QUERIES, rel=1e-4
    )


@pytest.mark.contract
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision(dtype: str) -> None:
    """The oracle starts from the rounded vectors; a column that is removed everywhere weighs nothing."""
    world = batch_world(4)
    rounded = {
        name: keras.ops.convert_to_numpy(
            keras.ops.cast(keras.ops.cast(getattr(world, name) * 8, dtype), "float32")
        )
        for name in ("queries", "candidates")
    }
    mask = world.score_mask.copy()
    mask[:, -1] = False
    world = replace(world, **rounded, score_mask=mask)
    task, arguments = task_and_arguments(world, on("score_mask"))
    value, (_, grad_candidates) = value_and_gradients(
        lambda queries, candidates: task(queries, candidates, **arguments),
        world.queries,
        world.candidates,
        dtype=dtype,
    )
    assert value == pytest.approx(expected(world, on("score_mask"))["loss"], rel=2e-2)
    np.testing.assert_array_equal(grad_candidates[-1], np.zeros(3))


@pytest.mark.contract
def test_mixed_precision_does_not_overflow() -> None:
    """Scores of 131,072 do not fit in float16; the softmax over them has to be float32."""
    vectors = np.float16([[256, 256], [256, -256]])
    loss = Retrieval(dtype="mixed_float16")(vectors, vectors)
    assert float(loss) == 0  # each query is 131,072 nearer to its own candidate


@pytest.mark.contract
def test_frequencies_are_counted_in_training_and_used_without_probabilities() -> None:
    world = batch_world(5)
    rows = np.unique(world.candidate_ids, return_inverse=True)[1].astype("int32")
    task = Retrieval(InBatchSoftmax(remove_accidental_hits=False), log_q=StreamingFrequency(num_rows=5))
    loss = task(world.queries, world.candidates, candidate_ids=rows, training=True)
    shares = np.bincount(rows)[rows] / len(rows)
    as_if = replace(world, log_probability=np.log(shares))
    assert float(loss) == pytest.approx(expected(as_if, on("log_probability"))["loss"], rel=1e-5)
    again = task(world.queries, world.candidates, candidate_ids=rows, training=False)
    assert float(again) == pytest.approx(float(loss), rel=1e-6)


@pytest.mark.contract
def test_the_correction_makes_the_gradient_that_of_the_whole_catalog() -> None:
    task = Retrieval(InBatchSoftmax(remove_accidental_hits=False))

    def gradients_of(
        queries: Array, candidates: Array, log_probability: Array | None
    ) -> statistics.Gradients:
        probability = None if log_probability is None else np.exp(log_probability).astype("float32")
        found = value_and_gradients(
            lambda q, c: task(q, c, candidate_sampling_probability=probability), queries, candidates
        )
        return found.gradients[0], found.gradients[1]

    sizes = {"batch_size": 128, "num_batches": 50}
    assert statistics.gradient_bias(gradients_of, corrected=True, **sizes) < 0.05
    assert statistics.gradient_bias(gradients_of, corrected=False, **sizes) > 0.1


def test_the_gradient_of_smoothing_is_softmax_less_target() -> None:
    """d loss / d logits = w (softmax - target) / sum w; the targets are spread over what is kept."""
    for seed in SEEDS:
        world, share = batch_world(seed), 0.1
        logits = expected(world, on(*OFF))["logits"]
        kept = logits > -np.inf
        mass = np.exp(logits - logits.max(axis=1, keepdims=True))
        target = (1 - share) * np.eye(*logits.shape) + share * kept / kept.sum(axis=1, keepdims=True)
        weights = world.sample_weight / world.sample_weight.sum()
        by_logits = weights[:, None] * (mass / mass.sum(axis=1, keepdims=True) - target) / world.temperature
        _, (by_queries, by_candidates) = answer(world, on(*OFF), label_smoothing=share)
        np.testing.assert_allclose(by_queries, by_logits @ world.candidates, atol=2e-5)
        np.testing.assert_allclose(by_candidates, by_logits.T @ world.queries, atol=2e-5)


@pytest.mark.parametrize("parts", [[name] for name in OFF], ids=lambda parts: parts[0])
def test_each_part_alone_on_logits_of_the_whole_batch(parts: list[str]) -> None:
    """With hard negatives, as with heads, batch metrics or a custom loss, the logits are written out."""
    for seed in SEEDS:
        assert_equal(batch_world(seed, num_hard_negatives=3), on(*parts))


@pytest.mark.parametrize("num_hard_negatives", [None, NUM_QUERIES + 3])
def test_the_sum_is_the_mean_times_the_weights(num_hard_negatives: int | None) -> None:
    world = batch_world(1, num_hard_negatives=num_hard_negatives)
    total = answer(world, on(*OFF), reduction="sum").value
    assert total == pytest.approx(expected(world, on(*OFF))["loss"] * world.sample_weight.sum(), rel=1e-4)

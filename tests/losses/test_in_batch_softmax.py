"""The softmax in chunks next to the slow softmax, wherever the chunks end."""

import dataclasses
import functools
import importlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles import softmax
from tests.oracles.worlds import BatchWorld, batch_world
from tests.support.gradients import ValueAndGradients, compiled_value_and_gradients, value_and_gradients

from shortlist import backend
from shortlist.errors import ArgumentError
from shortlist.losses import InBatchSoftmax, Negatives, Vectors
from shortlist.losses._softmax import softmax_loss

pytestmark = pytest.mark.contract
MODULE = importlib.import_module(softmax_loss.__module__)


def in_batch_softmax(
    queries: Any,
    candidates: Any,
    *,
    candidate_log_probability: Any = None,
    query_codes: Any = None,
    candidate_codes: Any = None,
    score_mask: Any = None,
    sample_weight: Any = None,
    with_gradients: bool = True,
    **options: Any,
) -> Any:
    """The loss with the arguments of the oracle."""
    negatives = Negatives(
        log_q=candidate_log_probability,
        query_codes=query_codes,
        candidate_codes=candidate_codes,
        mask=score_mask,
    )
    loss = InBatchSoftmax(**options)
    return loss(queries, candidates, negatives, sample_weight, training=with_gradients)


def codes(ids: list[object]) -> np.ndarray:
    return np.unique(ids, return_inverse=True)[1].astype("int32")


@pytest.mark.parametrize("rows_per_chunk", [1, 3, 7, 100])
def test_loss_and_gradients_wherever_chunks_end(rows_per_chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(3):
        world = batch_world(
            seed, id_kind="int64", num_extra=2, num_heads=None, num_hard_negatives=None, tied=False
        )
        monkeypatch.setattr(backend, "rows_per_chunk", lambda *sizes: rows_per_chunk)
        expected = softmax.in_batch_softmax(
            **(vars(world) | {"remove_accidental_hits": True, "mask_false_negatives": True})
        )
        answer = value_and_gradients(
            lambda queries, candidates, world=world: in_batch_softmax(
                queries,
                candidates,
                temperature=world.temperature,
                candidate_log_probability=None
                if world.log_probability is None
                else np.asarray(world.log_probability, "float32"),
                query_codes=codes(world.query_ids),
                candidate_codes=codes(world.candidate_ids),
                score_mask=world.score_mask,
                sample_weight=world.sample_weight,
            ),
            world.queries,
            world.candidates,
        )
        assert answer.value == pytest.approx(expected["loss"], rel=1e-4, abs=1e-5)
        for got, slow in zip(
            answer.gradients, (expected["grad_queries"], expected["grad_candidates"]), strict=True
        ):
            np.testing.assert_allclose(got, slow, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rows_per_chunk", [2, 100])
@pytest.mark.parametrize("has_mask", [False, True])
@pytest.mark.parametrize("has_query_ids", [False, True])
@pytest.mark.parametrize("has_candidate_ids", [False, True])
def test_vectors_that_stand_several_times(
    has_candidate_ids: bool,
    has_query_ids: bool,
    has_mask: bool,
    rows_per_chunk: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Equal vectors of equal and of other ids, and other vectors of equal ids, each with all the rest."""
    monkeypatch.setattr(backend, "rows_per_chunk", lambda *sizes: rows_per_chunk)
    for seed, (num_heads, label_smoothing, is_corrected) in enumerate(
        [(None, 0.0, False), (2, 0.2, False), (None, 0.2, True), (2, 0.0, True)]
    ):
        world = batch_world(seed, num_heads=num_heads, num_kinds=1 + seed % 4)
        arguments: dict[str, object] = {
            "temperature": world.temperature,
            "score_mask": world.score_mask if has_mask else None,
            "sample_weight": world.sample_weight,
            "label_smoothing": label_smoothing,
        }
        probability = world.log_probability if is_corrected else None
        expected = softmax.in_batch_softmax(
            world.queries,
            world.candidates,
            log_probability=probability,
            candidate_ids=world.candidate_ids if has_candidate_ids else None,
            query_ids=world.query_ids if has_query_ids else None,
            remove_accidental_hits=has_candidate_ids,
            mask_false_negatives=has_query_ids,
            **arguments,
        )
        arguments |= {
            "candidate_log_probability": None if probability is None else np.float32(probability),
            "candidate_codes": codes(world.candidate_ids) if has_candidate_ids else None,
            "query_codes": codes(world.query_ids) if has_query_ids else None,
        }
        answer = value_and_gradients(
            lambda queries, candidates, arguments=arguments: in_batch_softmax(
                queries, candidates, **arguments
            ),
            world.queries,
            world.candidates,
        )
        assert answer.value == pytest.approx(expected["loss"], rel=1e-4, abs=1e-5)
        np.testing.assert_allclose(answer.gradients[0], expected["grad_queries"], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(answer.gradients[1], expected["grad_candidates"], rtol=1e-3, atol=1e-4)


def test_the_best_head_has_the_gradient_and_ties_share_it() -> None:
    by_head = np.float32([[[1, 5, 2], [3, 5, 1], [3, 5, 2]]])
    expected = [[[0, 1 / 3, 0.5], [0.5, 1 / 3, 0], [0.5, 1 / 3, 0.5]]]
    found = keras.ops.convert_to_numpy(MODULE._share_of_heads(keras.ops.convert_to_tensor(by_head)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_equal_vectors_are_scored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    columns = MODULE._DistinctColumns
    monkeypatch.setattr(MODULE, "_DistinctColumns", lambda *fields: sizes.append(fields) or columns(*fields))
    queries = np.float32([[1, 0], [1, 0], [0, 1], [1, 0]])
    candidates = np.float32([[1, 1], [1, 1], [1, 1], [2, 1], [2, 1]])
    loss = in_batch_softmax(queries, candidates)
    assert float(loss) == pytest.approx(softmax.in_batch_softmax(queries, candidates)["loss"], rel=1e-5)
    counts = np.asarray(keras.ops.convert_to_numpy(sizes[0][1]))[:, -1].ravel().tolist()
    assert sorted(count for count in counts if count) == [2, 3]


@functools.cache
def corrected() -> Callable[..., ValueAndGradients]:
    """Takes queries, candidates and log probabilities; compiled once for all worlds of one shape."""

    def loss(queries: Any, candidates: Any, probability: Any) -> Any:
        constant = keras.ops.stop_gradient(probability)
        value = in_batch_softmax(queries, candidates, candidate_log_probability=constant)
        return value + 0.0 * keras.ops.sum(probability)  # by which a gradient is asked too

    return compiled_value_and_gradients(loss)


@pytest.mark.parametrize("direction", [0.0, 1.0, -1.0], ids=["all ways", "one way", "opposed"])
@pytest.mark.parametrize("largest", [5.0, 20.0, 60.0, 200.0, 1000.0])
@pytest.mark.parametrize("smallest", [-1.0, -10.0, -300.0], ids=["all alike", "one is rare", "one unseen"])
def test_the_precision_of_float32(smallest: float, largest: float, direction: float) -> None:
    """Logits of all sizes, by vectors or by what is subtracted, near the bound of them and far from it."""
    generator = np.random.default_rng(0)
    noise, candidates = generator.normal(size=(2, 12, 4))
    candidates += 3 * abs(direction)
    queries = np.abs(noise) * direction if direction else noise
    lengths = (np.linalg.norm(part, axis=1).max() for part in (queries, candidates))
    queries, candidates = np.float32(queries * largest / np.prod([*lengths])), np.float32(candidates)
    probability = generator.uniform(-1, 0, 12).astype("float32")
    probability[-1] = smallest
    expected = softmax.in_batch_softmax(queries, candidates, log_probability=probability)
    answer = corrected()(queries, candidates, probability)
    logits = np.abs(expected["logits"]).max()
    assert answer.value == pytest.approx(expected["loss"], rel=1e-6, abs=3e-7 * logits)
    for got, name in zip(answer.gradients, ("grad_queries", "grad_candidates"), strict=False):
        tolerance = max(3e-6, 1e-6 * logits)  # of a logit, and so of its exponential
        np.testing.assert_allclose(got, expected[name], rtol=0, atol=tolerance * np.abs(expected[name]).max())


@pytest.mark.parametrize("kept", ["all", "some", "none"])
@pytest.mark.parametrize("log_q", [0.0, -40.0, -1e4])
@pytest.mark.parametrize("largest", [0.0, 1.0, 49.5, 50.5, 1e4])
def test_loss_and_gradients_below_and_above_the_bound_of_small_logits(
    largest: float, log_q: float, kept: str
) -> None:
    generator = np.random.default_rng(0)
    queries, candidates = generator.normal(size=(6, 3)), generator.normal(size=(8, 3))
    queries[1], candidates[1], candidates[2], candidates[7] = [1, 0, 0], [1, 0, 0], [-1, 0, 0], [-1, 0, 0]
    queries[0], candidates[0] = [-1, 0, 0], [1, 0, 0]
    queries, candidates = (
        part / np.linalg.norm(part, axis=1, keepdims=True) for part in (queries, candidates)
    )
    probability = np.zeros(8)
    probability[3] = log_q
    mask = {"all": None, "some": generator.uniform(size=(6, 8)) < 0.5, "none": np.zeros((6, 8), bool)}[kept]
    arguments: dict[str, Any] = {"score_mask": mask, "temperature": 1 / largest if largest else 1.0}
    queries = queries if largest else 0 * queries
    expected = softmax.in_batch_softmax(queries, candidates, log_probability=probability, **arguments)
    answer = value_and_gradients(
        lambda queries, candidates: in_batch_softmax(
            queries, candidates, candidate_log_probability=np.float32(probability), **arguments
        ),
        queries,
        candidates,
    )
    logits = max(1.0, np.abs(expected["logits"][np.isfinite(expected["logits"])]).max())
    assert answer.value == pytest.approx(expected["loss"], rel=1e-6, abs=3e-7 * logits)
    for got, name in zip(answer.gradients, ("grad_queries", "grad_candidates"), strict=True):
        tolerance = max(3e-6, 1e-6 * logits) * max(1.0, largest)
        np.testing.assert_allclose(got, expected[name], rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("length", "temperature", "log_q", "own_length", "own_log_q", "is_large"),
    [
        (6.0, 1.0, -13.0, 6.0, -13.0, False),
        (7.2, 1.0, 0.0, 0.0, 0.0, True),
        (2.0, 0.079, 0.0, 0.0, 0.0, True),
        (6.0, 1.0, -15.0, 0.0, 0.0, True),
        (6.0, 1.0, -1.0, 9.0, 0.0, True),
        (6.0, 1.0, -1.0, 0.0, -15.0, True),
        (6.0, 1.0, np.nan, 0.0, 0.0, True),
    ],
    ids=["small", "vectors", "temperature", "log q", "own vectors", "own log q", "NaN"],
)
def test_maximum_is_searched_only_if_logits_may_be_large(
    length: float,
    temperature: float,
    log_q: float,
    own_length: float,
    own_log_q: float,
    is_large: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MODULE, "_shifted_exponentials", lambda logits: (logits[:, :1], np.nan * logits))
    queries, candidates = length * np.eye(3, dtype="float32"), length * np.eye(3, dtype="float32")
    own = Vectors(
        np.full((3, 1, 3), own_length / 3**0.5, "float32"), log_q=np.full((3, 1), own_log_q, "float32")
    )
    negatives = Negatives(log_q=np.full(3, log_q, "float32"), per_query=own)
    loss = InBatchSoftmax(temperature=temperature)(queries, candidates, negatives)
    assert np.isnan(float(loss)) == is_large


def test_one_of_several_positives_that_lies_far_below_the_others() -> None:
    """Examples of one row differ by more than exponentials of float32 hold."""
    queries = np.float32([[1, 0]] * 3)
    candidates = np.float32([[300, 0], [20, 0], [-100, 0], [-110, 0]])
    arguments = {"query_codes": np.int32([0, 0, 0]), "candidate_codes": np.int32([0, 1, 2, 3])}
    answer = value_and_gradients(
        lambda queries, candidates: in_batch_softmax(queries, candidates, **arguments), queries, candidates
    )
    expected = softmax.in_batch_softmax(
        queries, candidates, query_ids=[0, 0, 0], candidate_ids=[0, 1, 2, 3], mask_false_negatives=True
    )
    assert answer.value == pytest.approx(expected["loss"], rel=1e-4, abs=1e-7)
    np.testing.assert_allclose(answer.gradients[0], expected["grad_queries"], rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(answer.gradients[1], expected["grad_candidates"], rtol=1e-3, atol=1e-6)


def test_the_upstream_gradient_counts() -> None:
    world = batch_world(1, id_kind="int64", num_extra=0, num_heads=None, num_hard_negatives=None, tied=False)
    once, thrice = (
        value_and_gradients(
            lambda queries, candidates, factor=factor: factor * in_batch_softmax(queries, candidates),
            world.queries,
            world.candidates,
        )
        for factor in (1.0, 3.0)
    )
    for one, three in zip(once.gradients, thrice.gradients, strict=True):
        np.testing.assert_allclose(3 * one, three, rtol=1e-5)


def test_half_precision_goes_in_and_its_gradient_comes_back() -> None:
    world = batch_world(2, id_kind="int64", num_extra=0, num_heads=None, num_hard_negatives=None, tied=False)
    answer = value_and_gradients(
        lambda queries, candidates: in_batch_softmax(queries, candidates),
        world.queries,
        world.candidates,
        dtype="bfloat16",
    )
    expected = softmax.in_batch_softmax(world.queries, world.candidates)
    assert answer.value == pytest.approx(expected["loss"], rel=0.05)
    np.testing.assert_allclose(answer.gradients[0], expected["grad_queries"], atol=0.05)


def test_vectors_of_another_rank_are_refused() -> None:
    with pytest.raises(ArgumentError, match="batched twice"):
        in_batch_softmax(keras.ops.zeros((4, 2, 2, 2)), keras.ops.zeros((4, 2)))


@pytest.mark.parametrize("weights", [None, np.float32([1, 0, 2, 1, 0.5, 3, 1])], ids=["none", "weights"])
def test_the_sum_is_the_sum(weights: np.ndarray | None) -> None:
    world = batch_world(3, id_kind="int64", num_extra=1, num_heads=None, num_hard_negatives=None, tied=False)
    loss = in_batch_softmax(
        np.float32(world.queries), np.float32(world.candidates), sample_weight=weights, reduction="sum"
    )
    slow = softmax.in_batch_softmax(world.queries, world.candidates)["per_example"]
    expected = np.sum(slow) if weights is None else np.sum(slow * weights)
    assert float(loss) == pytest.approx(float(expected), rel=1e-4)


def everything(world: BatchWorld, **options: object) -> ValueAndGradients:
    """The loss with every option of a world."""
    return value_and_gradients(
        lambda queries, candidates: in_batch_softmax(
            queries,
            candidates,
            temperature=world.temperature,
            candidate_log_probability=np.asarray(world.log_probability, "float32"),
            query_codes=codes(world.query_ids),
            candidate_codes=codes(world.candidate_ids),
            score_mask=world.score_mask,
            sample_weight=world.sample_weight,
            num_hard_negatives=world.num_hard_negatives,
            **options,
        ),
        world.queries,
        world.candidates,
    )


def assert_as_the_oracle(answer: ValueAndGradients, world: BatchWorld) -> None:
    expected = softmax.in_batch_softmax(
        **(vars(world) | {"remove_accidental_hits": True, "mask_false_negatives": True})
    )
    size = max(1.0, np.abs(expected["grad_queries"]).max())
    assert answer.value == pytest.approx(expected["loss"], rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(answer.gradients[0], expected["grad_queries"], atol=1e-4 * size)
    np.testing.assert_allclose(answer.gradients[1], expected["grad_candidates"], atol=1e-4 * size)


@pytest.mark.parametrize("num_hard_negatives", [None, 2])
@pytest.mark.parametrize("num_heads", [None, 2])
def test_logits_whose_exponentials_float32_does_not_hold(
    num_heads: int | None, num_hard_negatives: int | None
) -> None:
    world = batch_world(4, num_heads=num_heads, num_hard_negatives=num_hard_negatives, tied=False)
    largest = np.abs(softmax.scores(world.queries, world.candidates)).max()
    assert_as_the_oracle(everything(world), world)
    steep = dataclasses.replace(world, temperature=float(largest) / 200.0)
    assert_as_the_oracle(everything(steep), steep)


def test_logits_that_are_large_by_their_correction_alone() -> None:
    world = batch_world(4)
    assert np.abs(softmax.scores(world.queries, world.candidates)).max() < 10
    rare = dataclasses.replace(world, log_probability=100 * world.log_probability)
    assert_as_the_oracle(everything(rare), rare)


@pytest.mark.parametrize("num_hard_negatives", [1, 3, 5])
def test_hard_negatives_that_are_the_same_item_count_each(num_hard_negatives: int) -> None:
    for seed in range(3):
        world = batch_world(seed)
        items = codes(world.candidate_ids)
        candidates = world.candidates[items]  # a vector an item
        answer = value_and_gradients(
            lambda queries, candidates, items=items: in_batch_softmax(
                queries, candidates, candidate_codes=items, num_hard_negatives=num_hard_negatives
            ),
            world.queries,
            candidates,
        )
        expected = softmax.in_batch_softmax(
            world.queries,
            candidates,
            candidate_ids=items,
            remove_accidental_hits=True,
            num_hard_negatives=num_hard_negatives,
        )
        assert answer.value == pytest.approx(expected["loss"], rel=1e-4, abs=1e-5)
        np.testing.assert_allclose(answer.gradients[0], expected["grad_queries"], atol=1e-4)


@pytest.mark.parametrize("num_hard_negatives", [None, 2])
def test_a_row_without_negatives_costs_nothing(num_hard_negatives: int | None) -> None:
    world = batch_world(5, num_hard_negatives=num_hard_negatives, tied=False)
    mask = world.score_mask.copy()
    mask[2] = False
    world = dataclasses.replace(world, score_mask=mask, sample_weight=np.ones(7))
    answer = everything(world)
    assert_as_the_oracle(answer, world)
    np.testing.assert_array_equal(answer.gradients[0][2], np.zeros(world.queries.shape[1]))


def test_gradients_that_were_not_computed_in_advance_come_when_asked_for() -> None:
    for num_hard_negatives in (None, 2):
        world = batch_world(6, num_hard_negatives=num_hard_negatives, tied=False)
        assert_as_the_oracle(everything(world, with_gradients=False), world)


@pytest.mark.parametrize(
    ("many", "is_masked", "with_gradients"),
    [(16, False, True), (16, True, True), (16, True, False), (17, False, False), (17, True, True)],
)
def test_a_compiled_function_for_batches_of_few_and_of_many_distinct_vectors(
    many: int, is_masked: bool, with_gradients: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many are distinct is known only when it runs; 16 candidates have quarters of 4 columns."""
    monkeypatch.setattr(MODULE, "_MANY_COLUMNS", many)
    world = batch_world(7, num_extra=9)
    options, slow_options = {"label_smoothing": 0.1 * is_masked}, {"label_smoothing": 0.1 * is_masked}
    if is_masked:
        options |= {"query_codes": codes(world.query_ids), "candidate_codes": codes(world.candidate_ids)}
        slow_options |= {"query_ids": world.query_ids, "candidate_ids": world.candidate_ids}
        slow_options |= {"mask_false_negatives": True, "remove_accidental_hits": True}
    compiled = compiled_value_and_gradients(
        lambda queries, candidates: in_batch_softmax(
            queries, candidates, with_gradients=with_gradients, **options
        )
    )
    for num_kinds in (1, 4, 5, 8, 9, 12, 13, 16):
        queries = world.queries[np.arange(7) % num_kinds]
        candidates = world.candidates[np.arange(16)[::-1] % num_kinds]
        answer = compiled(queries, candidates)
        expected = softmax.in_batch_softmax(queries, candidates, **slow_options)
        assert answer.value == pytest.approx(expected["loss"], rel=1e-4, abs=1e-5)
        np.testing.assert_allclose(answer.gradients[0], expected["grad_queries"], atol=1e-4)
        np.testing.assert_allclose(answer.gradients[1], expected["grad_candidates"], atol=1e-4)


@pytest.mark.parametrize("largest", [None, 200.0], ids=["small logits", "large logits"])
@pytest.mark.parametrize("options", [{}, {"num_hard_negatives": 2}, {"label_smoothing": 0.2}], ids=str)
@pytest.mark.parametrize("positive_in_denominator", [True, False])
@pytest.mark.parametrize("negative_weight", [1.0, 1.3, 0.4])
def test_weight_of_the_partition_and_what_it_holds(
    negative_weight: float, positive_in_denominator: bool, options: dict[str, Any], largest: float | None
) -> None:
    """Users and items repeat, user 2 has every item of the batch, and rows 0 and 5 are equal."""
    generator = np.random.default_rng(7)
    vectors = generator.normal(size=(4, 3)), generator.normal(size=(5, 3))
    users, items = np.int32([0, 1, 2, 2, 2, 0]), np.int32([0, 1, 0, 1, 2, 0, 3, 4])
    queries, candidates = vectors[0][users], vectors[1][items]
    if largest is not None:
        queries = queries * largest / np.abs(queries @ candidates.T).max()
    mask = np.ones((6, 8), bool)
    mask[2:5, 6:] = False  # which leaves user 2 without negatives
    arguments: dict[str, Any] = {
        "temperature": 0.7,
        "sample_weight": np.array([1.0, 2.0, 0.5, 1.0, 1.0, 0.0]),
        "negative_weight": negative_weight,
        "positive_in_denominator": positive_in_denominator,
        **options,
    }
    log_q = generator.uniform(-2, 0, 5)[items]
    for score_mask in (None, mask):
        expected = softmax.in_batch_softmax(
            queries,
            candidates,
            log_probability=log_q,
            query_ids=users.tolist(),
            candidate_ids=items.tolist(),
            mask_false_negatives=True,
            score_mask=score_mask,
            **arguments,
        )
        answer = value_and_gradients(
            lambda queries, candidates, score_mask=score_mask: in_batch_softmax(
                queries,
                candidates,
                candidate_log_probability=np.float32(log_q),
                query_codes=users,
                candidate_codes=items,
                score_mask=score_mask,
                **arguments,
            ),
            queries,
            candidates,
        )
        assert answer.value == pytest.approx(expected["loss"], rel=1e-5, abs=1e-5)
        for got, name in zip(answer.gradients, ("grad_queries", "grad_candidates"), strict=True):
            np.testing.assert_allclose(got, expected[name], rtol=1e-4, atol=2e-5)


def test_a_denominator_of_negatives_without_codes_or_masks() -> None:
    """Nothing but the option makes the positives leave the columns."""
    world = batch_world(4, id_kind="int64", num_extra=1, num_heads=2, num_hard_negatives=None, tied=False)
    arguments: dict[str, Any] = {"negative_weight": 1.2, "positive_in_denominator": False}
    expected = softmax.in_batch_softmax(world.queries, world.candidates, **arguments)
    answer = value_and_gradients(
        lambda queries, candidates: in_batch_softmax(queries, candidates, **arguments),
        world.queries,
        world.candidates,
    )
    assert answer.value == pytest.approx(expected["loss"], rel=1e-5)
    for got, name in zip(answer.gradients, ("grad_queries", "grad_candidates"), strict=True):
        np.testing.assert_allclose(got, expected[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("num_hard_negatives", [None, 4])
@pytest.mark.parametrize("has_codes", [True, False])
@pytest.mark.parametrize("drawn", ["shared", "per_query", "both"])
def test_drawn_negatives(
    drawn: str, has_codes: bool, num_hard_negatives: int | None, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three for all and two for each query: some are positives of it, others of no candidate of the batch."""
    monkeypatch.setattr(backend, "rows_per_chunk", lambda *sizes: [3, 100][seed % 2])
    is_corrected, is_masked = seed in (1, 2), seed in (2, 3)
    world = batch_world(seed, num_heads=[None, 2][seed // 2], num_extra=1)
    has_shared, has_own = drawn != "per_query", drawn != "shared"
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=(3, 3)) if has_shared else np.zeros((0, 3))
    own = generator.normal(size=(7, 2, 3))
    ids = [
        generator.integers(0, 9, 8),
        generator.integers(0, 9, len(shared)),
        generator.integers(0, 12, (7, 2)),
    ]
    log_q, shared_log_q, own_log_q = (
        np.float32(generator.uniform(-3, 0, one.shape)) if is_corrected else None for one in ids
    )
    mask = world.score_mask if is_masked else None
    options: dict[str, Any] = {
        "temperature": world.temperature,
        "num_hard_negatives": num_hard_negatives,
        "label_smoothing": [0.0, 0.2][seed % 2],
    }
    expected = softmax.in_batch_softmax(
        world.queries,
        np.concatenate([world.candidates, shared]),
        log_probability=np.append(log_q, shared_log_q) if is_corrected else None,
        candidate_ids=np.append(*ids[:2]),
        query_ids=world.query_ids,
        score_mask=np.pad(mask, [(0, 0), (0, len(shared))], constant_values=True) if is_masked else None,
        remove_accidental_hits=has_codes,
        mask_false_negatives=has_codes,
        sample_weight=world.sample_weight,
        own=own if has_own else None,
        own_log_probability=own_log_q if has_own else None,
        own_ids=ids[2] if has_own else None,
        **options,
    )
    joined = codes(np.append(*ids[:2]))
    code_of = dict(zip(np.append(*ids[:2]).tolist(), joined.tolist(), strict=True))
    own_codes = np.int32([[code_of.get(one, [-1, 99][one % 2]) for one in row] for row in ids[2].tolist()])
    all_codes = (joined[:8], joined[8:], own_codes) if has_codes else (None, None, None)

    def loss(queries: Any, candidates: Any, shared: Any, own: Any) -> Any:
        negatives = Negatives(
            log_q=log_q,
            query_codes=codes(world.query_ids) if has_codes else None,
            candidate_codes=all_codes[0],
            mask=mask,
            shared=Vectors(shared, shared_log_q, all_codes[1]) if has_shared else None,
            per_query=Vectors(own, own_log_q, all_codes[2]) if has_own else None,
        )
        value = InBatchSoftmax(**options)(queries, candidates, negatives, world.sample_weight)
        return value + 0.0 * (keras.ops.sum(shared) + keras.ops.sum(own))  # by which a gradient is asked too

    answer = value_and_gradients(loss, world.queries, world.candidates, shared, own)
    assert answer.value == pytest.approx(expected["loss"], rel=1e-4, abs=1e-5)
    by_candidates = np.concatenate(answer.gradients[1:3])
    np.testing.assert_allclose(answer.gradients[0], expected["grad_queries"], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(by_candidates, expected["grad_candidates"], rtol=1e-3, atol=1e-4)
    if has_own:
        np.testing.assert_allclose(answer.gradients[3], expected["grad_own"], rtol=1e-3, atol=1e-4)


def test_a_correction_of_some_candidates_alone_is_refused() -> None:
    """Uncorrected logits next to corrected ones would weigh nothing, or all."""
    vectors, log_q = np.eye(2, dtype="float32"), np.zeros(2, "float32")
    for negatives in (
        Negatives(log_q=log_q, shared=Vectors(vectors)),
        Negatives(shared=Vectors(vectors, log_q)),
        Negatives(log_q=log_q, per_query=Vectors(vectors[:, None])),
    ):
        with pytest.raises(ArgumentError, match="log_q must be given for all candidates"):
            InBatchSoftmax()(vectors, vectors, negatives)


@pytest.mark.parametrize(
    "options",
    [{"temperature": 0.0}, {"temperature": -1.0}, {"temperature": float("nan")}, {"num_hard_negatives": 0},
     {"label_smoothing": 1.0}, {"label_smoothing": -0.1}, {"reduction": "max"}],
)  # fmt: skip
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(ArgumentError, match=f"{name} must be"):
        InBatchSoftmax(**options)


def test_logits_are_those_of_the_oracle() -> None:
    for seed in range(3):
        world = batch_world(seed, num_hard_negatives=[None, 3, 20][seed])
        expected = softmax.in_batch_softmax(**vars(world))["logits"]
        negatives = Negatives(
            np.float32(world.log_probability),
            codes(world.query_ids),
            codes(world.candidate_ids),
            world.score_mask,
        )
        loss = InBatchSoftmax(temperature=world.temperature, num_hard_negatives=world.num_hard_negatives)
        labels, logits = loss.logits(np.float32(world.queries), np.float32(world.candidates), negatives)
        labels, logits = (np.asarray(keras.ops.convert_to_numpy(one)) for one in (labels, logits))
        np.testing.assert_allclose(logits[labels > 0], np.diag(expected), rtol=1e-5)
        for found, row in zip(logits, expected, strict=True):
            np.testing.assert_allclose(np.sort(found[found > -1e8]), np.sort(row[row > -np.inf]), rtol=1e-4)

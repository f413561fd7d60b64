"""Sources of negatives: distribution, log probabilities, seeds."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist import backend
from shortlist.errors import ArgumentError, FeatureError
from shortlist.losses import (
    ColumnNegatives,
    DrawContext,
    FrequencyNegatives,
    InBatchNegatives,
    IndexNegatives,
    UniformNegatives,
)

pytestmark = pytest.mark.contract
COUNTS = np.array([1, 10, 100, 1000, 3])


def context(num_candidates: int = 5, query_shape: tuple[int, ...] = (4,)) -> DrawContext:
    log_frequency = np.float32(np.log(COUNTS / COUNTS.sum()))
    return DrawContext(
        query_shape, num_candidates, log_frequency=lambda: keras.ops.convert_to_tensor(log_frequency)
    )


def draw(source: Any, seed: Any, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    rows, log_q = source.sample(context(**options), seed)
    return tuple(np.asarray(keras.ops.convert_to_numpy(one)) for one in (rows, log_q))


@pytest.mark.parametrize("alpha", [None, 0.0, 0.75, 1.0])
def test_draws_follow_their_log_probabilities(alpha: float | None) -> None:
    """By a chi-square statistic of 20,000 draws, far below where 1 of 10^6 seeds would be."""
    options: dict[str, Any] = {"shared": False} | ({} if alpha is None else {"alpha": alpha})
    source = (UniformNegatives if alpha is None else FrequencyNegatives)(4, **options)
    rows, log_q = draw(source, 0, query_shape=(5_000,))
    rows, log_q, number = rows.ravel(), log_q.ravel(), 20_000
    weights = COUNTS ** float(alpha or 0)
    q = weights / weights.sum()
    np.testing.assert_allclose(np.exp(log_q), q[rows], rtol=1e-5)
    expected = number * q
    assert ((np.bincount(rows, minlength=5) - expected) ** 2 / expected).sum() < 33


@pytest.mark.parametrize("source", [UniformNegatives, FrequencyNegatives])
@pytest.mark.parametrize(
    ("shared", "query_shape", "shape"),
    [(True, (4,), (4,)), (False, (6,), (6, 4)), (False, (2, 3), (2, 3, 4))],
)
def test_shapes(source: Any, shared: bool, query_shape: tuple[int, ...], shape: tuple[int, ...]) -> None:
    rows, log_q = draw(source(4, shared=shared), 0, query_shape=query_shape)
    assert rows.shape == log_q.shape == shape
    assert rows.dtype == np.int32
    assert 0 <= rows.min() <= rows.max() < 5


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("number", [5, 6, 1000])
def test_uniform_negatives_hold_a_small_catalog_once(number: int, shared: bool) -> None:
    rows, log_q = draw(UniformNegatives(number, shared=shared), 0)
    assert rows.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(np.exp(log_q), 1 / 5, rtol=1e-6)


@pytest.mark.parametrize("source", [UniformNegatives(4, shared=False), FrequencyNegatives(50)])
def test_a_number_repeats_itself_and_a_generator_goes_on(source: Any) -> None:
    generator = keras.random.SeedGenerator(3)
    first, second = (draw(source, generator)[0].tolist() for _ in range(2))
    assert first != second
    assert draw(source, keras.random.SeedGenerator(3))[0].tolist() == first
    assert draw(source, 7)[0].tolist() == draw(source, 7)[0].tolist()


def test_items_that_never_occurred_among_very_many_are_drawn_with_the_probability_they_state() -> None:
    """float32 would add 1e-9 to a running sum of 1 in vain."""
    log_frequency = np.full(1000, -25.0, "float32")
    log_frequency[0] = 0
    batch = DrawContext((1,), 1000, log_frequency=lambda: keras.ops.convert_to_tensor(log_frequency))
    rows, log_q = FrequencyNegatives(100, alpha=1.0).sample(batch, 0)
    assert np.isfinite(keras.ops.convert_to_numpy(log_q)).all()
    assert keras.ops.convert_to_numpy(rows).max() == 0


def test_refusals_and_configs() -> None:
    assert InBatchNegatives().sample(context(), 0) is None
    for source in (
        InBatchNegatives(),
        UniformNegatives(3, shared=False),
        FrequencyNegatives(3, alpha=0.5),
        ColumnNegatives("shown", max_length=4),
        IndexNegatives(3),
    ):
        assert type(source).from_config(source.get_config()) == source
    for make in (lambda: UniformNegatives(0), lambda: FrequencyNegatives(0), lambda: IndexNegatives(0)):
        with pytest.raises(ArgumentError, match="num_negatives must be"):
            make()
    with pytest.raises(ArgumentError, match="alpha must be"):
        FrequencyNegatives(1, alpha=-1.0)
    with pytest.raises(ArgumentError, match="log_q layer"):
        FrequencyNegatives(1).sample(DrawContext((1,), 5), 0)
    with pytest.raises(ArgumentError, match="IndexNegatives must know the candidates' vectors"):
        IndexNegatives(1).sample(DrawContext((1,), 5, queries=np.zeros((1, 2), "float32")), 0)
    with pytest.raises(ArgumentError, match="max_length must be"):
        ColumnNegatives("shown", max_length=0)
    with pytest.raises(FeatureError, match=r"must have the column 'shown', got columns \['film'\]"):
        ColumnNegatives("shown").sample(DrawContext((1,), 5, {"film": np.int32([0])}), 0)


def test_slots_of_a_column_without_an_item_are_masked_and_hold_random_rows() -> None:
    shown = np.full((2000, 3), -1, "int32")
    shown[:, 0], shown[7, 1] = 4, 2
    features = {"shown": keras.ops.convert_to_tensor(shown)}
    rows, log_q, mask = ColumnNegatives("shown").sample(DrawContext((2000,), 5, features), 0)
    rows, mask = keras.ops.convert_to_numpy(rows), keras.ops.convert_to_numpy(mask)
    assert log_q is None
    np.testing.assert_array_equal(mask, shown >= 0)
    np.testing.assert_array_equal(rows[mask], shown[mask])
    counts = np.bincount(rows[~mask], minlength=5)
    assert counts.sum() == 3999
    assert ((counts - 799.8) ** 2 / 799.8).sum() < 33  # chi-square; of 10^6 seeds, 1 would reach it


@pytest.mark.parametrize("num_negatives", [4, 50])
@pytest.mark.parametrize("query_shape", [(7,), (2, 3)])
@pytest.mark.parametrize("num_heads", [None, 2])
def test_the_best_candidates_of_each_query(
    num_heads: int | None, query_shape: tuple[int, ...], num_negatives: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In chunks of three queries; all 20 candidates if more are asked for."""
    monkeypatch.setattr(backend, "rows_per_chunk", lambda *sizes: 3)
    generator = np.random.default_rng(0)
    heads = () if num_heads is None else (num_heads,)
    queries = generator.normal(size=(*query_shape, *heads, 5)).astype("float32")
    catalog = generator.normal(size=(20, 5)).astype("float32")
    scores = queries @ catalog.T if num_heads is None else (queries @ catalog.T).max(axis=-2)
    context = DrawContext(
        query_shape,
        20,
        queries=keras.ops.convert_to_tensor(queries),
        candidate_vectors=lambda: keras.ops.convert_to_tensor(catalog),
    )
    rows, log_q = IndexNegatives(num_negatives).sample(context, 0)
    assert log_q is None
    expected = np.argsort(-scores, axis=-1)[..., :num_negatives]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(rows), expected)

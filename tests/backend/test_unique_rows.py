"""Distinct rows next to a dict of rows."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist import backend

pytestmark = pytest.mark.contract
MODULE = __import__(f"shortlist.backend.{keras.config.backend()}._rows", fromlist=["unique_rows"])


def found(*parts: np.ndarray) -> tuple[list[int], list[int]]:
    """The first of each row's kind, and how many kinds there are."""
    answer = backend.unique_rows([keras.ops.convert_to_tensor(part) for part in parts])
    first, codes = (np.asarray(keras.ops.convert_to_numpy(part)) for part in answer[:2])
    number = len(first) if answer.number is None else int(answer.number)
    assert codes.shape == parts[0].shape[:1]
    assert len(codes) == 0 or 0 <= codes.min() <= codes.max() < number <= len(first)
    return first[codes].tolist(), [number]


def slow(*parts: np.ndarray) -> tuple[list[int], list[int]]:
    slots: dict[Any, int] = {}
    rows = [tuple(part[i].tobytes() for part in parts) for i in range(len(parts[0]))]
    return [slots.setdefault(row, i) for i, row in enumerate(rows)], [len(set(rows))]


@pytest.mark.parametrize("num_kinds", [1, 3, 8, 100])
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 3)])
def test_rows_are_one_where_all_their_parts_are(num_kinds: int, shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(num_kinds)
    kinds = generator.normal(size=(num_kinds, *shape)).astype("float32")
    vectors = kinds[generator.integers(0, num_kinds, 50)]
    codes, weights = generator.integers(0, 2, (2, 50))
    parts = [vectors, codes.astype("int32"), weights.astype("float32")]
    for number in (1, 2, 3):
        assert found(*parts[:number]) == slow(*parts[:number])


def test_a_single_bit_tells_rows_apart() -> None:
    ones = np.ones((4, 3), "float32")
    ones[1, 2], ones[2, 0] = np.nextafter(np.float32(1), np.float32(2)), -1.0
    assert found(ones) == ([0, 1, 2, 0], [3])
    assert found(np.float32([[0.0], [-0.0], [np.nan], [np.nan]])) == ([0, 1, 2, 2], [3])


@pytest.mark.parametrize("num_zeros", [16, 23], ids=["half precision", "powers of two"])
def test_numbers_of_few_bits_are_no_reason_for_equal_hashes(num_zeros: int) -> None:
    """Rows of equal hashes would all be told apart, for nothing."""
    generator = np.random.default_rng(0)
    numbers = (np.float32(2) ** generator.normal(0, 4, (1500, 16))).view("uint32") >> num_zeros << num_zeros
    vectors = numbers.view("float32")[generator.integers(0, 1500, 3000)]
    assert found(vectors) == slow(vectors)


def test_no_rows_and_one() -> None:
    assert found(np.zeros((0, 3), "float32")) == ([], [0])
    assert found(np.zeros((1, 3), "float32")) == ([0], [1])


def test_rows_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "hash_multipliers", lambda width: np.zeros(width, "uint64"))
    vectors = np.float32([[1, 2], [3, 4], [1, 2]])
    if keras.config.backend() == "jax":  # which sets the lowest bit: a hash that is the sum
        vectors = np.int32([[1, 2], [2, 1], [1, 2]]).view("float32")
    assert found(vectors) == ([0, 1, 2], [3])

"""Contract of exact indexes: checks that take a function which creates an index, and a top-k oracle.

A test file of an index calls `make(vectors, ids, **options)` its own way and hands it to these.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.oracles.top_k import top_k
from tests.oracles.worlds import ID_POOLS, PADDING_OF, ranking_world

from shortlist.errors import ArgumentError, NotIndexedError

Array = NDArray[Any]
# Creates an index of vectors [N, D] with ids [N]; row numbers if None.
Make = Callable[..., Any]

NUM_CANDIDATES = 5


def catalog(kind: str) -> tuple[Array, Array]:
    """Return unit vectors, whose scores equal the query, and ids that collide when cast."""
    ids = np.array(ID_POOLS[kind], "int64" if kind == "int64" else object)
    return np.eye(NUM_CANDIDATES, dtype="float32"), ids


def check_equals_the_oracle(make: Make, kind: str) -> None:
    """Compare with the oracle: ties, exclusions, and every k up to more than the number of candidates."""
    vectors, ids = catalog(kind)
    index = make(vectors, ids)
    for seed in range(6):
        world = ranking_world(seed)
        queries = world.scores.astype("float32")
        for k in world.ks:
            check_answer(index(queries, k), top_k(world.scores, min(k, NUM_CANDIDATES)), ids, kind)
            excluded = [[ids[row] for row in rows if row >= 0] for rows in world.excluded_rows]
            wanted = top_k(world.scores, min(k, NUM_CANDIDATES), world.excluded_rows)
            check_answer(index(queries, k, exclude=excluded), wanted, ids, kind)


def check_answer(found: tuple[Array, Array], wanted: tuple[Array, Array], ids: Array, kind: str) -> None:
    scores, rows = wanted
    np.testing.assert_array_equal(found[0], scores)
    assert found[0].dtype == np.float32
    assert found[1].tolist() == [
        [ids[row] if row >= 0 else PADDING_OF[kind] for row in line] for line in rows
    ]
    types = {type(one) for line in found[1].tolist() for one in line}
    assert types == {type(PADDING_OF[kind])}


def check_real_valued_scores(make: Make) -> None:
    generator = np.random.default_rng(0)
    vectors, queries = generator.normal(size=(40, 6)), generator.normal(size=(9, 6))
    excluded = generator.integers(0, 40, (9, 12))
    wanted_scores, wanted_rows = top_k(queries @ vectors.T, 8, excluded.tolist())
    scores, rows = make(vectors.astype("float32"))(queries.astype("float32"), 8, exclude=excluded)
    np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)
    np.testing.assert_array_equal(rows, wanted_rows)


def check_queries_of_several_vectors(make: Make) -> None:
    generator = np.random.default_rng(1)
    vectors, queries = generator.normal(size=(7, 3)), generator.normal(size=(4, 2, 3))
    wanted_scores, wanted_rows = top_k(np.einsum("bhd,nd->bhn", queries, vectors).max(axis=1), 3)
    scores, rows = make(vectors.astype("float32"))(queries.astype("float32"), 3)
    np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)
    np.testing.assert_array_equal(rows, wanted_rows)


def check_padding_and_unknown_ids_exclude_nothing(make: Make) -> None:
    index = make(np.eye(3, dtype="float32"), np.array(["a", "b", "c"], object))
    matrix = np.array([["b", "", "nowhere"], ["", "", ""]], object)
    query = np.float32([[1, 2, 3]] * 2)
    assert index(query, 2, exclude=matrix)[1].tolist() == [["c", "a"], ["c", "b"]]
    assert index(query, 2, exclude=[[], ["c", "c"]])[1].tolist() == [["c", "b"], ["b", "a"]]


def check_default_k(make: Make) -> None:
    index = make(np.eye(4, dtype="float32"), k=2)
    assert index(np.float32([[1, 2, 3, 4]]))[1].tolist() == [[3, 2]]


def check_queries_in_plain_lists(make: Make) -> None:
    assert make(np.eye(2, dtype="float32"))([[1.0, 2.0]], 1)[1].tolist() == [[1]]


def check_no_queries(make: Make) -> None:
    scores, ids = make(np.eye(4, dtype="float32"))(np.zeros((0, 4), "float32"), 2)
    assert scores.shape == ids.shape == (0, 2)


def check_large_and_small_half_precision(make: Make) -> None:
    """Check that float16 inputs change nothing, with integers that float16 holds exactly."""
    scores, rows = make(np.eye(3, dtype="float16"))(np.float16([[3, 1, 2]]), 3)
    assert scores.tolist() == [[3, 2, 1]]
    assert rows.tolist() == [[0, 2, 1]]


BAD_K = [0, -1, 1.5, True, "3"]


def check_bad_k(make: Make, k: Any) -> None:
    with pytest.raises(ArgumentError, match="k must be an integer >= 1, got"):
        make(np.eye(3, dtype="float32"))(np.eye(3, dtype="float32"), k)
    with pytest.raises(ArgumentError, match="k must be an integer >= 1, got"):
        make(np.eye(3, dtype="float32"), k=k)


def check_wrong_dimensions(make: Make) -> None:
    index = make(np.eye(3, dtype="float32"))
    with pytest.raises(ArgumentError, match="equal last dimensions"):
        index(np.ones((1, 2), "float32"), 1)
    with pytest.raises(ArgumentError, match="batch of one"):
        index(np.ones(3, "float32"), 1)
    with pytest.raises(ArgumentError, match="one list of ids for each of the 2 queries"):
        index(np.ones((2, 3), "float32"), 1, exclude=[[1]])


def check_not_indexed(index: Any) -> None:
    with pytest.raises(NotIndexedError, match="must hold candidates, got none"):
        index(np.ones((1, 3), "float32"))


def check_bad_vectors(make: Make) -> None:
    query = np.ones((1, 2), "float32")
    for vectors in (np.float32([[1, 2], [np.nan, 0]]), np.float32([[1, 2], [0, np.inf]])):
        with pytest.raises(ArgumentError, match="candidate 1 must have a finite vector, got NaN or infinity"):
            make(vectors)(query, 1)
    for shape in ((3,), (3, 2, 1), (0, 2), (3, 0)):
        with pytest.raises(ArgumentError, match=r"\[(num_candidates|batch), dim\]"):
            make(np.ones(shape, "float32"))(query, 1)


def check_one_id_for_each_vector(make: Make) -> None:
    with pytest.raises(ArgumentError, match="one"):
        make(np.eye(3, dtype="float32"), np.array(["a", "b"], object))(np.ones((1, 3), "float32"), 1)


def check_exclusions_of_another_kind(make: Make) -> None:
    # Integers would match none of the string ids, so nothing would be excluded.
    index = make(np.eye(2, dtype="float32"), np.array(["7", "8"], object))
    with pytest.raises(ValueError, match="str"):
        index(np.ones((1, 2), "float32"), 1, exclude=[[7]])

"""Small seeded worlds in which what breaks recommenders is certain to happen, and strategies over them.

Every world has seven queries: in batches of three the last batch holds one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
NUM_QUERIES = 7
BATCH_SIZE = 3
# Pairs fall together when cast: to int32 (7), to float64 (2**53), to a number ("7"), to lower case ("a").
ID_POOLS: dict[str, list[Any]] = {
    "int64": [7, 2**32 + 7, 2**53, 2**53 + 1, -5],
    "str": ["7", "07", "a", "A", "é"],
    "bytes": [b"7", b"07", b"a", b"A", "é".encode()],
}
PADDING_OF: dict[str, Any] = {"int64": -1, "str": "", "bytes": b""}


@dataclass(frozen=True)
class BatchWorld:
    """Arguments of `softmax.in_batch_softmax` under its own names: `in_batch_softmax(**vars(world))`."""

    queries: FloatArray  # [B, D] or [B, H, D]
    candidates: FloatArray  # [M, D]
    temperature: float
    log_probability: FloatArray  # [M]
    candidate_ids: list[Any]  # [M]
    remove_accidental_hits: bool
    query_ids: list[Any]  # [B]
    mask_false_negatives: bool
    score_mask: NDArray[np.bool_]  # [B, M]
    num_hard_negatives: int | None
    sample_weight: FloatArray  # [B]


@dataclass(frozen=True)
class RankingWorld:
    """Queries over a catalog, for `ranking_metrics` and `top_k`."""

    scores: FloatArray  # [B, N], from {0, 1, 2}
    true_rows: list[list[int]]  # -1 padding, -2 outside the catalog
    excluded_rows: list[list[int]]
    weights: FloatArray  # [B], from {0, 1, 2}
    ks: tuple[int, ...]  # 1, 2, N and beyond N


@dataclass(frozen=True)
class ListWorld:
    """Recommended and true ids, for `evaluate_lists`."""

    recommended: list[list[Any]]
    true: list[list[Any]]
    ks: tuple[int, ...]


def batch_world(
    seed: int,
    *,
    id_kind: str = "int64",
    num_extra: int = 2,
    num_heads: int | None = None,
    num_hard_negatives: int | None = None,
    tied: bool = False,
    num_kinds: int | None = None,
) -> BatchWorld:
    """A batch with colliding candidates, repeated users, masked positives, a row left without negatives.

    Args:
        seed: of everything drawn.
        id_kind: a key of `ID_POOLS`.
        num_extra: candidates beyond the batch's own; the first of them repeats the positive of row 0.
        num_heads: vectors a query, None for one without a head axis.
        num_hard_negatives: handed on.
        tied: small whole numbers as vectors, so that scores tie (do not compare gradients then).
        num_kinds: how many vectors a side draws its own from, whatever their ids; a vector each when None.
    """
    generator = np.random.default_rng(seed)
    num_columns = NUM_QUERIES + num_extra
    query_shape = (NUM_QUERIES, 3) if num_heads is None else (NUM_QUERIES, num_heads, 3)
    items = colliding_rows(generator, num_columns)
    queries, candidates = vectors(generator, query_shape, tied), vectors(generator, (num_columns, 3), tied)
    if num_kinds is not None:
        queries = queries[generator.integers(0, num_kinds, NUM_QUERIES)]
        candidates = candidates[generator.integers(0, num_kinds, num_columns)]
    return BatchWorld(
        queries=queries,
        candidates=candidates,
        temperature=float(generator.choice([0.5, 1.0, 2.0])),
        log_probability=np.log(generator.dirichlet(np.full(5, 2.0)))[items],
        candidate_ids=[ID_POOLS[id_kind][item] for item in items],
        remove_accidental_hits=True,
        query_ids=[ID_POOLS[id_kind][user] for user in repeated_users(generator)],
        mask_false_negatives=True,
        score_mask=harsh_mask(generator, num_columns),
        num_hard_negatives=num_hard_negatives,
        sample_weight=uneven_weights(generator),
    )


def vectors(generator: np.random.Generator, shape: tuple[int, ...], tied: bool) -> FloatArray:
    """Normal numbers, or whole ones from -1 to 1."""
    return generator.integers(-1, 2, shape).astype(np.float64) if tied else generator.normal(size=shape)


def colliding_rows(generator: np.random.Generator, num_columns: int) -> NDArray[np.int64]:
    """Rows of five items: columns 0 and 1 alike, column 2 another, the first extra column that of 0."""
    items = generator.integers(0, 5, num_columns)
    items[1] = items[0]
    items[2] = (items[0] + 1) % 5
    items[NUM_QUERIES : NUM_QUERIES + 1] = items[0]
    return items


def repeated_users(generator: np.random.Generator) -> NDArray[np.int64]:
    """Rows of three users: rows 0 and 2 are of the same, row 1 of another."""
    users = generator.integers(0, 3, NUM_QUERIES)
    users[1] = (users[0] + 1) % 3
    users[2] = users[0]
    return users


def harsh_mask(generator: np.random.Generator, num_columns: int) -> NDArray[np.bool_]:
    """Most pairs allowed; row 0's positive is masked (in vain), row 3 keeps no negative."""
    mask = generator.random((NUM_QUERIES, num_columns)) < 0.8
    mask[0, 0] = False
    mask[3] = False
    return mask


def uneven_weights(generator: np.random.Generator) -> FloatArray:
    """Weights 0, 1 and 2, each at least once."""
    return generator.permutation(np.append([0.0, 1.0, 2.0], generator.integers(0, 3, NUM_QUERIES - 3)))


def ranking_world(seed: int, *, num_candidates: int = 5) -> RankingWorld:
    """Seven queries in random order: each of the cases below once, all with tied scores.

    Constant scores with several, repeated and padded true rows; no true row; a true row next to one outside
    the catalog; a true row that is excluded; everything excluded, the true row too; only a true row outside
    the catalog; drawn ones.
    """
    if num_candidates < 4:
        raise ValueError("ties are certain from 4 candidates on")
    generator = np.random.default_rng(seed)
    everything = list(range(num_candidates))
    scores = generator.integers(0, 3, (NUM_QUERIES, num_candidates)).astype(np.float64)
    scores[0] = 1.0
    drawn_true, drawn_excluded = some(generator, everything), some(generator, everything)
    true_rows = [[0, 0, num_candidates - 1, -1], [-1, -1], [-2, 1], [2], [1], [-2, -1], drawn_true]
    excluded = [[1, -1], [0], [], [2, 0, 0], everything, [3], drawn_excluded]
    order = [int(query) for query in generator.permutation(NUM_QUERIES)]
    return RankingWorld(
        scores=scores[order],
        true_rows=[true_rows[query] for query in order],
        excluded_rows=[excluded[query] for query in order],
        weights=uneven_weights(generator),
        ks=(1, 2, num_candidates, num_candidates + 3),
    )


def some(generator: np.random.Generator, rows: list[int]) -> list[int]:
    """One to three of the rows, perhaps the same twice."""
    return [int(row) for row in generator.choice(rows, size=generator.integers(1, 4))]


def list_world(seed: int, *, id_kind: str = "int64") -> ListWorld:
    """Lists with padding before, between and after ids, one empty; true ids none, repeated or never met."""
    generator = np.random.default_rng(seed)
    pool, padding = ID_POOLS[id_kind], PADDING_OF[id_kind]
    shuffled = [[pool[row] for row in generator.permutation(len(pool))] for _ in range(NUM_QUERIES)]
    recommended = [
        [padding, *shuffled[0]], [*shuffled[1][:2], padding, *shuffled[1][2:]], [shuffled[2][0], padding],
        [], shuffled[4], shuffled[5], shuffled[6],
    ]  # fmt: skip
    true = [[pool[row] for row in some(generator, list(range(len(pool))))] for _ in range(NUM_QUERIES)]
    true[0] = [pool[0], pool[0], padding]
    true[4] = [padding]
    true[5] = [pool[1] * 2, pool[2]]  # the double of an id is no id of the pool
    return ListWorld(recommended, true, ks=(1, 2, len(pool), len(pool) + 3))


def row_stream(seed: int, *, num_rows: int = 6) -> list[list[int]]:
    """Batches of 3, 3 and 1 rows: a row twice in the first and once in the second, the last row never."""
    generator = np.random.default_rng(seed)
    rows = [int(row) for row in generator.integers(0, num_rows - 1, NUM_QUERIES)]
    rows[1] = rows[BATCH_SIZE] = rows[0]
    return [rows[part] for part in slices(NUM_QUERIES, BATCH_SIZE)]


def slices(num_rows: int, batch_size: int) -> Iterator[slice]:
    """The batches of so many rows; the last may be smaller."""
    for start in range(0, num_rows, batch_size):
        yield slice(start, min(start + batch_size, num_rows))


SEEDS = st.integers(0, 2**32 - 1)
ID_KINDS = st.sampled_from(sorted(ID_POOLS))


def batch_worlds(*, tied: bool = False) -> st.SearchStrategy[BatchWorld]:
    """Batch worlds of every kind of id, with and without extra negatives, heads and hard negatives."""
    return st.builds(
        batch_world,
        SEEDS,
        id_kind=ID_KINDS,
        num_extra=st.integers(0, 2),
        num_heads=st.sampled_from([None, 1, 2]),
        num_hard_negatives=st.none() | st.integers(0, NUM_QUERIES + 3),
        tied=st.just(tied),
    )


def ranking_worlds() -> st.SearchStrategy[RankingWorld]:
    """Ranking worlds of four to six candidates."""
    return st.builds(ranking_world, SEEDS, num_candidates=st.integers(4, 6))


def list_worlds() -> st.SearchStrategy[ListWorld]:
    """List worlds of every kind of id."""
    return st.builds(list_world, SEEDS, id_kind=ID_KINDS)


def row_streams() -> st.SearchStrategy[list[list[int]]]:
    """Streams over two to eight rows."""
    return st.builds(row_stream, SEEDS, num_rows=st.integers(2, 8))

"""Sources of the candidates that a metric evaluates over: memory, disk, or an approximate index."""

import tempfile
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, Protocol, Self, final

import keras
import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.features import Vocabulary
from shortlist.indexes import Index, StoredIndex, Streaming
from shortlist.indexes._candidates import check_vectors, read_candidates
from shortlist.metrics._ranks import Step, but_the_true, ranks
from shortlist.metrics._true_ranks import NEVER
from shortlist.search import Engine, RowFilter
from shortlist.search._tensors import found_rows
from shortlist.search._tuning import estimate_recall
from shortlist.typing import Tensor

__all__ = [
    "CandidateSource",
    "CandidatesInIndex",
    "CandidatesInMemory",
    "CandidatesOnDisk",
    "no_true_candidates",
    "open_candidates",
]

_IN_MEMORY, _ON_DISK = 64, 1024
"""Row counts: candidates are padded with zeros to a multiple of this, and tiles are multiples of it."""

_LARGEST_TILE = 2**22
"""Largest number of candidates per tile, as `backend.count_beyond_margin` requires."""

_IDS_FILE, _VECTORS_FILE = "candidate_ids.parquet", "candidate_vectors.npy"

Ranks = tuple[Tensor, Tensor]
"""Numbers of better and of tied candidates, `[batch, num_true]` each."""


class CandidateSource(Protocol):
    """Ranks true candidates among the candidates of one evaluation."""

    ids: np.ndarray | None
    """Id of each row; None if candidates have no ids."""
    table: keras.Variable | None
    """State that the source reads in compiled steps; the metric tracks it."""

    def ranks_of_rows(self, queries: Tensor, rows: Tensor, excluded: Tensor | None, k: int) -> Ranks:
        """Count the candidates that score higher than each true one, and those that score the same.

        Args:
            queries: `[batch, dim]`, or `[batch, heads, dim]`.
            rows: Rows of the true candidates, `[batch, num_true]`, int32; negative if not a candidate.
            excluded: Rows of excluded candidates, `[batch, num_excluded]`, int32; negative if padding.
            k: Position after which ranks do not matter.

        Returns:
            `num_better` and `num_tied`, float32, `[batch, num_true]`, as `TrueRanks` takes them.
        """
        ...

    def ranks_of_vectors(self, queries: Tensor, vectors: Tensor) -> Ranks:
        """Count like `ranks_of_rows` for true candidates with the given vectors, `[batch, num_true, dim]`."""
        ...

    def save(self, folder: Path) -> None:
        """Write what `CandidatesInMemory.load` reads, or nothing, into an existing folder."""


def open_candidates(
    candidates: Iterable[Any] | Index,
    encoder: Callable[[Any], Any] | None,
    *,
    previous: CandidateSource | None,
    k: int,
    metric: str,
) -> CandidateSource:
    """Read and encode candidates for one evaluation; warn if an index is approximate.

    Args:
        candidates: A dataset or an index, as in `FactorizedTopK`.
        encoder: As in `FactorizedTopK`.
        previous: Source of the previous evaluation.
        k: Number of candidates that an approximate index returns.
        metric: Name of the metric, for the warning.

    Returns:
        `previous`, updated in place, if compiled steps can keep using it; otherwise a new source.

    Raises:
        NotIndexedError: If an index has no candidates.
        ArgumentError: If candidates are not as described in `FactorizedTopK`.
    """
    if isinstance(candidates, Streaming):
        return CandidatesOnDisk(candidates.batches())
    if isinstance(candidates, StoredIndex) and not candidates.is_exact():
        snapshot = candidates.snapshot()
        if snapshot.has_deletions or len(snapshot.delta):
            requirement = "hold exactly the candidates it was built with"
            raise ArgumentError(must("index", requirement, fix="Call its compact() first"))
        if isinstance(previous, CandidatesInIndex) and previous.engine is snapshot.engine:
            return previous
        recall = estimate_recall(snapshot.engine, k)
        warnings.warn(
            f"metric {metric!r} evaluates the results of {type(candidates).__name__}, which finds "
            f"{recall:.1%} of the exact {k} best (with candidates as queries); the rest count as misses.",
            stacklevel=3,
        )
        return CandidatesInIndex(snapshot.engine, candidates.ids)
    if not isinstance(candidates, StoredIndex):
        vectors, ids, _ = read_candidates(candidates, encoder)
    else:
        vectors, ids = candidates.vectors, candidates.ids
    vectors = check_vectors(vectors)
    if isinstance(previous, CandidatesInMemory) and previous.replace(vectors, ids):
        return previous
    return CandidatesInMemory(vectors, ids)


class _TiledCandidates(ABC):
    """Candidate vectors with a column of ones, padded with rows of zeros. Abstract."""

    ids: np.ndarray | None
    table: keras.Variable | None = None
    num_candidates: int

    @abstractmethod
    def vectors(self, rows: Tensor) -> Tensor:
        """Return the vectors of rows `[n]`, int32, in `[0, num_candidates)`: `[n, dim]`, float32."""

    @abstractmethod
    def fold(self, step: Step, carry: Any, num_columns: Tensor | int) -> Any:
        """Apply a function to all tiles; see `Tiles`."""

    def ranks_of_rows(self, queries: Tensor, rows: Tensor, excluded: Tensor | None, k: int) -> Ranks:
        vectors = self.vectors(ops.reshape(ops.maximum(rows, 0), (-1,)))
        vectors = ops.reshape(vectors, (-1, rows.shape[1], queries.shape[-1]))
        return ranks(self, queries, vectors, rows, excluded)

    def ranks_of_vectors(self, queries: Tensor, vectors: Tensor) -> Ranks:
        return ranks(self, queries, vectors)


@final
class CandidatesInMemory(_TiledCandidates):
    """Candidates in a Keras variable.

    Args:
        vectors: `[num_candidates, dim]`, float32.
        ids: `[num_candidates]`, or None.
    """

    def __init__(self, vectors: np.ndarray, ids: np.ndarray | None = None) -> None:
        self.ids, self.num_candidates = ids, len(vectors)
        self.table: keras.Variable = keras.Variable(_widened(vectors), trainable=False, name="candidates")

    def replace(self, vectors: np.ndarray, ids: np.ndarray | None) -> bool:
        """Replace the candidates by others of the same shape; return False for another shape."""
        wide = _widened(vectors)
        if len(vectors) != self.num_candidates or wide.shape != tuple(self.table.shape):
            return False
        self.table.assign(wide)
        self.ids = ids
        return True

    def vectors(self, rows: Tensor) -> Tensor:
        return ops.take(ops.convert_to_tensor(self.table), rows, axis=0)[:, :-1]

    def fold(self, step: Step, carry: Any, num_columns: Tensor | int) -> Any:
        def of_part(carry: Any, part: dict[str, Tensor], first: Tensor | int) -> Any:
            return step(carry, part["vector"], first), ()

        num_tiles = self.table.shape[0] // _IN_MEMORY
        size = _IN_MEMORY * backend.rows_per_chunk(num_tiles, _IN_MEMORY * num_columns)
        smaller = min if isinstance(size, int) else ops.minimum
        rows = {"vector": ops.convert_to_tensor(self.table)}
        return backend.scan_chunks(of_part, carry, rows, smaller(size, _LARGEST_TILE), dtypes=())[0]

    def save(self, folder: Path) -> None:
        np.save(folder / _VECTORS_FILE, ops.convert_to_numpy(self.table)[: self.num_candidates, :-1])
        if self.ids is not None:
            Vocabulary(self.ids).save(folder / _IDS_FILE)

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Return the candidates that `save` wrote, or None if it wrote none."""
        vectors, ids = folder / _VECTORS_FILE, folder / _IDS_FILE
        if not vectors.exists():
            return None
        return cls(np.load(vectors), Vocabulary.load(ids).known_ids if ids.exists() else None)


@final
class CandidatesOnDisk(_TiledCandidates):
    """Candidates in a temporary file, which is deleted with this object.

    Args:
        batches: Batches of ids `[n]` and vectors `[n, dim]`, float32.

    Raises:
        ArgumentError: If there is no batch, or `dim` differs between batches.
    """

    def __init__(self, batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
        with tempfile.TemporaryFile() as file:  # has no name; lives as long as the memory map
            self.ids, width = _write(file, batches)
            self.num_candidates = len(self.ids)
            num_rows = -(-self.num_candidates // _ON_DISK) * _ON_DISK
            file.truncate(4 * num_rows * width)  # a longer file reads as zeros
            self._rows = np.memmap(file, "float32", mode="r", shape=(num_rows, width))

    def vectors(self, rows: Tensor) -> Tensor:
        shape = (rows.shape[0], self._rows.shape[1] - 1)
        return backend.host_callback(lambda asked: np.array(self._rows[asked, :-1]), rows, shape)

    def fold(self, step: Step, carry: Any, num_columns: Tensor | int) -> Any:
        def of_tile(carry: Any, _: dict[str, Tensor], number: Tensor | int) -> Any:
            tile = backend.host_callback(self._tile, number, (_ON_DISK, self._rows.shape[1]))
            return step(carry, tile, number * _ON_DISK), ()

        rows = {"tile": ops.arange(len(self._rows) // _ON_DISK, dtype="int32")}
        return backend.scan_chunks(of_tile, carry, rows, 1, dtypes=())[0]

    def save(self, folder: Path) -> None:
        """Write nothing: the candidates may exceed memory."""

    def _tile(self, number: np.ndarray) -> np.ndarray:
        first = int(number) * _ON_DISK
        return np.array(self._rows[first : first + _ON_DISK])


@final
class CandidatesInIndex:
    """Candidates of an approximate index. True candidates that it does not return count as never found.

    Args:
        engine: Engine that searches the candidates.
        ids: `[num_candidates]`.
    """

    table = None

    def __init__(self, engine: Engine, ids: np.ndarray | None = None) -> None:
        self.engine, self.ids = engine, ids

    def ranks_of_rows(self, queries: Tensor, rows: Tensor, excluded: Tensor | None, k: int) -> Ranks:
        """Count the candidates returned before each true one; none is tied. See `CandidateSource`."""
        queries = ops.cast(queries if len(queries.shape) == 3 else ops.expand_dims(queries, 1), "float32")
        if excluded is None:
            excluded = ops.zeros((ops.shape(queries)[0], 0), "int32")
        allowed = RowFilter(but_the_true(excluded, rows))
        k = min(k, self.engine.num_rows)
        listed = ops.convert_to_tensor(found_rows(self.engine, queries, k, allowed))
        is_match = ops.expand_dims(rows, 2) == ops.expand_dims(listed, 1)
        is_found = ops.logical_and(ops.any(is_match, axis=2), rows >= 0)
        position = ops.cast(ops.argmax(ops.cast(is_match, "int32"), axis=2), "float32")
        return ops.where(is_found, position, float(NEVER)), ops.ones_like(position)

    def ranks_of_vectors(self, queries: Tensor, vectors: Tensor) -> Ranks:
        """Raise an ArgumentError: an index ranks its own candidates only."""
        raise no_true_candidates()

    def save(self, folder: Path) -> None:
        """Write nothing: its user saves the index."""


def no_true_candidates() -> ArgumentError:
    """Return the error for a batch without true candidates that the source can rank."""
    fix = "Pass true_candidate_embeddings, or true_candidate_ids and candidates as pairs (ids, vectors)"
    requirement = "be given as vectors, or as ids if the candidates have ids"
    return ArgumentError(must("true candidates", requirement, fix=fix))


def _write(file: IO[bytes], batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, int]:
    """Write vectors with a column of ones; return the ids and the width."""
    ids, widths = [], set[int]()
    for some_ids, vectors in batches:
        wide = np.pad(vectors, [(0, 0), (0, 1)], constant_values=1.0)
        file.write(np.ascontiguousarray(wide, "float32").data)
        ids.append(some_ids)
        widths.add(wide.shape[1])
    file.flush()
    if not widths:
        raise ArgumentError(must("candidates", "hold at least one batch", got="an empty dataset"))
    if len(widths) > 1:
        dims = sorted(width - 1 for width in widths)
        raise ArgumentError(must("batches of candidates", "have the same dim", got=dims))
    return np.concatenate(ids), widths.pop()


def _widened(vectors: np.ndarray) -> np.ndarray:
    """Append a column of ones, and rows of zeros up to a multiple of the smallest tile."""
    wide = np.zeros((-(-len(vectors) // _IN_MEMORY) * _IN_MEMORY, vectors.shape[1] + 1), "float32")
    wide[: len(vectors), :-1], wide[: len(vectors), -1] = vectors, 1.0
    return wide

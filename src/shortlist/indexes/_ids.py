"""The ids of candidates, on the host."""

from itertools import repeat
from typing import Any, final

import numpy as np

from shortlist.errors import FeatureError
from shortlist.features import Vocabulary
from shortlist.features._ids import exact_ids, id_kind
from shortlist.typing import ItemId

__all__ = ["CandidateIds"]


@final
class CandidateIds:
    """Ids to rows and back: those of the engine's rows, and those that came later.

    Args:
        vocabulary: Ids of the first rows; None when they are the row numbers.
        num_old: How many these are.
        delta_ids: Ids of the rows after them.
        is_live: `[num_rows]`, bool; what is not there any more has no row.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | None,
        num_old: int,
        delta_ids: tuple[ItemId, ...],
        is_live: np.ndarray,
    ) -> None:
        self._vocabulary, self._num_old, self._is_live = vocabulary, num_old, is_live
        self._delta_ids = delta_ids
        self._has_deletions = not bool(is_live.all())
        self._delta_rows = {
            id_: num_old + place for place, id_ in enumerate(delta_ids) if is_live[num_old + place]
        }

    @property
    def padding(self) -> Any:
        """What stands for no id: -1, or empty text of the ids' type."""
        known = np.arange(0) if self._vocabulary is None else self._vocabulary.known_ids
        return -1 if known.dtype != object else type(known[0])()

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """The row of each id.

        Args:
            ids: Of any shape.

        Returns:
            int32, of the same shape; -1 for ids that no candidate has.
        """
        rows = self._old_rows(ids)
        if self._has_deletions:
            rows = np.where(self._is_live[np.maximum(rows, 0)], rows, -1)
        if self._delta_rows:
            keys = self._keys(ids)
            delta = np.fromiter(map(self._delta_rows.get, keys, repeat(-1)), "int32", len(keys))
            rows = np.maximum(rows, delta.reshape(rows.shape))
        return rows

    def _old_rows(self, ids: np.ndarray) -> np.ndarray:
        if self._vocabulary is not None:
            return self._vocabulary.rows(ids) - 1
        if ids.size and id_kind(ids) not in ("int64", None):
            raise FeatureError(
                f"got {id_kind(ids)} ids such as {ids.ravel()[0]!r}, and the candidates have their row "
                "numbers for ids: expected integers, or an index made with ids."
            )
        numbers = np.asarray(ids, "int64")
        return np.where((numbers >= 0) & (numbers < self._num_old), numbers, -1).astype("int32")

    def _keys(self, ids: np.ndarray) -> list[Any]:
        return ids.ravel().tolist() if self._vocabulary is None else self._vocabulary.keys(ids)

    def of_rows(self, rows: np.ndarray) -> np.ndarray:
        """The id of each row.

        Args:
            rows: int, of any shape; negative for none.

        Returns:
            int64, or object holding text, of the same shape; -1 or empty text for none.
        """
        if self._vocabulary is None and not self._delta_ids:
            return np.where(rows < 0, -1, rows).astype("int64")
        ids = self._old_ids(rows)
        for place in zip(*np.nonzero(rows >= self._num_old), strict=True):
            ids[place] = self._delta_ids[rows[place] - self._num_old]
        ids[rows < 0] = self.padding
        return ids

    def _old_ids(self, rows: np.ndarray) -> np.ndarray:
        rows = np.where((rows >= 0) & (rows < self._num_old), rows, 0)
        return rows.astype("int64") if self._vocabulary is None else self._vocabulary.known_ids[rows]

    def known(self) -> np.ndarray:
        """The ids of all candidates that are there, in the order of their rows.

        Returns:
            `[num_candidates]`.
        """
        return self.of_rows(np.flatnonzero(self._is_live))

    def plain(self, ids: np.ndarray) -> list[ItemId]:
        """Ids as the index keeps them: plain Python values of its own kind.

        Args:
            ids: `[n]`.

        Returns:
            `n` values.

        Raises:
            FeatureError: When they are of another kind.
        """
        self._old_rows(ids)  # refuses another kind
        return exact_ids(ids) if self._vocabulary is None else self._vocabulary.keys(ids)

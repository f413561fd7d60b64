"""Ids of the candidates of an index, with additions and deletions."""

from itertools import repeat
from typing import Any, final

import numpy as np

from shortlist.errors import FeatureError, must
from shortlist.ids._kinds import PADDING, exact_ids, id_kind
from shortlist.ids._vocabulary import Vocabulary
from shortlist.typing import ItemId

__all__ = ["CandidateIds"]


@final
class CandidateIds:
    """Map ids to candidate rows and back: rows built into the engine first, then rows added since.

    Args:
        vocabulary: Ids of the first rows; None if the ids are the row numbers.
        num_old: Number of the first rows.
        delta_ids: Ids of the rows added since.
        is_live: `[num_rows]`, bool, False for removed rows; their ids are unknown.
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
        """Value that stands for no id: -1, empty text or empty bytes."""
        return PADDING["int64" if self._vocabulary is None else self._vocabulary.kind]

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """Return the row of each id, int32 in the shape of `ids`; -1 for ids that no candidate has."""
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
            requirement = "be integers, since the candidates have their row numbers as ids"
            got = f"{id_kind(ids)} such as {ids.item(0)!r}"
            raise FeatureError(must("ids", requirement, got=got, fix="Build the index with ids"))
        if ids.dtype == object:  # Python integers, some of which may not fit int64
            inside = [one if 0 <= one < self._num_old else -1 for one in ids.ravel().tolist()]
            return np.array(inside, "int32").reshape(ids.shape)
        numbers = np.asarray(ids, "int64")
        return np.where((numbers >= 0) & (numbers < self._num_old), numbers, -1).astype("int32")

    def _keys(self, ids: np.ndarray) -> list[Any]:
        return ids.ravel().tolist() if self._vocabulary is None else self._vocabulary.keys(ids)

    def of_rows(self, rows: np.ndarray) -> np.ndarray:
        """Return the id of each row, in the shape of `rows`; `padding` for negative rows."""
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
        """Return the ids of all candidates that were not removed, in the order of their rows."""
        return self.of_rows(np.flatnonzero(self._is_live))

    def plain(self, ids: np.ndarray) -> list[ItemId]:
        """Return ids `[n]` as the index keeps them: Python values of its own kind.

        Raises:
            FeatureError: If they are of another kind.
        """
        self._old_rows(ids)  # refuses another kind
        return exact_ids(ids) if self._vocabulary is None else self._vocabulary.keys(ids)

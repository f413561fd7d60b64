"""The distinct ids of data that come in parts."""

from typing import final

from shortlist.errors import FeatureError
from shortlist.features._ids import IdKind, as_array, exact_ids, id_kind
from shortlist.features._values import check_any
from shortlist.features._vocabulary import Vocabulary
from shortlist.typing import ArrayLike, ItemId

__all__ = ["DistinctIds"]


@final
class DistinctIds:
    """Collects ids in the order in which each first appears; memory grows with the distinct ones alone.

    Example:
        >>> ids = DistinctIds()
        >>> ids.add(["b", "a"])
        >>> ids.add(["a", "c"])
        >>> ids.vocabulary().known_ids.tolist()
        ['b', 'a', 'c']
    """

    def __init__(self) -> None:
        self._ids: dict[ItemId, None] = {}
        self._kind: IdKind | None = None

    def add(self, values: ArrayLike) -> None:
        """Collect ids.

        Args:
            values: Of any shape, all of one kind, the same in each part.

        Raises:
            FeatureError: They are no ids, or of another kind than those before.
        """
        array = as_array(values)
        kind = id_kind(array)
        if None not in (kind, self._kind) and kind != self._kind:
            raise FeatureError(
                f"got ids of {kind}, expected {self._kind} as before: give each row an id of one kind and "
                "convert the others (str(id), int(id))"
            )
        self._kind = kind or self._kind
        self._ids.update(dict.fromkeys(exact_ids(array)))

    def vocabulary(self) -> Vocabulary:
        """The vocabulary of all ids so far.

        Raises:
            FeatureError: There were none.
        """
        check_any(len(self._ids))
        return Vocabulary(list(self._ids))

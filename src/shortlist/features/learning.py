"""How the columns of both towers learn from interactions and from a catalogue, in one pass over each."""

from collections.abc import Sequence
from typing import Any, final

from shortlist.features import source
from shortlist.features.columns.base import Column, naming

__all__ = ["learn"]


def learn(
    query: Sequence[Column],
    candidate: Sequence[Column],
    interactions: Any,
    items: Any,
    *,
    candidate_id: str | None,
) -> tuple[list[Column], list[Column]]:
    """The columns when they have learnt; those that had learnt before stay as they are.

    Args:
        query: Columns that learn from the interactions.
        candidate: Columns that learn from the items where these have the column, else from the interactions.
        interactions: `Interactions`, `InteractionFiles`, an Arrow table, or a mapping of arrays by name.
        items: An Arrow table or a mapping; None when there is none.
        candidate_id: The candidate column that learns from both, the items first.

    Returns:
        The columns of the query and of the candidate.

    Raises:
        FeatureError: A column is missing, or its values do not fit its kind.
    """
    of_query, of_candidate = [_Pupil(column) for column in query], [_Pupil(column) for column in candidate]
    in_items = [] if items is None else source.names(items)
    for pupil in of_candidate:
        if pupil.name in in_items:
            pupil.learn_from(items)
    in_interactions = source.names(interactions)
    from_both = [candidate_id] if candidate_id in in_interactions else []
    asking = [p for p in of_candidate if p.name not in in_items or p.name in from_both]
    _learn_in_one_pass([*of_query, *asking], interactions)
    return [pupil.fitted() for pupil in of_query], [pupil.fitted() for pupil in of_candidate]


@final
class _Pupil:
    """A column on its way to being fitted."""

    def __init__(self, column: Column) -> None:
        self.name, self._column = column.column, column
        self._learner = None if column.is_fitted else column.learner()

    @property
    def is_learning(self) -> bool:
        return self._learner is not None

    def learn_from(self, part: Any) -> None:
        if self._learner is not None:
            values = source.values(part, self.name)
            with naming(self.name):
                self._learner.add(values)

    def fitted(self) -> Column:
        with naming(self.name):
            return self._column if self._learner is None else self._learner.fitted()


def _learn_in_one_pass(pupils: Sequence[_Pupil], interactions: Any) -> None:
    asking = [pupil for pupil in pupils if pupil.is_learning]

    def learn_part(part: Any) -> None:
        for pupil in asking:
            pupil.learn_from(part)

    if asking:
        names = [pupil.name for pupil in asking]
        for _ in source.map_parts(interactions, learn_part, names, progress="learning"):
            pass

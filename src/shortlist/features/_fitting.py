"""How the columns of both towers learn from interactions and from a catalog, in one pass over each."""

from collections.abc import Sequence
from typing import Any, final

from shortlist.features import _source as source
from shortlist.features.columns._base import Column, naming

__all__ = ["fit_columns"]


def fit_columns(
    query: Sequence[Column],
    candidate: Sequence[Column],
    interactions: Any,
    items: Any,
    *,
    candidate_id: str | None,
) -> tuple[list[Column], list[Column]]:
    """The columns when they have learned; those that had learned before stay as they are.

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
    of_query, of_candidate = (
        [_ColumnFit(column) for column in query],
        [_ColumnFit(column) for column in candidate],
    )
    in_items = [] if items is None else source.names(items)
    for column_fit in of_candidate:
        if column_fit.name in in_items:
            column_fit.fit_part(items)
    in_interactions = source.names(interactions)
    from_both = [candidate_id] if candidate_id in in_interactions else []
    asking = [p for p in of_candidate if p.name not in in_items or p.name in from_both]
    _fit_in_one_pass([*of_query, *asking], interactions)
    return [column_fit.fitted() for column_fit in of_query], [
        column_fit.fitted() for column_fit in of_candidate
    ]


@final
class _ColumnFit:
    """A column on its way to being fitted."""

    def __init__(self, column: Column) -> None:
        self.name, self._column = column.column, column
        self._fitter = None if column.is_fitted else column.fitter()

    @property
    def is_fitting(self) -> bool:
        return self._fitter is not None

    def fit_part(self, part: Any) -> None:
        if self._fitter is not None:
            values = source.values(part, self.name)
            with naming(self.name):
                self._fitter.add(values)

    def fitted(self) -> Column:
        with naming(self.name):
            return self._column if self._fitter is None else self._fitter.fitted()


def _fit_in_one_pass(column_fits: Sequence[_ColumnFit], interactions: Any) -> None:
    asking = [column_fit for column_fit in column_fits if column_fit.is_fitting]

    def fit_one_part(part: Any) -> None:
        for column_fit in asking:
            column_fit.fit_part(part)

    if asking:
        names = [column_fit.name for column_fit in asking]
        for _ in source.map_parts(interactions, fit_one_part, names, progress="learning"):
            pass

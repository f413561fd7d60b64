"""Which features describe a query and a candidate, and what was learned about them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from shortlist.errors import ArgumentError, FeatureError
from shortlist.features import _source as source
from shortlist.features import _spec_file as spec_file
from shortlist.features._column_files import load_vocabularies, save_vocabularies
from shortlist.features._fitting import fit_columns
from shortlist.features.columns._base import Column
from shortlist.features.columns._category import Category
from shortlist.features.columns._config import column_config, column_from_config
from shortlist.ids import Vocabulary

__all__ = ["FeatureSpec", "encode_columns"]


@final
class FeatureSpec:
    """The features of the two towers; learns once from data, then encodes raw features to numeric arrays.

    A spec never changes: `fit` returns one that has learned.

    Args:
        query: Columns of the query tower, such as the user's; each name once.
        candidate: Columns of the candidate tower, such as the item's; each name once.
        query_id: The `Category` among `query` that tells queries apart, such as the user's id, or None.
        candidate_id: The `Category` among `candidate` that tells candidates apart, or None.

    Raises:
        ArgumentError: A side without columns, a name that comes twice, or an id that is no `Category` there.

    Example:
        >>> spec = FeatureSpec(
        ...     query=[Category("user_id"), Category("gender")],
        ...     candidate=[Category("movie_id")],
        ...     query_id="user_id",
        ...     candidate_id="movie_id",
        ... )
        >>> data = {"user_id": ["ann", "bob"], "gender": ["F", "M"], "movie_id": [10, 20]}
        >>> spec.fit(data).encode_queries({"user_id": ["bob"], "gender": ["F"]})
        {'user_id': array([2], dtype=int32), 'gender': array([1], dtype=int32)}
    """

    def __init__(
        self,
        query: Sequence[Column],
        candidate: Sequence[Column],
        *,
        query_id: str | None = None,
        candidate_id: str | None = None,
    ) -> None:
        self.query = _checked("query", query, query_id)
        self.candidate = _checked("candidate", candidate, candidate_id)
        self.query_id = query_id
        self.candidate_id = candidate_id

    @classmethod
    def ids(cls, *, user: str, item: str) -> Self:
        """The spec of two towers that know nothing but ids.

        Args:
            user: The column of the users' ids.
            item: The column of the items' ids.

        Example:
            >>> FeatureSpec.ids(user="user_id", item="movie_id")
            FeatureSpec(query: user_id; candidate: movie_id; not fitted)
        """
        return cls([Category(user)], [Category(item)], query_id=user, candidate_id=item)

    @property
    def is_fitted(self) -> bool:
        """Whether every column can encode."""
        return all(column.is_fitted for column in (*self.query, *self.candidate))

    @property
    def query_vocabulary(self) -> Vocabulary | None:
        """The learned ids of queries; None when no column tells queries apart."""
        return _vocabulary(self.query, self.query_id)

    @property
    def candidate_vocabulary(self) -> Vocabulary | None:
        """The learned ids of candidates; None when no column tells candidates apart."""
        return _vocabulary(self.candidate, self.candidate_id)

    def fit(self, interactions: Any, items: Any = None) -> "FeatureSpec":
        """A spec whose columns have learned; those that had learned before stay as they are.

        Query columns learn from the interactions. Candidate columns learn from the items where these have the
        column, else from the interactions; candidate ids learn from both, the items first.

        Args:
            interactions: `Interactions`, `InteractionFiles`, which are read in one pass, an Arrow table, or a
                mapping of arrays by column name.
            items: The catalog, one row an item: an Arrow table or a mapping; None when there is none.

        Raises:
            FeatureError: A column is missing, or its values do not fit its kind.
        """
        return self._with(
            *fit_columns(self.query, self.candidate, interactions, items, candidate_id=self.candidate_id)
        )

    def encode_queries(self, features: Any) -> dict[str, np.ndarray]:
        """Raw features of queries as the arrays that the query tower takes.

        Args:
            features: `Interactions`, an Arrow table, or a mapping of arrays by column name; other columns
                may be there too.

        Returns:
            By column name, arrays whose first size is the batch.

        Raises:
            FeatureError: A column is missing, not fitted, or has values that do not fit; sizes that differ.
        """
        return encode_columns(self.query, features)

    def encode_candidates(self, features: Any) -> dict[str, np.ndarray]:
        """Raw features of candidates as the arrays that the candidate tower takes; see `encode_queries`."""
        return encode_columns(self.candidate, features)

    def get_config(self) -> dict[str, Any]:
        """What was declared and learned, as plain values for JSON; of vocabularies their sizes alone."""
        return {
            "query": [column_config(column) for column in self.query],
            "candidate": [column_config(column) for column in self.candidate],
            "query_id": self.query_id,
            "candidate_id": self.candidate_id,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The spec of a config: every `num_rows` is right; it encodes when its vocabularies are loaded."""
        return cls(
            [column_from_config(column) for column in config["query"]],
            [column_from_config(column) for column in config["candidate"]],
            query_id=config["query_id"],
            candidate_id=config["candidate_id"],
        )

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Writes the fitted spec: a JSON file, and a Parquet file for each vocabulary.

        Args:
            directory: The folder, made when missing. The JSON file comes last, so that what was broken off is
                refused by `load`.

        Raises:
            FeatureError: The spec is not fitted.
        """
        with spec_file.replacing_spec(directory, self.get_config()):
            save_vocabularies(self.query, Path(directory, "query"))
            save_vocabularies(self.candidate, Path(directory, "candidate"))

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> "FeatureSpec":
        """Reads what `save` wrote.

        Raises:
            ArtifactError: A file is missing, damaged, or of another version.
        """
        spec = cls.from_config(spec_file.read(directory))
        query = load_vocabularies(spec.query, Path(directory, "query"))
        return spec._with(query, load_vocabularies(spec.candidate, Path(directory, "candidate")))

    def _with(self, query: Sequence[Column], candidate: Sequence[Column]) -> "FeatureSpec":
        return FeatureSpec(query, candidate, query_id=self.query_id, candidate_id=self.candidate_id)

    def __repr__(self) -> str:
        sides = (", ".join(column.column for column in side) for side in (self.query, self.candidate))
        state = "fitted" if self.is_fitted else "not fitted"
        return "FeatureSpec(query: {}; candidate: {}; {})".format(*sides, state)


def _checked(side: str, columns: Sequence[Column], id_column: str | None) -> tuple[Column, ...]:
    columns = tuple(columns)
    names = [column.column for column in columns]
    if not names or len(set(names)) < len(names):
        raise ArgumentError(f"{side}: got columns {names}, expected at least one, each name once")
    if id_column is not None and not any(_is_id(column, id_column) for column in columns):
        raise ArgumentError(
            f"{side}_id: got {id_column!r}, expected None or the name of a Category among the {side} columns "
            f"{names}"
        )
    return columns


def _is_id(column: Column, name: str) -> bool:
    return isinstance(column, Category) and column.column == name


def _vocabulary(columns: Iterable[Column], name: str | None) -> Vocabulary | None:
    return next((c.known for c in columns if isinstance(c, Category) and c.column == name), None)


def encode_columns(columns: Iterable[Column], features: Any) -> dict[str, np.ndarray]:
    """Raw features as arrays by column name.

    Args:
        columns: Fitted columns.
        features: `Interactions`, an Arrow table, or a mapping of arrays by column name.

    Raises:
        FeatureError: A column is missing, not fitted, or has values that do not fit; sizes that differ.
    """
    encoded = {column.column: column.encode(source.values(features, column.column)) for column in columns}
    _check_same_size({name: len(array) for name, array in encoded.items()})
    return encoded


def _check_same_size(sizes: Mapping[str, int]) -> None:
    if len(set(sizes.values())) > 1:
        raise FeatureError(
            f"got columns of different numbers of rows, {dict(sizes)}, expected one number for all"
        )

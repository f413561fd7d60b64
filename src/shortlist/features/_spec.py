"""The features of a query and a candidate, fitted to data."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Self, cast, final

import numpy as np
import pyarrow.compute as pc

from shortlist.artifacts import replacing
from shortlist.data import InteractionFiles, Interactions
from shortlist.errors import ArgumentError, ArtifactError, FeatureError, must
from shortlist.features import _source as source
from shortlist.features.columns._base import (
    Column,
    Fitter,
    deserialize_columns,
    naming,
    not_fitted,
    serialize_columns,
)
from shortlist.features.columns._category import Category
from shortlist.ids import Vocabulary, as_array, exact_ids

__all__ = ["FeatureSpec", "encode_columns", "load_columns", "save_columns"]

_FILE = "feature_spec.json"
_FORMAT = "feature spec 2"
_NUM_COMPARED = 1000  # ids of a column that are looked up among those of another


@final
class FeatureSpec:
    """Declare the features of the two towers, fit them to data once, and encode raw features as arrays.

    A spec never changes: `fit` returns a fitted copy.

    Args:
        query: Columns of the query tower, such as the user's, with distinct names.
        candidate: Columns of the candidate tower, such as the item's, with distinct names.
        query_id: The `Category` in `query` that identifies queries, such as the user's id, or None.
        candidate_id: The `Category` in `candidate` that identifies candidates, or None.

    Raises:
        ArgumentError: If a side has no columns, a name is repeated, or an id is not a `Category` of its side.

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
        """Return the spec of two towers that know only ids.

        Args:
            user: Column of user ids.
            item: Column of item ids.

        Example:
            >>> FeatureSpec.ids(user="user_id", item="movie_id")
            FeatureSpec(query: user_id; candidate: movie_id; not fitted)
        """
        return cls([Category(user)], [Category(item)], query_id=user, candidate_id=item)

    @property
    def is_fitted(self) -> bool:
        """Tell whether all columns can encode."""
        return all(column.is_fitted for column in (*self.query, *self.candidate))

    @property
    def query_vocabulary(self) -> Vocabulary | None:
        """Fitted ids of queries; None if there is no `query_id`."""
        return _vocabulary(self.query, self.query_id)

    @property
    def candidate_vocabulary(self) -> Vocabulary | None:
        """Fitted ids of candidates; None if there is no `candidate_id`."""
        return _vocabulary(self.candidate, self.candidate_id)

    def fit(self, interactions: Any, items: Any = None) -> "FeatureSpec":
        """Return a fitted spec; columns that are fitted already stay as they are.

        Query columns are fitted to the interactions. Candidate columns are fitted to the items if these have
        the column, else to the interactions; candidate ids to both, the items first.

        Args:
            interactions: `Interactions`, `InteractionFiles` (read in one pass), an Arrow table, a data frame,
                or a mapping of names to arrays.
            items: Catalog, one row per item, as any table but files; None if there is none.

        Raises:
            FeatureError: If a column is missing, its values do not fit it, or users and items are swapped.
        """
        self._check_roles(interactions, items)
        query, candidate = ([_ColumnFit(column) for column in side] for side in (self.query, self.candidate))
        in_items = [] if items is None else source.names(items)
        for fit in candidate:
            if fit.name in in_items:
                fit.add(items)
        in_interactions = source.names(interactions)
        is_in_both = {self.candidate_id} & set(in_interactions)
        from_interactions = [fit for fit in candidate if fit.name not in in_items or fit.name in is_in_both]
        remaining = [fit for fit in (*query, *from_interactions) if fit.fitter is not None]
        if remaining:

            def add(part: Any) -> None:
                for fit in remaining:
                    fit.add(part)

            names = [fit.name for fit in remaining]
            for _ in source.map_parts(interactions, add, names, progress="fitting"):
                pass
        if isinstance(interactions, Interactions) and self.candidate_id in in_items:
            self._check_items_are_no_users(interactions, items)
        return self._with(*([fit.fitted() for fit in side] for side in (query, candidate)))

    def _check_roles(self, interactions: Any, items: Any) -> None:
        if isinstance(interactions, Interactions | InteractionFiles):
            roles = interactions.user, interactions.item
            if roles == (self.candidate_id, self.query_id):
                got = f"user={roles[0]!r} and item={roles[1]!r}"
                requirement = f"have user={self.query_id!r} and item={self.candidate_id!r}, as in the spec"
                raise FeatureError(must("interactions", requirement, got=got, fix="Swap the two"))
        names = [] if items is None else source.names(items)
        if names and self.candidate_id not in (None, *names):
            fix = f"Add the column {self.candidate_id!r}"
            if self.query_id in names:
                fix += f". This table has {self.query_id!r}: check that users and items are not swapped"
            requirement = f"have the column of item ids {self.candidate_id!r}"
            raise FeatureError(must("items", requirement, got=f"columns {names}", fix=fix))

    def _check_items_are_no_users(self, interactions: Interactions, items: Any) -> None:
        """Refuse a catalog that holds users of the interactions and none of their items."""
        columns = interactions.table.column_names
        if self.query_id is None or self.candidate_id is None:
            return
        if not {self.query_id, self.candidate_id} <= set(columns):
            return
        with naming(self.candidate_id):
            ids = set(exact_ids(as_array(source.values(items, self.candidate_id))))
        table = interactions.table
        users, met = (set(pc.unique(table[name]).to_pylist()) for name in (self.query_id, self.candidate_id))
        if ids & users and not ids & met:
            subject = f"column {self.candidate_id!r} of items"
            got = f"users of the interactions such as {next(iter(ids & users))!r}, and none of their items"
            fix = "Check that users and items are not swapped"
            raise FeatureError(must(subject, "hold item ids", got=got, fix=fix))

    def encode_queries(self, features: Any) -> dict[str, np.ndarray]:
        """Encode raw features of queries as the arrays that the query tower takes.

        Args:
            features: `Interactions`, an Arrow table, a data frame, or a mapping of names to arrays; other
                columns are ignored.

        Returns:
            Arrays by column name; the first dimension is the batch.

        Raises:
            FeatureError: If a column is missing or not fitted, values do not fit, or lengths differ.
        """
        return encode_columns(self.query, features)

    def encode_candidates(self, features: Any) -> dict[str, np.ndarray]:
        """Encode raw features of candidates as the arrays that the candidate tower takes.

        See `encode_queries`.
        """
        return encode_columns(self.candidate, features)

    def get_config(self) -> dict[str, Any]:
        """Return plain values for JSON; vocabularies are described by size and checksum."""
        return {
            "query": serialize_columns(self.query),
            "candidate": serialize_columns(self.candidate),
            "query_id": self.query_id,
            "candidate_id": self.candidate_id,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return the spec of a config; it encodes once its vocabularies are loaded.

        Raises:
            ArtifactError: If Keras does not know the class of a column.
        """
        sides = [deserialize_columns(config[side]) for side in ("query", "candidate")]
        return cls(*sides, query_id=config["query_id"], candidate_id=config["candidate_id"])

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write the fitted spec as a folder: a JSON file, and the vocabularies as Parquet files.

        Args:
            directory: Folder, made if missing. The JSON file is written last, so `load` refuses a folder
                that was not written to the end.

        Raises:
            FeatureError: If the spec is not fitted.
        """
        for column in (*self.query, *self.candidate):
            if not column.is_fitted:
                raise not_fitted(column.column)
        path = Path(directory, _FILE)
        path.unlink(missing_ok=True)
        save_columns(self.query, Path(directory, "query"))
        save_columns(self.candidate, Path(directory, "candidate"))
        with replacing(path) as temporary:
            config = self.get_config()
            written = {"format": _FORMAT, "sha256": _sha256(config), **config}
            temporary.write_text(json.dumps(written, indent=1))

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> "FeatureSpec":
        """Read what `save` wrote.

        Raises:
            ArtifactError: If a file is missing, damaged or of another version, or Keras does not know the
                class of a column.
        """
        path = Path(directory, _FILE)
        try:
            config = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise ArtifactError(must(str(path), "be a readable feature spec", got=error)) from error
        found = config.pop("format", None) if isinstance(config, dict) else None
        if found != _FORMAT:
            fix = "Read it with the version of Shortlist that wrote it, or fit and save the spec again"
            raise ArtifactError(must(str(path), f"have the format {_FORMAT!r}", got=repr(found), fix=fix))
        if config.pop("sha256", None) != _sha256(config):
            fix = "Copy or save the spec again"
            raise ArtifactError(must(str(path), "be unchanged since it was written", fix=fix))
        spec = cls.from_config(config)
        query = load_columns(spec.query, Path(directory, "query"))
        return spec._with(query, load_columns(spec.candidate, Path(directory, "candidate")))

    def _with(self, query: Sequence[Column], candidate: Sequence[Column]) -> "FeatureSpec":
        return FeatureSpec(query, candidate, query_id=self.query_id, candidate_id=self.candidate_id)

    def __repr__(self) -> str:
        sides = (", ".join(column.column for column in side) for side in (self.query, self.candidate))
        state = "fitted" if self.is_fitted else "not fitted"
        return "FeatureSpec(query: {}; candidate: {}; {})".format(*sides, state)


def _checked(side: str, columns: Sequence[Column], id_column: str | None) -> tuple[Column, ...]:
    names = [column.column for column in columns]
    if not names or len(set(names)) < len(names):
        raise ArgumentError(must(f"{side} columns", "be at least one, with distinct names", got=names))
    categories = [column.column for column in columns if isinstance(column, Category)]
    if id_column is not None and id_column not in categories:
        requirement = f"be None or one of the Category columns {categories}"
        raise ArgumentError(must(f"{side}_id", requirement, got=repr(id_column)))
    return tuple(columns)


def _vocabulary(columns: Iterable[Column], name: str | None) -> Vocabulary | None:
    return next((c.known for c in columns if isinstance(c, Category) and c.column == name), None)


@final
class _ColumnFit:
    """A column on its way to being fitted; one that is fitted already takes in nothing."""

    def __init__(self, column: Column) -> None:
        self.name, self._column = column.column, column
        self.fitter: Fitter | None = None if column.is_fitted else column.fitter()

    def add(self, part: Any) -> None:
        if self.fitter is not None:
            values = source.values(part, self.name)
            with naming(self.name):
                self.fitter.add(values)

    def fitted(self) -> Column:
        with naming(self.name):
            return self._column if self.fitter is None else cast(Column, self.fitter.fitted())


def encode_columns(columns: Iterable[Column], features: Any) -> dict[str, np.ndarray]:
    """Encode raw features as arrays by column name.

    Args:
        columns: Fitted columns.
        features: `Interactions`, an Arrow table, a data frame, or a mapping of names to arrays.

    Raises:
        FeatureError: If a column is missing, not fitted, or has values that do not fit, or lengths differ.
    """
    columns, encoded = list(columns), {}
    for column in columns:
        if not column.is_fitted:
            raise not_fitted(column.column)
        values = source.values(features, column.column)
        try:
            with naming(column.column):
                encoded[column.column] = column.encode(values)
        except FeatureError:
            _check_not_swapped(columns, features)  # a better explanation, if it is one
            raise
    lengths = {name: len(array) for name, array in encoded.items()}
    if len(set(lengths.values())) > 1:
        raise FeatureError(must("columns", "have the same number of rows", got=lengths))
    unknown = [c for c in columns if isinstance(c, Category) and not encoded[c.column].any()]
    if len(unknown) > 1 and any(lengths.values()):
        _check_not_swapped(unknown, features)
    return encoded


def _check_not_swapped(columns: Sequence[Column], features: Any) -> None:
    """Refuse two columns of ids, each unknown in its own column and known in the other."""
    names = source.names(features)
    categories = [column for column in columns if isinstance(column, Category) and column.column in names]
    for one, other in combinations(categories, 2):
        ids, other_ids = (
            as_array(source.values(features, column.column)[:_NUM_COMPARED]) for column in (one, other)
        )
        is_known = _knows_any(one, ids) or _knows_any(other, other_ids)
        if not is_known and _knows_any(one, other_ids) and _knows_any(other, ids):
            subject = f"columns {one.column!r} and {other.column!r}"
            got = f"{ids.item(0)!r} and {other_ids.item(0)!r}, each known to the other column"
            fix = "Check that users and items are not swapped"
            raise FeatureError(must(subject, "hold ids they were fitted on", got=got, fix=fix))


def _knows_any(column: Category, ids: np.ndarray) -> bool:
    try:
        return bool(column.encode(ids).any())
    except FeatureError:  # another kind of ids
        return False


def _sha256(config: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def save_columns(columns: Sequence[Column], directory: str | os.PathLike[str]) -> None:
    """Write the assets of each column into a folder of its own, named by its number."""
    for number, column in enumerate(columns):
        folder = Path(directory, str(number))
        folder.mkdir(parents=True, exist_ok=True)
        column.save_assets(folder)


def load_columns(columns: Sequence[Column], directory: str | os.PathLike[str]) -> tuple[Column, ...]:
    """Return the columns with the assets that `save_columns` wrote for them.

    Args:
        columns: Columns of a config, in the same order.
        directory: Folder that `save_columns` wrote to.

    Raises:
        ArtifactError: If a file is missing, damaged or of another column.
    """
    return tuple(column.load_assets(Path(directory, str(number))) for number, column in enumerate(columns))

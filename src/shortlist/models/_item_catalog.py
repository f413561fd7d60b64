"""Items of a catalog, encoded for a candidate tower."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shortlist.features import Column, Vocabulary
from shortlist.features import _source as columns_of
from shortlist.features._spec import encode_columns

__all__ = ["Catalog"]

_FEATURES_FILE, _IDS_FILE = "catalog.npz", "catalog_ids.parquet"


class Catalog:
    """Items with their ids and encoded features.

    Iterating yields batches of `(rows, features)`, any number of times. `rows` are the items' rows in the
    vocabulary of candidate ids. Items outside of it get distinct negative numbers below -1.

    Args:
        vocabulary: Ids of the items, in their order.
        features: Encoded columns by name, `[num_items, ...]`.
        id_column: Name of the column of item ids.
        batch_size: Items per batch.

    Example:
        >>> from shortlist.features import Category
        >>> columns = [Category("film").fit(["Up", "Heat"])]
        >>> catalog = Catalog.of_items({"film": ["Heat", "Alien"]}, columns, "film")
        >>> [rows.tolist() for rows, features in catalog]
        [[2, -3]]
    """

    def __init__(
        self, vocabulary: Vocabulary, features: dict[str, np.ndarray], id_column: str, batch_size: int = 4096
    ) -> None:
        self.vocabulary = vocabulary
        """Ids of the items, in their order."""
        self._features = features
        self._id_column, self._batch_size = id_column, batch_size

    @classmethod
    def of_items(cls, items: Any, columns: Sequence[Column], id_column: str) -> "Catalog":
        """Encode a table of items.

        Args:
            items: Arrow table, data frame or dict of arrays with one row per item.
            columns: Fitted candidate columns.
            id_column: Name of the column of item ids.

        Raises:
            FeatureError: If a column is missing or its values do not fit.
            ArgumentError: If an id is duplicated.
        """
        ids = Vocabulary(columns_of.values(items, id_column))
        return cls(ids, encode_columns(columns, items), id_column)

    @property
    def ids(self) -> np.ndarray:
        """Item ids as they were given, `[num_items]`."""
        return self.vocabulary.known_ids

    @property
    def features(self) -> dict[str, np.ndarray]:
        """Encoded columns by name, `[num_items, ...]` each."""
        return self._features

    def __iter__(self) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        rows = self._features[self._id_column]
        rows = np.where(rows == 0, -2 - np.arange(len(rows)), rows)  # -1 is padding
        for start in range(0, len(rows), self._batch_size):
            part = slice(start, start + self._batch_size)
            yield rows[part], {name: array[part] for name, array in self._features.items()}

    def save(self, directory: str) -> None:
        """Write the catalog into an existing directory."""
        features: dict[str, Any] = self._features  # for mypy: an argument of savez is a bool
        np.savez(Path(directory) / _FEATURES_FILE, **features)
        self.vocabulary.save(Path(directory) / _IDS_FILE)

    @classmethod
    def load(cls, directory: str, id_column: str) -> "Catalog":
        """Read what `save` wrote."""
        with np.load(Path(directory) / _FEATURES_FILE) as features:
            return cls(Vocabulary.load(Path(directory) / _IDS_FILE), dict(features), id_column)

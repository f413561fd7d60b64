"""The items that a model recommends from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from shortlist.features import Vocabulary
from shortlist.features import _source as columns_of
from shortlist.models._tower import Tower

__all__ = ["Catalog"]

_FEATURES_FILE, _IDS_FILE = "catalog.npz", "catalog_ids.parquet"


class Catalog:
    """Items with their ids and their features, encoded for the candidate tower.

    It is read in batches, pairs of the items' rows in the vocabulary of candidate ids and their features, as
    often as one likes. An item that training never met has no row of its own there, and is given a number
    below 0.

    Args:
        vocabulary: The ids of the items, in their order.
        features: By column name, `[num_items, ...]`.
        id_column: The column that tells items apart.
        batch_size: Items a batch.

    Example:
        >>> from shortlist.features import Category
        >>> tower = Tower([Category("film").fit(["Up", "Heat"])], embedding_dim=4)
        >>> catalog = Catalog.of_items({"film": ["Heat", "Alien"]}, tower, "film")
        >>> [rows.tolist() for rows, features in catalog]
        [[2, -3]]
    """

    def __init__(
        self, vocabulary: Vocabulary, features: dict[str, np.ndarray], id_column: str, batch_size: int = 4096
    ) -> None:
        self._vocabulary, self._features = vocabulary, features
        self._id_column, self._batch_size = id_column, batch_size

    @classmethod
    def of_items(cls, items: Any, tower: Tower, id_column: str) -> "Catalog":
        """Return the catalog of an item table.

        Args:
            items: One row an item, with the columns of the tower: an Arrow table, a data frame or arrays by
                name.
            tower: The candidate tower.
            id_column: The column that tells items apart.

        Returns:
            A catalog.

        Raises:
            FeatureError: When a column is missing or its values do not fit.
            ArgumentError: When an id is duplicated.
        """
        return cls(Vocabulary(columns_of.values(items, id_column)), tower.prepare(items), id_column)

    @property
    def ids(self) -> np.ndarray:
        """`[num_items]`, the ids as they came."""
        return self._vocabulary.known_ids

    @property
    def features(self) -> dict[str, np.ndarray]:
        """Encoded features by column name, `[num_items, ...]` each."""
        return self._features

    def __iter__(self) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        rows = self._features[self._id_column]
        rows = np.where(rows == 0, -2 - np.arange(len(rows)), rows)  # -1 stands for no item
        for start in range(0, len(rows), self._batch_size):
            part = slice(start, start + self._batch_size)
            yield rows[part], {name: array[part] for name, array in self._features.items()}

    def save(self, directory: str) -> None:
        """Write the catalog.

        Args:
            directory: Where to; it exists.
        """
        np.savez(Path(directory) / _FEATURES_FILE, allow_pickle=False, **self._features)
        self._vocabulary.save(Path(directory) / _IDS_FILE)

    @classmethod
    def load(cls, directory: str, id_column: str) -> "Catalog":
        """Read what `save` wrote.

        Args:
            directory: Where from.
            id_column: The column that tells items apart.

        Returns:
            The catalog.
        """
        with np.load(Path(directory) / _FEATURES_FILE) as features:
            return cls(Vocabulary.load(Path(directory) / _IDS_FILE), dict(features), id_column)

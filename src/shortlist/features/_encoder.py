"""The layer that turns encoded features into one vector."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, final

import keras
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, FeatureError
from shortlist.features.columns._base import Column
from shortlist.features.columns._config import column_config, column_from_config
from shortlist.typing import Shape, Tensor

__all__ = ["FeatureEncoder"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class FeatureEncoder(keras.layers.Layer):
    """Encoded features by name, side by side in one vector, in the order of the columns.

    A `Category` or `Buckets` column is embedded; of a `Categories` or `Text` column the embeddings are
    averaged over the entries that are not -1 (zero where there is none); a `Number` stays as it is, one wide.
    The encoder of one `Category` is its embedding.

    Args:
        columns: Fitted columns, at least one, each name once.
        embedding_dim: Width of each embedding, at least 1.

    Raises:
        ArgumentError: No columns, a name that comes twice, or a width below 1.
        FeatureError: A column is not fitted.

    Example:
        >>> from shortlist.features import Category
        >>> column = Category("movie_id").fit(["Heat", "Alien"])
        >>> encoder = FeatureEncoder([column], embedding_dim=4)
        >>> tuple(encoder({"movie_id": column.encode(["Alien", "Heat", "new film"])}).shape)
        (3, 4)
    """

    def __init__(self, columns: Sequence[Column], embedding_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _check(columns, embedding_dim)
        self.columns = tuple(columns)
        self.embedding_dim = embedding_dim
        self._tables = {
            column.column: self._table(column.column, column.num_rows)
            for column in columns
            if column.num_rows is not None
        }

    def _table(self, name: str, num_rows: int) -> keras.layers.Embedding:
        return keras.layers.Embedding(num_rows, self.embedding_dim, name=name, dtype=self.dtype_policy)

    def build(self, input_shape: Mapping[str, Shape]) -> None:
        """Makes the embedding tables, whose sizes the columns know."""
        for table in self._tables.values():
            table.build()
        super().build(input_shape)

    def call(self, features: Mapping[str, Tensor]) -> Tensor:
        """The vectors of a batch.

        Args:
            features: By column name, what `Column.encode` gives: int32 `[batch]`, int32 `[batch, length]` for
                lists, float32 `[batch]` for a `Number`.

        Returns:
            `[batch, sum of widths]`, float.

        Raises:
            FeatureError: A column is missing or has another rank.
        """
        parts = [self._part(column, _feature(features, column)) for column in self.columns]
        return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)

    def _part(self, column: Column, values: Tensor) -> Tensor:
        if column.num_rows is None:
            return ops.cast(ops.expand_dims(values, -1), self.compute_dtype)
        table = self._tables[column.column]
        return (_mean_embedding if column.is_list else _embedding)(table, values)

    def compute_output_shape(self, input_shape: Mapping[str, Shape]) -> Shape:
        """`(batch, sum of widths)`."""
        widths = [1 if column.num_rows is None else self.embedding_dim for column in self.columns]
        return (input_shape[self.columns[0].column][0], sum(widths))

    def get_config(self) -> dict[str, Any]:
        """The columns, of whose vocabularies the size alone counts here, and the width."""
        columns = [column_config(column) for column in self.columns]
        return {**super().get_config(), "columns": columns, "embedding_dim": self.embedding_dim}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer of a config."""
        columns = [column_from_config(column) for column in config["columns"]]
        return cls(**{**config, "columns": columns})


def _embedding(table: keras.layers.Embedding, rows: Tensor) -> Tensor:
    """As `table(rows)`, but reads these rows alone, so that a row-wise optimizer may touch them alone."""
    return ops.cast(backend.lookup(table.embeddings, rows), table.compute_dtype)


def _mean_embedding(table: keras.layers.Embedding, rows: Tensor) -> Tensor:
    """Mean over the entries that are not -1; zero where there is none."""
    present = ops.cast(rows >= 0, table.compute_dtype)[..., None]  # [batch, length, 1]
    total = ops.sum(_embedding(table, ops.maximum(rows, 0)) * present, axis=-2)
    return total / ops.maximum(ops.sum(present, axis=-2), 1)


def _feature(features: Mapping[str, Tensor], column: Column) -> Tensor:
    name = column.column
    if name not in features:
        raise FeatureError(f"got encoded features {sorted(features)}, expected {name!r} among them")
    rank = 2 if column.is_list else 1
    if len(features[name].shape) != rank:
        raise FeatureError(
            f"column {name!r}: got an encoded array of shape {tuple(features[name].shape)}, "
            f"expected rank {rank}, as the column's encode gives it: a dataset that was batched twice, or "
            "not at all, looks like this"
        )
    return features[name]


def _check(columns: Sequence[Column], embedding_dim: int) -> None:
    names = [column.column for column in columns]
    if not names or len(set(names)) < len(names):
        raise ArgumentError(f"columns: got {names}, expected at least one, each name once")
    if embedding_dim < 1:
        raise ArgumentError(f"embedding_dim: got {embedding_dim}, expected at least 1")

"""The layer that turns encoded features into one vector."""

from collections.abc import Mapping, Sequence
from typing import Any, Self, final

import keras
from keras import ops

from shortlist.errors import ArgumentError, FeatureError, must
from shortlist.features.columns._base import Column, deserialize_columns, serialize_columns
from shortlist.typing import Shape, Tensor

__all__ = ["FeatureEncoder"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class FeatureEncoder(keras.layers.Layer):
    """Concatenate the vectors of encoded features, in the order of the columns.

    Each column says how it is embedded, in `Column.to_layer`: `Category` and `Buckets` have an embedding,
    `Categories` and `Text` the mean of the embeddings of their entries, and a `Number` enters as it is.

    Args:
        columns: Fitted columns, at least one, with distinct names.
        embedding_dim: Width of each embedding, at least 1.

    Raises:
        ArgumentError: If there are no columns, a name is repeated, or `embedding_dim` is below 1.
        FeatureError: If a column is not fitted.

    Example:
        >>> from shortlist.features import Category
        >>> column = Category("movie_id").fit(["Heat", "Alien"])
        >>> encoder = FeatureEncoder([column], embedding_dim=4)
        >>> tuple(encoder({"movie_id": column.encode(["Alien", "Heat", "new film"])}).shape)
        (3, 4)
    """

    def __init__(self, columns: Sequence[Column], embedding_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        names = [column.column for column in columns]
        if not names or len(set(names)) < len(names):
            raise ArgumentError(must("columns", "be at least one, with distinct names", got=names))
        if embedding_dim < 1:
            raise ArgumentError(must("embedding_dim", "be >= 1", got=embedding_dim))
        self.columns = tuple(columns)
        self.embedding_dim = embedding_dim
        self.column_layers = {
            column.column: column.to_layer(
                embedding_dim, name=column.column.replace("/", "_"), dtype=self.dtype_policy
            )
            for column in columns
        }

    @property
    def output_dim(self) -> int:
        """Width of the concatenated vectors."""
        shapes = {column.column: (None, *column.row_shape) for column in self.columns}
        width = self.compute_output_shape(shapes)[-1]
        assert width is not None
        return width

    def build(self, input_shape: Mapping[str, Shape]) -> None:
        for name, layer in self.column_layers.items():
            _check_has(name, input_shape)
            if not layer.built:
                layer.build(input_shape[name])

    def call(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return `[batch, output_dim]`.

        Args:
            features: What `Column.encode` returned for each column, by column name.

        Raises:
            FeatureError: If a column is missing or has another rank.
        """
        parts = [self.column_layers[c.column](_feature(features, c)) for c in self.columns]
        return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)

    def compute_output_shape(self, input_shape: Mapping[str, Shape]) -> Shape:
        shapes = [layer.compute_output_shape(input_shape[name]) for name, layer in self.column_layers.items()]
        return (shapes[0][0], sum(shape[-1] for shape in shapes))

    def get_config(self) -> dict[str, Any]:
        columns = serialize_columns(self.columns)
        return {**super().get_config(), "columns": columns, "embedding_dim": self.embedding_dim}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**{**config, "columns": deserialize_columns(config["columns"])})


def _check_has(name: str, features: Mapping[str, Any]) -> None:
    if name not in features:
        raise FeatureError(must("features", f"have the column {name!r}", got=sorted(features)))


def _feature(features: Mapping[str, Tensor], column: Column) -> Tensor:
    name = column.column
    _check_has(name, features)
    values, rank = features[name], 1 + len(column.row_shape)
    if len(values.shape) != rank:
        fix = "A dataset that was batched twice, or not at all, looks like this"
        requirement = f"have rank {rank}, as its encode returns it"
        got = f"shape {tuple(values.shape)}"
        raise FeatureError(must(f"encoded column {name!r}", requirement, got=got, fix=fix))
    return values

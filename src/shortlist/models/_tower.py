"""Tower: features to one vector."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from shortlist.errors import FeatureError, must
from shortlist.features import Column, FeatureEncoder
from shortlist.features import _source as columns_of
from shortlist.features._spec import encode_columns, load_columns, save_columns
from shortlist.features.columns._base import deserialize_columns
from shortlist.layers import MLP
from shortlist.ops import unit_vectors
from shortlist.typing import Features, Tensor

__all__ = ["Tower", "encode_raw"]


@keras.saving.register_keras_serializable(package="shortlist")
class Tower(keras.layers.Layer):
    """Map the features of queries or candidates to vectors: embeddings, concatenated, then dense layers.

    Args:
        columns: Fitted columns of one side of a `FeatureSpec`.
        embedding_dim: Width of each embedding and of the vector.
        hidden_units: Widths of the dense layers before the last one, which has `embedding_dim` units. Without
            them, and if the only column is embedded in `embedding_dim`, such as an id, the vector is its
            embedding.
        normalize: Whether to scale vectors to length 1, so that scores are cosines.
        l2: Weight of the added loss `l2 * mean(squared length of the batch's vectors)`. Unlike weight decay
            it leaves ids outside of the batch alone.

    Example:
        >>> from shortlist.features import Category
        >>> tower = Tower([Category("movie").fit(["Heat", "Up"])], embedding_dim=8)
        >>> tuple(tower(tower.prepare(["Heat", "Heat", "Up"])).shape)
        (3, 8)
    """

    def __init__(
        self,
        columns: Sequence[Column],
        embedding_dim: int,
        *,
        hidden_units: Sequence[int] = (),
        normalize: bool = False,
        l2: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.embedding_dim, self.hidden_units = embedding_dim, tuple(hidden_units)
        self.normalize, self.l2 = normalize, l2
        self.encoder = FeatureEncoder(columns, embedding_dim)
        is_vector = len(columns) == 1 and self.encoder.output_dim == embedding_dim
        self.head = None if is_vector and not self.hidden_units else MLP([*self.hidden_units, embedding_dim])

    @property
    def columns(self) -> tuple[Column, ...]:
        """Fitted columns of the tower."""
        return self.encoder.columns

    def prepare(self, raw: Features) -> dict[str, np.ndarray]:
        """Encode raw features for `call`.

        Args:
            raw: Values by column name, `[batch]` each, or the values alone if there is one column.

        Returns:
            Encoded columns by name.

        Raises:
            FeatureError: If a column is missing or its values do not fit.
        """
        return encode_raw(self.columns, raw)

    def build(self, input_shape: Mapping[str, Any]) -> None:
        shapes = {column.column: input_shape[column.column] for column in self.columns}
        self.encoder.build(shapes)
        if self.head is not None:
            self.head.build(self.encoder.compute_output_shape(shapes))

    def call(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the vectors of a batch, `[batch, embedding_dim]`.

        Args:
            features: Encoded columns by name. Other columns are ignored.
        """
        vectors = self.encoder({column.column: features[column.column] for column in self.columns})
        if self.head is not None:
            vectors = self.head(vectors)
        if self.normalize:
            vectors = unit_vectors(vectors)
        if self.l2:
            self.add_loss(self.l2 * ops.mean(ops.sum(ops.square(ops.cast(vectors, "float32")), axis=-1)))
        return vectors

    def compute_output_shape(self, input_shape: Mapping[str, Any]) -> tuple[int | None, ...]:
        return (input_shape[self.columns[0].column][0], self.embedding_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "columns": self.encoder.get_config()["columns"],
            "embedding_dim": self.embedding_dim,
            "hidden_units": list(self.hidden_units),
            "normalize": self.normalize,
            "l2": self.l2,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Tower":
        return cls(**{**config, "columns": deserialize_columns(config["columns"])})

    def save_assets(self, directory: str) -> None:
        save_columns(self.columns, directory)

    def load_assets(self, directory: str | None) -> None:
        if directory is not None:  # None if no column has a vocabulary
            self.encoder.columns = load_columns(self.columns, directory)


def encode_raw(columns: Sequence[Column], raw: Features) -> dict[str, np.ndarray]:
    """Encode raw features: values by column name, or the values alone if there is one column."""
    if not columns_of.has_columns(raw):
        names = [column.column for column in columns]
        if len(names) > 1:
            got = f"a {type(raw).__name__}"
            raise FeatureError(must("raw features", f"be a table or dict with the columns {names}", got=got))
        raw = {names[0]: raw}
    return encode_columns(columns, raw)

"""One side of a two-tower model."""

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
from shortlist.typing import Features, Tensor

__all__ = ["Tower"]


@keras.saving.register_keras_serializable(package="shortlist")
class Tower(keras.layers.Layer):
    """Features of a query or a candidate to one vector: embeddings side by side, then dense layers if any.

    Args:
        columns: Fitted columns of one side of a `FeatureSpec`.
        embedding_dim: Width of each embedding, and of the vector.
        hidden_units: Widths of dense layers before the last, which has `embedding_dim`. Where there are none,
            and the only column is embedded in `embedding_dim`, such as an id, the vector is its embedding.
        normalize: Whether vectors are brought to length 1, so that scores are cosines.
        l2: Weight of the added loss `l2 * mean over the batch of the squared length of the vector`. It
            touches the batch's vectors only, so rare ids are not worn away by a decay at each step.

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
        """The columns it takes."""
        return self.encoder.columns

    def prepare(self, raw: Features) -> dict[str, np.ndarray]:
        """Raw features, as the user has them, encoded on the host.

        Args:
            raw: Values by column name, `[batch]` each; the values alone where there is one column.

        Returns:
            Numeric arrays by column name, for `call`.

        Raises:
            FeatureError: When a column is missing or its values do not fit.
        """
        if not columns_of.has_columns(raw):
            names = [column.column for column in self.columns]
            if len(names) > 1:
                raise FeatureError(
                    must("features", f"be a table or a dict with the columns {names}", got=type(raw).__name__)
                )
            raw = {names[0]: raw}
        return encode_columns(self.columns, raw)

    def build(self, input_shape: Mapping[str, Any]) -> None:
        """Make the weights.

        Args:
            input_shape: Shapes by column name.
        """
        shapes = {column.column: input_shape[column.column] for column in self.columns}
        self.encoder.build(shapes)
        if self.head is not None:
            self.head.build(self.encoder.compute_output_shape(shapes))

    def call(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return the vectors of a batch.

        Args:
            features: Encoded features by column name; others are left alone.

        Returns:
            `[batch, embedding_dim]`.
        """
        vectors = self.encoder({column.column: features[column.column] for column in self.columns})
        if self.head is not None:
            vectors = self.head(vectors)
        if self.normalize:
            vectors = ops.normalize(vectors, axis=-1)
        if self.l2:
            self.add_loss(self.l2 * ops.mean(ops.sum(ops.square(ops.cast(vectors, "float32")), axis=-1)))
        return vectors

    def compute_output_shape(self, input_shape: Mapping[str, Any]) -> tuple[int | None, ...]:
        """One vector a row.

        Args:
            input_shape: Shapes by column name.

        Returns:
            `[batch, embedding_dim]`.
        """
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
        """Make the tower from its configuration; its vocabularies are loaded afterwards.

        Args:
            config: What `get_config` returned.

        Returns:
            A tower.
        """
        return cls(**{**config, "columns": deserialize_columns(config["columns"])})

    def save_assets(self, directory: str) -> None:
        save_columns(self.columns, directory)

    def load_assets(self, directory: str | None) -> None:
        if directory is not None:  # Keras' way to say that nothing was written
            self.encoder.columns = load_columns(self.columns, directory)

"""Mean of the embeddings of a list."""

from typing import Any, final

import keras
from keras import ops

from shortlist.layers._embedding import Embedding
from shortlist.typing import Shape, Tensor

__all__ = ["MeanEmbedding"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class MeanEmbedding(keras.layers.Layer):
    """Average the embeddings of each list's entries; -1 is padding.

    `mean[i] = sum of table[row] over the rows of list i that are >= 0, divided by their number`; the mean of
    an empty list is zero. The table's gradient is sparse, as in `layers.Embedding`.

    Args:
        input_dim: Number of rows, such as `Vocabulary.num_rows`.
        output_dim: Width of the embeddings.

    Example:
        >>> import numpy as np
        >>> tuple(MeanEmbedding(1000, 8)(np.int32([[3, 1], [4, -1]])).shape)
        (2, 8)
    """

    def __init__(self, input_dim: int, output_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = Embedding(input_dim, output_dim, dtype=self.dtype_policy)

    def build(self, input_shape: Shape) -> None:
        self.embedding.build()

    def call(self, rows: Tensor) -> Tensor:
        """Return `[batch, output_dim]` for `rows` `[batch, length]`, int, each -1 or in `[0, input_dim)`."""
        is_entry = ops.cast(rows >= 0, self.compute_dtype)[..., None]  # [batch, length, 1]
        total = ops.sum(self.embedding(ops.maximum(rows, 0)) * is_entry, axis=-2)
        return total / ops.maximum(ops.sum(is_entry, axis=-2), 1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.embedding.output_dim)

    def get_config(self) -> dict[str, Any]:
        sizes = {"input_dim": self.embedding.input_dim, "output_dim": self.embedding.output_dim}
        return {**super().get_config(), **sizes}

"""A table of embeddings of which a training step touches only the rows it uses."""

from typing import final

import keras
from keras import ops

from shortlist import backend
from shortlist.typing import Tensor

__all__ = ["Embedding"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Embedding(keras.layers.Embedding):
    """Keras' `Embedding`, whose gradient reaches an optimizer of `shortlist.optimizers` row by row.

    `embedding[i] = table[rows[i]]`. It is built, saved and called as `keras.layers.Embedding`, and trains the
    same with any optimizer of Keras. With a row-wise one, a step takes the time and memory of the rows in the
    batch, whatever `input_dim`; a regularizer of the table reads all rows, so it takes that away.

    Args:
        input_dim: Number of rows, such as `Vocabulary.num_rows`.
        output_dim: Width of the embeddings.
        **kwargs: As in `keras.layers.Embedding`.

    Example:
        >>> import numpy as np
        >>> tuple(Embedding(1000, 8)(np.int32([[3, 1], [4, 1]])).shape)
        (2, 2, 8)
    """

    def call(self, inputs: Tensor) -> Tensor:
        """Look rows up.

        Args:
            inputs: Any shape, int, each in `[0, input_dim)`.

        Returns:
            `[*inputs.shape, output_dim]`, of the layer's compute dtype.
        """
        if self.lora_enabled or self.quantization_mode:
            return super().call(inputs)
        is_index = keras.backend.standardize_dtype(inputs.dtype) in ("int32", "int64")
        rows = inputs if is_index else ops.cast(inputs, "int32")
        return ops.cast(backend.lookup(self.embeddings, rows), self.compute_dtype)

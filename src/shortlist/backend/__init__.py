"""Backend-specific functions: the only training code that imports TensorFlow, JAX or PyTorch.

There is one package per backend, with the functions that `shortlist.backend.interface` documents. Keras'
choice of a backend (`KERAS_BACKEND`) before the first import of Shortlist decides which one is exported here.
"""

import keras

from shortlist.backend._chunks import even_chunk
from shortlist.errors import BackendError, must
from shortlist.typing import Tensor

if keras.config.backend() == "tensorflow":
    from shortlist.backend.tensorflow import *  # noqa: F403 - the names of the interface
    from shortlist.backend.tensorflow import __all__, chunk_bytes
elif keras.config.backend() == "jax":
    from shortlist.backend.jax import *  # noqa: F403
    from shortlist.backend.jax import __all__, chunk_bytes
elif keras.config.backend() == "torch":
    from shortlist.backend.torch import *  # noqa: F403
    from shortlist.backend.torch import __all__, chunk_bytes
else:
    raise BackendError(
        must(
            "the Keras backend",
            "be 'tensorflow', 'jax' or 'torch'",
            got=repr(keras.config.backend()),
            fix="Set the environment variable KERAS_BACKEND to one of them before Keras is imported",
        )
    )

__all__ = [*__all__, "rows_per_chunk"]


def rows_per_chunk(num_rows: Tensor | int, num_columns: Tensor | int) -> Tensor | int:
    """Return how many rows of a float32 matrix to compute at once on the device in use.

    Chunks take at most `chunk_bytes()` if they hold more than one row, and are as even as possible.

    Args:
        num_rows: Number of rows of the matrix.
        num_columns: Number of columns.

    Returns:
        At least 1; a Python integer if both sizes are, as compilers with static shapes need it.

    Example:
        >>> rows_per_chunk(10, 10)
        10
    """
    return even_chunk(num_rows, num_columns, chunk_bytes())

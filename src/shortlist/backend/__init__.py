"""The only place that names TensorFlow, JAX or PyTorch while training.

One module a backend, all with the same functions; which one stands here was decided by Keras
(`KERAS_BACKEND`) before the first import of Shortlist.
"""

import keras

from shortlist.errors import BackendError

if keras.config.backend() == "tensorflow":
    from shortlist.backend.tensorflow import (
        IdRows,
        check_ids,
        compiled,
        dense_codes,
        id_tensor,
        is_padding,
        is_traced,
        scatter_add,
        test_step,
        top_k,
        train_step,
    )
elif keras.config.backend() == "jax":
    from shortlist.backend.jax import (
        IdRows,
        check_ids,
        compiled,
        dense_codes,
        id_tensor,
        is_padding,
        is_traced,
        scatter_add,
        test_step,
        top_k,
        train_step,
    )
elif keras.config.backend() == "torch":
    from shortlist.backend.torch import (
        IdRows,
        check_ids,
        compiled,
        dense_codes,
        id_tensor,
        is_padding,
        is_traced,
        scatter_add,
        test_step,
        top_k,
        train_step,
    )
else:
    raise BackendError(
        f"the Keras backend in use is {keras.config.backend()!r}; Shortlist trains on 'tensorflow', 'jax' "
        "or 'torch'. "
        "Set the environment variable KERAS_BACKEND to one of them before Keras is imported."
    )

__all__ = [
    "IdRows",
    "check_ids",
    "compiled",
    "dense_codes",
    "id_tensor",
    "is_padding",
    "is_traced",
    "scatter_add",
    "test_step",
    "top_k",
    "train_step",
]

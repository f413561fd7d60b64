"""The only place that names TensorFlow, JAX or PyTorch while training.

One package a backend, all with the same functions; which one stands here was decided by Keras
(`KERAS_BACKEND`) before the first import of Shortlist.
"""

import keras

from shortlist.errors import BackendError

if keras.config.backend() == "tensorflow":
    from shortlist.backend.tensorflow import *  # noqa: F403 - the same names, whichever backend
    from shortlist.backend.tensorflow import __all__
elif keras.config.backend() == "jax":
    from shortlist.backend.jax import *  # noqa: F403
    from shortlist.backend.jax import __all__
elif keras.config.backend() == "torch":
    from shortlist.backend.torch import *  # noqa: F403
    from shortlist.backend.torch import __all__
else:
    raise BackendError(
        f"the Keras backend in use is {keras.config.backend()!r}; Shortlist trains on 'tensorflow', 'jax' or "
        "'torch'. Set the environment variable KERAS_BACKEND to one of them before Keras is imported."
    )

__all__ = list(__all__)

"""Private parts of Keras that Shortlist uses; nothing else imports from `keras.src`."""

from typing import Any

import keras

# Tells whether `assign` is recorded instead of performed. Seen in Keras 3.12, 3.13 and 3.15.
from keras.src.backend.common.stateless_scope import in_stateless_scope

# Reads a variable without the mixed-precision cast of the whole table. Seen in Keras 3.12, 3.13 and 3.15.
from keras.src.backend.common.variables import AutocastScope

from shortlist.typing import Tensor

__all__ = ["in_stateless_scope", "raw_value"]


def raw_value(variable: Any) -> Tensor:
    """Return the value of a Keras variable in its own dtype, even under mixed precision.

    Within a stateless scope this is the value that the scope holds. Anything but a Keras variable is returned
    as it is.
    """
    if not isinstance(variable, keras.Variable):
        return variable
    with AutocastScope(None):
        return variable.value

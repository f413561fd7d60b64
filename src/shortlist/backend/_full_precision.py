"""What a variable holds, in the variable's own type."""

from typing import Any

import keras
from keras.src.backend.common.variables import AutocastScope  # Keras has no public name for it

from shortlist.typing import Tensor

__all__ = ["raw_value"]


def raw_value(variable: Any) -> Tensor:
    """The backend's own variable, or what a stateless scope has in its place.

    Under mixed precision, reading a variable casts all of it; here nothing is cast, so that rows can be taken
    first and cast afterwards.

    Args:
        variable: A Keras variable, or one of the backend.

    Returns:
        The variable or tensor, of the variable's dtype.
    """
    if not isinstance(variable, keras.Variable):
        return variable
    with AutocastScope(None):
        return variable.value

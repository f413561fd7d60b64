"""Names, dtypes and shapes of the inputs and outputs of a SavedModel."""

import base64
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from shortlist.errors import ArgumentError, must

__all__ = ["check_input_names", "describe", "example_request"]

_INPUT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN = {"k", "exclude", "allow", "self"}


def check_input_names(names: Iterable[str]) -> None:
    """Check that names of query features and attributes can be inputs of a signature.

    Raises:
        ArgumentError: If TensorFlow would change a name, or it is reserved.

    Example:
        >>> check_input_names(["user_id", "user age"])
        Traceback (most recent call last):
        shortlist.errors.ArgumentError: feature 'user age' must be named with ...
    """
    for name in names:
        if not _INPUT_NAME.fullmatch(name) or keyword.iskeyword(name) or name in _TAKEN:
            raise ArgumentError(
                must(
                    f"feature {name!r}",
                    "be named with an ASCII letter followed by letters, digits and underscores, and not with "
                    f"a Python keyword or one of {sorted(_TAKEN)}",
                    fix="Rename it",
                )
            )


def describe(signature: Any) -> dict[str, Any]:
    """Describe the inputs and outputs of a concrete function as JSON values.

    Returns:
        `inputs` and `outputs`, each with `dtype` and `shape` by name; unknown sizes are None.
    """
    inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
    return {"inputs": _described(inputs), "outputs": _described(outputs)}


def _described(specs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"dtype": spec.dtype.name, "shape": None if spec.shape.rank is None else spec.shape.as_list()}
        for name, spec in sorted(specs.items())
    }


def example_request(examples: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the first example as a request to TensorFlow Serving's REST API.

    Args:
        examples: Raw features by input name, `[batch, ...]` each.

    Returns:
        A body in the row format: `{"instances": [{"user_id": "42"}]}`.
    """
    return {"instances": [{name: _json(values[0]) for name, values in examples.items()}]}


def _json(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_json(entry) for entry in value]
    if isinstance(value, bytes):
        return _json_of_bytes(value)
    return value.item() if isinstance(value, np.generic) else value


def _json_of_bytes(value: bytes) -> Any:
    """Return text, or the base64 form of TensorFlow Serving if the bytes are not UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}

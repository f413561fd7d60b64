"""The names and types of what a SavedModel takes and gives."""

import base64
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from shortlist.errors import ArgumentError

__all__ = ["check_input_names", "describe", "example_request"]

_INPUT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN = {"k", "exclude", "allow", "self"}


def check_input_names(names: Iterable[str]) -> None:
    """Refuses names of features that TensorFlow would change, or that stand for something else.

    Args:
        names: Of the query features and attributes.

    Raises:
        ArgumentError: There is such a name.

    Example:
        >>> check_input_names(["user_id", "user age"])
        Traceback (most recent call last):
        shortlist.errors.ArgumentError: 'user age' cannot name an input of a signature, expected ...
    """
    for name in names:
        if not _INPUT_NAME.fullmatch(name) or keyword.iskeyword(name) or name in _TAKEN:
            raise ArgumentError(
                f"{name!r} cannot name an input of a signature, expected an ASCII letter, then "
                "letters, digits and underscores, no keyword of Python, and none of "
                f"{sorted(_TAKEN)}: rename it"
            )


def describe(signature: Any) -> dict[str, Any]:
    """Inputs and outputs of a traced function, as plain values for JSON.

    Args:
        signature: A concrete function that takes and gives tensors by name.

    Returns:
        Under `inputs` and `outputs`, by name, `dtype` and `shape`, which is None where it is open.
    """
    inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
    return {"inputs": _described(inputs), "outputs": _described(outputs)}


def _described(specs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"dtype": spec.dtype.name, "shape": None if spec.shape.rank is None else spec.shape.as_list()}
        for name, spec in sorted(specs.items())
    }


def example_request(examples: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The body of a request to TensorFlow Serving's REST API.

    Args:
        examples: Raw features by input name, `[batch, ...]` each.

    Returns:
        The first query, in the row format: `{"instances": [{"user_id": "42"}]}`.
    """
    return {"instances": [{name: _json(values[0]) for name, values in examples.items()}]}


def _json(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_json(entry) for entry in value]
    if isinstance(value, bytes):
        return _json_of_bytes(value)
    return value.item() if isinstance(value, np.generic) else value


def _json_of_bytes(value: bytes) -> Any:
    """Text where it is UTF-8; else what TensorFlow Serving takes in its place."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}

"""Named clauses: what a failed check reports."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

__all__ = [
    "check_close",
    "check_config",
    "check_readable",
    "check_refusals",
    "clause",
    "half_precision",
    "require",
    "to_numpy",
]


@contextlib.contextmanager
def clause(name: str) -> Iterator[None]:
    """Turn every failure in this block into an `AssertionError` that starts with the clause's name."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{name}: {error}") from error
    except Exception as error:
        raise AssertionError(f"{name}: raised {error!r}") from error


def require(condition: Any, message: str) -> None:
    """Raise an `AssertionError` unless the condition holds."""
    if not condition:
        raise AssertionError(message)


def to_numpy(values: Any) -> Any:
    """Convert every tensor of a structure to NumPy."""
    return keras.tree.map_structure(
        lambda value: value if isinstance(value, np.ndarray) else np.asarray(ops.convert_to_numpy(value)),
        values,
    )


def check_close(what: str, found: Any, expected: Any, tolerance: float = 1e-5) -> None:
    """Compare two structures of arrays by absolute and relative tolerance."""
    found, expected = (keras.tree.flatten(to_numpy(values)) for values in (found, expected))
    require(len(found) == len(expected), f"{what} has {len(found)} parts, expected {len(expected)}.")
    for one, other in zip(found, expected, strict=True):
        require(one.shape == other.shape, f"{what} has shape {one.shape}, expected {other.shape}.")
        if one.dtype.kind in "OSU":
            require((one == other).all(), f"{what} is {one.tolist()}, expected {other.tolist()}.")
        else:
            one, other = one.astype("float64"), other.astype("float64")
            is_close = np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True)
            require(is_close, f"{what} is {one.tolist()}, expected {other.tolist()}.")


def check_config(thing: Any) -> Any:
    """Rebuild an object from its config, which must be JSON and stay the same; return the new object."""
    config = keras.saving.serialize_keras_object(thing)["config"]
    text = json.dumps(config, sort_keys=True)
    again = type(thing).from_config(thing.get_config())
    require(again is not thing, "from_config returned the object itself.")
    found = json.dumps(keras.saving.serialize_keras_object(again)["config"], sort_keys=True)
    require(found == text, f"the config became {found}, expected {text}.")
    return again


def check_refusals(refusals: Sequence[Callable[[], Any]]) -> None:
    """Require that each call raises a ValueError or TypeError with one readable sentence or more."""
    for number, call in enumerate(refusals):
        try:
            call()
        except (ValueError, TypeError) as error:
            check_readable(f"call {number}", error)
        else:
            raise AssertionError(f"call {number} was accepted, expected a ValueError or TypeError.")


def check_readable(what: str, error: Exception) -> None:
    """Require that the message of an error is a sentence, without what Keras adds to it."""
    message = re.sub(r"\x1b\[\d*m", "", str(error)).split("\n\nArguments received by")[0]
    message = re.sub(r"^Exception encountered when calling .*\n\n", "", message).strip()
    is_sentence = len(message.split()) > 3 and message.endswith(".")
    require(is_sentence, f"{what} raised {message!r}, expected a sentence.")


@contextlib.contextmanager
def half_precision(policy: str) -> Iterator[None]:
    """Make layers under a Keras dtype policy such as `mixed_float16`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)

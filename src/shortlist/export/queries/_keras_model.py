"""Query side of an index whose query model is a user's Keras layer or model."""

import re
from collections.abc import Mapping
from typing import Any, final

import keras
import numpy as np
import tensorflow as tf

from shortlist.errors import ArgumentError, must
from shortlist.export.queries._base import QueryGraphEncoder, one_a_row
from shortlist.features import Lookup
from shortlist.ids import as_array
from shortlist.typing import Features, Tensor

__all__ = ["KerasQueries"]

_UNNAMED = "queries"
_AUTOMATIC_NAME = re.compile(r"(keras_tensor|input_layer|input)(_\d+)?")
_NUM_EXAMPLES = 5


@final
class KerasQueries(QueryGraphEncoder):
    """Encode queries with a Keras layer or model that takes one tensor, or tensors by name.

    Args:
        model: Query model. Functional and sequential models declare their inputs; others need examples.
        example_inputs: Raw queries in the form that the model takes.

    Raises:
        ArgumentError: If the inputs are unknown or a list.
    """

    def __init__(self, model: keras.Layer, example_inputs: Features | None = None) -> None:
        self._model = model
        inputs = _declared_inputs(model) if example_inputs is None else _inputs_of_examples(example_inputs)
        if inputs is None or isinstance(inputs, list | tuple):
            raise ArgumentError(
                must(
                    f"query_model {model.name!r} ({type(model).__name__})",
                    "take one tensor or a dict",
                    got="unknown inputs" if inputs is None else "a list without names",
                    fix="Please pass example_inputs, raw queries of the index: one array or arrays by name",
                )
            )
        self._takes_names = isinstance(inputs, Mapping)
        self._inputs = dict(inputs) if isinstance(inputs, Mapping) else {_name(inputs): inputs}
        self._example_inputs = example_inputs

    def resources(self) -> list[Any]:
        """Return the model and its variables; TensorFlow misses those in some lists and dicts of layers."""
        return [self._model, *(variable.value for variable in self._model.variables)]

    def input_signature(self) -> dict[str, tf.TensorSpec]:
        """Return the input specs, with unknown shape for single values."""
        return {name: _open(name, tensor) for name, tensor in self._inputs.items()}

    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        shaped = {name: _shaped(name, features[name], tensor) for name, tensor in self._inputs.items()}
        return self._model(self.as_queries(shaped))

    def examples(self) -> dict[str, np.ndarray]:
        """Return the given examples, else known ids of the first lookup, or zeros."""
        given: Any = self._example_inputs
        if given is None:
            return {name: _example(self._model, tensor) for name, tensor in self._inputs.items()}
        if not self._takes_names:
            given = dict.fromkeys(self._inputs, given)
        return {name: _example_array(given[name]) for name in self._inputs}

    def as_queries(self, features: Mapping[str, Any]) -> Any:
        """Return the features by name, or the only feature."""
        return dict(features) if self._takes_names else next(iter(features.values()))


def _declared_inputs(model: keras.Layer) -> Any:
    """Return the declared inputs of a model, or None."""
    if isinstance(model, keras.Sequential):
        first = model.layers[0] if model.layers else None
        if isinstance(first, Lookup):
            return keras.KerasTensor((None,), first.compute_dtype)
        return model.inputs[0] if model.built and model.inputs else None
    return model.input if isinstance(model, keras.Model) and getattr(model, "inputs", None) else None


def _inputs_of_examples(examples: Any) -> Any:
    if isinstance(examples, Mapping):
        return {name: _inputs_of_examples(values) for name, values in examples.items()}
    array = _example_array(examples)
    if array.ndim == 0 or array.size == 0:
        raise ArgumentError(
            must("example_inputs", "have shape [batch, ...] with at least one row", got=array.shape)
        )
    dtype = "string" if array.dtype == object else array.dtype.name
    return keras.KerasTensor((None, *array.shape[1:]), dtype)


def _example_array(values: Any) -> np.ndarray:
    array = as_array(values)
    is_text = array.dtype.kind in "SU" or any(isinstance(value, str | bytes) for value in array.flat[:1])
    return (
        array.astype(object)
        if is_text
        else np.array(array.tolist(), None if array.dtype == object else array.dtype)
    )


def _name(tensor: keras.KerasTensor) -> str:
    return _UNNAMED if _AUTOMATIC_NAME.fullmatch(tensor.name) else tensor.name


def _is_one_a_row(tensor: keras.KerasTensor) -> bool:
    return len(tensor.shape) == 1 or tuple(tensor.shape[1:]) == (1,)


def _open(name: str, tensor: keras.KerasTensor) -> tf.TensorSpec:
    shape = None if _is_one_a_row(tensor) else (None, *tensor.shape[1:])
    return tf.TensorSpec(shape, tensor.dtype, name=name)


def _shaped(name: str, values: Tensor, tensor: keras.KerasTensor) -> Tensor:
    if not _is_one_a_row(tensor):
        return values
    flat = one_a_row(values, name)
    return flat if len(tensor.shape) == 1 else flat[:, None]


def _example(model: Any, tensor: keras.KerasTensor) -> np.ndarray:
    layers = model.layers if isinstance(model, keras.Sequential) else []
    if layers and isinstance(layers[0], Lookup):
        return layers[0].vocabulary.examples(_NUM_EXAMPLES)
    shape = [_NUM_EXAMPLES, *(size or 1 for size in tensor.shape[1:])]
    return np.full(shape, "", dtype=object) if tensor.dtype == "string" else np.zeros(shape, tensor.dtype)

"""Contract of layers."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from shortlist.models import Model
from shortlist.testing._clauses import (
    check_close,
    check_config,
    check_refusals,
    clause,
    half_precision,
    require,
    to_numpy,
)
from shortlist.testing._saved import check_reload, fit_once
from shortlist.typing import Tensor

__all__ = ["check_layer"]


def check_layer(
    make: Callable[[], keras.layers.Layer],
    inputs: Any,
    *,
    refusals: Sequence[Callable[[], Any]] = (),
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Check a Keras layer: building, shapes, training, precision and saving.

    Clauses; the message of a failure starts with the name of one:

    - `build`: the first call builds the layer, and a call on another batch size makes no more variables.
    - `finite`: outputs are finite.
    - `shapes`: a symbolic call gives the shapes and dtypes of an eager one, the batch size left open.
    - `inference`: calls with `training=False` change nothing, so two of them give the same outputs.
    - `trains`: a compiled training step leaves finite weights, and changes one if any is trainable.
    - `precision`: under mixed float16 and bfloat16, variables stay float32 and outputs are nearly the same.
    - `config`: the layer made again from its JSON config gives the same outputs with the same weights.
    - `saved`: a model with the layer is loaded from a `.keras` file; see `check_saved` for a new process.
    - `refusals`: each of `refusals` raises a ValueError or TypeError whose message is a sentence.

    Args:
        make: Returns a new layer, such as `lambda: MLP([8, 4])`.
        inputs: An array `[batch, ...]`, or arrays in dicts and lists, with a batch of at least 2.
        refusals: Calls that must be refused, such as `lambda: MLP([])`.
        folder: Folder to save the layer in, for `check_saved`; None reloads it in this process only.

    Raises:
        AssertionError: If a clause is broken.

    Example:
        >>> from shortlist.layers import MLP
        >>> check_layer(lambda: MLP([8, 4]), np.ones((2, 3), "float32"))
    """
    tensors = keras.tree.map_structure(ops.convert_to_tensor, inputs)
    with clause("build"):
        keras.utils.set_random_seed(0)
        layer = make()
        outputs = layer(tensors, training=False)
        require(layer.built, "the layer is not built after its first call.")
        names = [variable.path for variable in layer.variables]
        layer(keras.tree.map_structure(lambda part: part[:1], tensors), training=False)
        found = [variable.path for variable in layer.variables]
        require(found == names, f"variables became {found}, expected {names} as after the first call.")
    with clause("finite"):
        for part in keras.tree.flatten(to_numpy(outputs)):
            require(np.isfinite(part.astype("float64")).all(), f"outputs are {part.tolist()}.")
    with clause("shapes"):
        specs = keras.tree.map_structure(
            lambda part: keras.KerasTensor(
                (None, *part.shape[1:]), keras.backend.standardize_dtype(part.dtype)
            ),
            tensors,
        )
        symbolic = keras.tree.flatten(make()(specs))
        for spec, part in zip(symbolic, keras.tree.flatten(outputs), strict=True):
            is_same = len(spec.shape) == len(part.shape) and all(
                size in (None, other) for size, other in zip(spec.shape, part.shape, strict=True)
            )
            require(is_same, f"the symbolic shape is {spec.shape}, the eager one {tuple(part.shape)}.")
            dtype = keras.backend.standardize_dtype(part.dtype)
            require(spec.dtype == dtype, f"the symbolic dtype is {spec.dtype}, the eager one {dtype}.")
    with clause("inference"):
        before = layer.get_weights()
        check_close("the output of a second call", layer(tensors, training=False), outputs)
        check_close("the weights after inference", layer.get_weights(), before)
    with clause("precision"):
        for policy, tolerance in (("mixed_float16", 0.02), ("mixed_bfloat16", 0.1)):
            with half_precision(policy):
                half = make()
                half(tensors, training=False)
                half.set_weights(before)
                found = half(tensors, training=False)
            changed = [variable.path for variable in half.trainable_variables if variable.dtype != "float32"]
            require(not changed, f"under {policy}, {changed} are not float32.")
            check_close(f"the output under {policy}", found, outputs, tolerance)
    with clause("config"):
        again = check_config(layer)
        again(tensors, training=False)
        again.set_weights(before)
        check_close("the output after from_config", again(tensors, training=False), outputs)
    with clause("trains"):
        model = LayerModel(layer)
        model.compile(optimizer=keras.optimizers.SGD(0.1))
        if layer.trainable_variables:
            fit_once(model, {"inputs": inputs})
        else:
            model.evaluate({"inputs": inputs}, verbose=0)
        after = [to_numpy(variable.value) for variable in layer.trainable_variables]
        require(all(np.isfinite(part).all() for part in after), "a weight is not finite after a step.")
        trained = make()
        trained(tensors, training=False)
        trained.set_weights(before)
        start = [to_numpy(variable.value) for variable in trained.trainable_variables]
        moved = [bool((one != other).any()) for one, other in zip(after, start, strict=True)]
        require(any(moved) or not moved, "a training step changes no weight.")
    with clause("saved"):
        check_reload(model, {"inputs": inputs}, "call", folder)
    with clause("refusals"):
        check_refusals(refusals)


@keras.saving.register_keras_serializable(package="shortlist.testing")
class LayerModel(Model):
    """Train a layer towards outputs of 1."""

    def __init__(self, checked: Any) -> None:
        super().__init__()
        self.checked = checked

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.checked(inputs["inputs"], training=training)

    def compute_loss(self, inputs: Any, training: bool = False) -> Tensor:
        outputs = keras.tree.flatten(self.checked(inputs["inputs"], training=training))
        return sum(ops.mean(ops.square(ops.cast(part, "float32") - 1)) for part in outputs)

    def get_config(self) -> dict[str, Any]:
        return {"checked": keras.saving.serialize_keras_object(self.checked)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "LayerModel":
        return cls(keras.saving.deserialize_keras_object(config["checked"], custom_objects=custom_objects))

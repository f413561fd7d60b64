"""Contracts of tasks and of metrics, which both take the arrays of a batch by name."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from shortlist.models import Model
from shortlist.tasks import Task
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
from shortlist.typing import ArrayLike, Tensor

__all__ = ["check_metric", "check_task"]


def check_task(
    make: Callable[[], Task],
    arguments: Mapping[str, ArrayLike],
    *,
    refusals: Sequence[Callable[[], Any]] = (),
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Check a task: loss, weights, metrics, precision and saving.

    Clauses; the message of a failure starts with the name of one:

    - `scalar`: the loss is a finite scalar.
    - `weights`: a row of `sample_weight` 0 does not count; no weights are weights of 1.
    - `compiled`: a compiled step gives the same loss as a plain call.
    - `metrics`: after `reset_state` and the same batch, metrics have the same finite values.
    - `trains`: a compiled training step leaves finite arguments.
    - `precision`: under mixed float16 and bfloat16, the loss of half-precision arguments is nearly the same.
    - `config`: the task made again from its JSON config gives the same loss.
    - `saved`: a model with the task is loaded from a `.keras` file; see `check_saved` for a new process.
    - `refusals`: each of `refusals` raises a ValueError or TypeError whose message is a sentence.

    Args:
        make: Returns a new task.
        arguments: Arrays of a batch by the names of `call`, without `sample_weight`. The first is changed in
            row 0 to test weights.
        refusals: Calls that must be refused.
        folder: Folder to save the task in, for `check_saved`; None reloads it in this process only.

    Raises:
        AssertionError: If a clause is broken.

    Example:
        >>> from shortlist.tasks import Retrieval
        >>> vectors = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
        >>> check_task(Retrieval, {"query_embeddings": vectors[0], "candidate_embeddings": vectors[1]})
    """
    arrays = {name: np.asarray(values) for name, values in arguments.items()}
    keras.utils.set_random_seed(0)
    task = make()
    _refresh(task)
    with clause("scalar"):
        loss = task(**_tensors(arrays), training=False)
        require(tuple(loss.shape) == (), f"the loss has shape {tuple(loss.shape)}, expected ().")
        require(np.isfinite(float(loss)), f"the loss is {float(loss)}.")
    with clause("weights"):
        first = next(iter(arrays))
        num_rows = len(arrays[first])
        ones, without = np.ones(num_rows, "float32"), np.ones(num_rows, "float32")
        without[0] = 0
        changed = arrays | {first: np.concatenate([arrays[first][1:2], arrays[first][1:]])}
        check_close("the loss of weights of 1", task(**_tensors(arrays), sample_weight=ones), loss)
        expected = task(**_tensors(arrays), sample_weight=without)
        found = task(**_tensors(changed), sample_weight=without)
        check_close("the loss after changing a row of weight 0", found, expected)
        is_same = np.isclose(float(task(**_tensors(changed))), float(loss))
        require(not is_same, f"changing row 0 of {first} leaves the loss as it is.")
    with clause("metrics"):
        values = []
        for _ in range(2):
            for metric in task.metrics:
                metric.reset_state()
            task(**_tensors(arrays), training=False)
            values.append([to_numpy(metric.result()) for metric in task.metrics])
        check_close("metrics of the same batch after reset_state", values[1], values[0])
        for part in keras.tree.flatten(values):
            require(np.isfinite(part).all(), f"a metric is {part.tolist()}.")
    with clause("compiled"):
        model = ArgumentsModel(task, _plain(arrays))
        model.compile(optimizer=keras.optimizers.SGD(0.01))
        rows = {"row": np.arange(2)}
        logs = model.evaluate(rows, batch_size=1024, verbose=0, return_dict=True)
        check_close("the loss", logs["loss"], loss, 1e-4)
    with clause("precision"):
        for policy, tolerance in (("mixed_float16", 0.02), ("mixed_bfloat16", 0.1)):
            with half_precision(policy):
                half = make()
                _refresh(half)
                dtype = keras.config.dtype_policy().compute_dtype
                found = half(**_tensors(arrays, dtype), training=False)
            check_close(f"the loss under {policy}", ops.cast(found, "float32"), loss, tolerance)
    with clause("config"):
        again = check_config(task)
        found = again(**_tensors(arrays), training=True)
        check_close("the loss after from_config", found, make()(**_tensors(arrays), training=True))
    with clause("trains"):
        fit_once(model, rows)
        for variable in model.trainable_variables:
            require(np.isfinite(to_numpy(variable.value)).all(), f"{variable.path} is not finite.")
    with clause("saved"):
        check_reload(model, rows, "evaluate", folder)
    with clause("refusals"):
        check_refusals(refusals)


def check_metric(
    make: Callable[[], keras.metrics.Metric],
    arguments: Mapping[str, ArrayLike],
    *,
    refusals: Sequence[Callable[[], Any]] = (),
    folder: str | os.PathLike[str] | None = None,
) -> None:
    """Check a Keras metric: batches, weights, reset, compiled steps and saving.

    Clauses; the message of a failure starts with the name of one:

    - `finite`: the result is a finite scalar, or several in a dict, before and after updates.
    - `reset`: after `reset_state`, the same rows give the same result.
    - `batches`: the result does not depend on how rows are cut into batches.
    - `weights`: a row of `sample_weight` 0 does not count; no weights are weights of 1.
    - `compiled`: a compiled step gives the same result as a plain update.
    - `config`: the metric made again from its JSON config has the same config.
    - `saved`: a model with the metric is loaded from a `.keras` file; see `check_saved` for a new process.
    - `refusals`: each of `refusals` raises a ValueError or TypeError whose message is a sentence.

    Args:
        make: Returns a new metric.
        arguments: Arrays of a batch by the names of `update_state`, without `sample_weight`, with at least 3
            rows that do not all have the same value of the metric.
        refusals: Calls that must be refused.
        folder: Folder to save the metric in, for `check_saved`; None reloads it in this process only.

    Raises:
        AssertionError: If a clause is broken.

    Example:
        >>> import keras
        >>> arrays = {"y_true": np.float32([[1], [2], [3]]), "y_pred": np.float32([[1], [3], [5]])}
        >>> check_metric(keras.metrics.MeanAbsoluteError, arrays)
    """
    arrays = {name: np.asarray(values) for name, values in arguments.items()}
    num_rows = len(next(iter(arrays.values())))
    metric = make()
    _refresh(metric)

    def result(rows: Sequence[slice] = (slice(None),), weights: Any = None) -> Any:
        metric.reset_state()
        for some in rows:
            options = {} if weights is None else {"sample_weight": np.float32(weights[some])}
            metric.update_state(**_tensors({name: part[some] for name, part in arrays.items()}), **options)
        return to_numpy(metric.result())

    with clause("finite"):
        for values in (to_numpy(metric.result()), result()):
            for part in keras.tree.flatten(values):
                require(part.shape == () and np.isfinite(part), f"the result is {values}.")
    expected = result()
    with clause("reset"):
        check_close("the result after reset_state", result(), expected)
    with clause("batches"):
        check_close("the result of two batches", result([slice(0, 1), slice(1, None)]), expected)
    with clause("weights"):
        weights = np.ones(num_rows)
        check_close("the result of weights of 1", result(weights=weights), expected)
        weights[0] = 0
        check_close("the result with row 0 of weight 0", result(weights=weights), result([slice(1, None)]))
    with clause("compiled"):
        model = ArgumentsModel(metric, _plain(arrays))
        model.compile(optimizer="sgd")
        rows = {"row": np.arange(2)}
        logs = model.evaluate(rows, batch_size=1024, verbose=0, return_dict=True)
        names = expected if isinstance(expected, dict) else {metric.name: expected}
        check_close("the result", {name: logs.get(name, np.nan) for name in names}, names)
    with clause("config"):
        check_config(metric)
    with clause("saved"):
        check_reload(model, rows, "evaluate", folder)
    with clause("refusals"):
        check_refusals(refusals)


@keras.saving.register_keras_serializable(package="shortlist.testing")
class ArgumentsModel(Model):
    """Call a task, or update a metric, with fixed arrays; those of floats are trained."""

    def __init__(self, checked: Any, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        self.checked, self.plain = checked, dict(arguments)
        self.tables = {}
        for name, (dtype, values) in self.plain.items():
            table = self.add_weight(
                shape=np.shape(values), dtype=dtype, trainable=dtype.startswith("float"), name=name
            )
            table.assign(np.asarray(values, dtype))
            self.tables[name] = table

    def compute_loss(self, inputs: Any, training: bool = False) -> Tensor:
        tensors = {name: ops.convert_to_tensor(table) for name, table in self.tables.items()}
        if isinstance(self.checked, Task):
            return self.checked(**tensors)
        if not training:
            self.checked.update_state(**tensors)
        return ops.zeros(())

    def get_config(self) -> dict[str, Any]:
        return {"checked": keras.saving.serialize_keras_object(self.checked), "arguments": self.plain}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "ArgumentsModel":
        checked = keras.saving.deserialize_keras_object(config["checked"], custom_objects=custom_objects)
        return cls(checked, config["arguments"])


def _plain(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    return {name: [values.dtype.name, values.tolist()] for name, values in arrays.items()}


def _tensors(arrays: Mapping[str, np.ndarray], dtype: str | None = None) -> dict[str, Tensor]:
    return {
        name: ops.convert_to_tensor(values, dtype if values.dtype.kind == "f" else None)
        for name, values in arrays.items()
    }


def _refresh(checked: Any) -> None:
    # Metrics over a catalog encode their candidates once per evaluation.
    for metric in [checked, *getattr(checked, "metrics", [])]:
        if hasattr(metric, "refresh"):
            metric.refresh()

"""Keras model trained by a user-defined loss."""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from shortlist import backend
from shortlist.artifacts import save_whole
from shortlist.data import InteractionFiles, Interactions
from shortlist.errors import ArgumentError, BackendError, must
from shortlist.metrics import CatalogMetric
from shortlist.models._batch_spec import batch_like, spec_of
from shortlist.typing import Tensor

__all__ = ["Model"]

_INSTEAD_OF_COMPILE = {
    "loss": "Return the loss from compute_loss",
    "loss_weights": "Weigh the parts of the loss in compute_loss",
    "metrics": "Give metrics to a task, such as tasks.Ranking(metrics=[...]), or update them in compute_loss",
    "weighted_metrics": "Give metrics to a task, such as tasks.Ranking(metrics=[...]), with sample_weight",
}


class Model(keras.Model):
    """Keras model trained by a user-defined `compute_loss`. Abstract.

    `fit`, `evaluate`, callbacks, `save` and optimizers are those of Keras. The logs hold `loss`, as returned
    by `compute_loss`, and the metrics that were computed. If layers add losses or regularize their weights,
    the logs also hold `regularization_loss` and `total_loss`, the sum that is minimized.

    Metrics over a catalog (`metrics.CatalogMetric`) are computed in evaluation only; their candidates are
    encoded once per evaluation.

    Example:
        >>> import keras, numpy as np, shortlist as sl
        >>> class TwoTower(sl.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.user_model = keras.layers.Embedding(10, 4)
        ...         self.movie_model = keras.layers.Embedding(20, 4)
        ...         self.task = sl.tasks.Retrieval()
        ...
        ...     def compute_loss(self, features, training=False):
        ...         return self.task(self.user_model(features["user"]), self.movie_model(features["movie"]))
        >>> model = TwoTower()
        >>> model.compile(optimizer="adagrad")
        >>> batch = {"user": np.arange(8), "movie": np.arange(8)}
        >>> sorted(model.fit(batch, epochs=1, verbose=0).history)
        ['loss']
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._regularization_tracker = keras.metrics.Mean(name="regularization_loss")
        self._total_tracker = keras.metrics.Mean(name="total_loss")
        self._is_regularized = False
        self._batch_spec: str | None = None
        self.built: bool = False
        object.__setattr__(self, "_context", ComputeLoss())  # not tracked: it holds nothing

    def compute_loss(self, inputs: Any, training: bool = False) -> Tensor:
        """Return the loss of one batch, a scalar, and update metrics. Defined by the subclass.

        Args:
            inputs: One element of the data: features, or a tuple of features, labels and weights.
            training: Whether this is a training step.
        """
        message = must(type(self).__name__, "define compute_loss(self, inputs, training=False)")
        raise NotImplementedError(message)

    def total_loss(self, batch: Any, *, training: bool) -> Tensor:
        """Update the logged losses; return the sum to minimize, of the batch's loss and the layers' losses.

        Args:
            batch: One element of the data.
            training: Whether this is a training step.
        """
        for metric in self._catalog_metrics():
            metric.was_updated = False
        self._clear_losses()
        loss = self._loss(batch, training=training)
        added = self.losses
        self._is_regularized = bool(added)
        regularization = sum(added, start=ops.zeros((), loss.dtype))
        trackers = (self._loss_tracker, self._regularization_tracker, self._total_tracker)
        for tracker, value in zip(trackers, (loss, regularization, loss + regularization), strict=True):
            tracker.update_state(value, sample_weight=_num_examples(batch))
        return loss + regularization

    def _loss(self, batch: Any, *, training: bool) -> Tensor:
        batch = batch[0] if isinstance(batch, tuple) and len(batch) == 1 else batch
        inputs = _copy_dicts(batch)
        loss = self._context.run(lambda: self.compute_loss(inputs, training=training), training=training)
        if (
            self._batch_spec is None
        ):  # not `built`: Keras sets that when `call` ran, which may use fewer layers
            self._batch_spec = spec_of(batch)
            self.built = True
        return loss

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """Metrics of the model and its layers; one held by several of them is listed once."""
        return list({id(metric): metric for metric in super().metrics}.values())

    def train_step(self, *args: Any) -> Any:
        return backend.train_step(self, *args)

    def test_step(self, *args: Any) -> Any:
        return backend.test_step(self, *args)

    def make_train_function(self, force: bool = False) -> Any:
        backend.check_replicas(self)
        return super().make_train_function(force=force)

    def make_test_function(self, force: bool = False) -> Any:
        backend.check_replicas(self)
        return super().make_test_function(force=force)

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, **kwargs: Any) -> None:
        """Configure training like `keras.Model.compile`, without losses and metrics.

        `compute_loss` returns the loss and updates the metrics.

        Args:
            optimizer: As in `keras.Model.compile`.
            loss: None.
            **kwargs: As in `keras.Model.compile`.

        Raises:
            ArgumentError: If a loss or metrics are given.
            BackendError: If `jit_compile` is True and a layer cannot be compiled by XLA.
        """
        name = type(self).__name__
        for argument, fix in _INSTEAD_OF_COMPILE.items():
            value = loss if argument == "loss" else kwargs.get(argument)
            if value is not None:
                message = must(argument, f"be None in compile of {name}", got=repr(value), fix=fix)
                raise ArgumentError(message)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Model doesn't support `jit_compile=True`")
            super().compile(optimizer, **kwargs)
        if kwargs.get("jit_compile") is True and not (self.jit_compile or self.run_eagerly):
            fix = "Leave it out, or run on JAX, which compiles every step with XLA"
            got = f"True under {keras.config.backend()}, where XLA cannot compile its tasks"
            raise BackendError(
                must("jit_compile", f"be False or 'auto' in compile of {name}", got=got, fix=fix)
            )

    def fit(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Train like `keras.Model.fit`. `compute_loss` receives `x`, or `(x, y)` or `(x, y, sample_weight)`.

        Args:
            x: Data, as in `keras.Model.fit`. Datasets decide their own order and are not shuffled.
            y: Labels, as in `keras.Model.fit`.
            *args: As in `keras.Model.fit`.
            **kwargs: As in `keras.Model.fit`.

        Returns:
            Keras' history.

        Raises:
            ArgumentError: If the data are `Interactions`, which only a `TabularModel` encodes, or hold no
                batch; or if weights come without `y` or are negative.
        """
        for name, data in (("the training data", x), ("validation_data", kwargs.get("validation_data"))):
            self._check_encoded(name, data)
        _check_weights(x, y, **{name: kwargs.get(name) for name in ("sample_weight", "class_weight")})
        leaves = keras.tree.flatten(x)
        are_arrays = all(hasattr(leaf, "shape") for leaf in leaves)
        kwargs.setdefault("shuffle", are_arrays)  # Keras warns where it cannot
        for leaf in leaves:
            backend.check_ids("the training data", leaf)
        with self._forgetting_what_failed(), _explaining_labels(y):
            history = super().fit(x, y, *args, **kwargs)
        if not history.history and kwargs.get("epochs", 1) > kwargs.get("initial_epoch", 0):
            raise ArgumentError(must("the training data", "hold at least one batch"))
        return history

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Evaluate like `keras.Model.evaluate`, with the candidates of catalog metrics encoded once.

        Args:
            x: Data, as in `keras.Model.evaluate`.
            y: Labels, as in `keras.Model.evaluate`.
            *args: As in `keras.Model.evaluate`.
            **kwargs: As in `keras.Model.evaluate`.

        Returns:
            As `keras.Model.evaluate`.

        Raises:
            ArgumentError: If the data are `Interactions`, which only a `TabularModel` encodes; or if weights
                come without `y` or are negative.
        """
        self._check_encoded("the data", x)
        _check_weights(x, y, sample_weight=kwargs.get("sample_weight"))
        are_stale = [metric.refresh() for metric in self._catalog_metrics()]
        if any(are_stale):
            self.test_function = None  # traced for other candidates
            if self.train_function is not None and keras.distribution.distribution() is not None:
                self.make_train_function(force=True)  # it lists the sharding of every variable
        with self._forgetting_what_failed(), _explaining_labels(y):
            return super().evaluate(x, y, *args, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs of `call`, like `keras.Model.predict`.

        Args:
            x: Data, as in `keras.Model.predict`.
            *args: As in `keras.Model.predict`.
            **kwargs: As in `keras.Model.predict`.

        Raises:
            ArgumentError: If the model has no `call`, or the data are `Interactions`, which only a
                `TabularModel` encodes.
        """
        self._check_has_call()
        self._check_encoded("the data", x)
        return super().predict(x, *args, **kwargs)

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """Save like `keras.Model.save`. An older file stays until the new one is complete.

        Args:
            filepath: Path that ends in `.keras`.
            *args: As in `keras.Model.save`.
            **kwargs: As in `keras.Model.save`.

        Raises:
            ArgumentError: If the path ends otherwise, or the file exists and `overwrite=False`.
        """
        save_whole(super().save, filepath, *args, **kwargs)

    def get_metrics_result(self) -> dict[str, Any]:
        left_out = [] if self._is_regularized else [self._regularization_tracker, self._total_tracker]
        left_out += [metric for metric in self._catalog_metrics() if not metric.was_updated]
        results: dict[str, Any] = {}
        for metric in self.metrics:
            if not any(metric is other for other in left_out):
                value = metric.result()
                results |= value if isinstance(value, dict) else {metric.name: value}
        return results

    def get_build_config(self) -> dict[str, Any] | None:
        return None if self._batch_spec is None else {"batch": self._batch_spec}

    def build_from_config(self, config: dict[str, Any]) -> None:
        self._build_on(batch_like(config["batch"]))

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)  # before its state is loaded

    @contextlib.contextmanager
    def _forgetting_what_failed(self) -> Iterator[None]:
        """Drop functions that failed while they were traced, so that other data can be tried."""
        try:
            with contextlib.ExitStack() as reports:
                for metric in self._catalog_metrics():
                    reports.enter_context(metric.reporting_once())
                yield
        except Exception:
            self.train_function = self.test_function = None
            raise

    def _check_has_call(self) -> None:
        if type(self).call is keras.Model.call:
            fix = "For the best candidates of queries use an index, for vectors call a tower"
            raise ArgumentError(must(type(self).__name__, "define call(self, inputs) for predict", fix=fix))

    def _check_encoded(self, name: str, data: Any) -> None:
        for leaf in keras.tree.flatten(data):
            if isinstance(leaf, Interactions | InteractionFiles):
                fix = f"Encode them with a FeatureSpec, or derive {type(self).__name__} from TabularModel"
                raise ArgumentError(must(name, "be arrays or a dataset of batches", got=repr(leaf), fix=fix))

    def _catalog_metrics(self) -> list[Any]:
        return [metric for metric in self.metrics if isinstance(metric, CatalogMetric)]

    def _symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # Keras would build by calling the model; here only `compute_loss` can read a batch.
        if data_batch is None:
            _, _, batches = next(iter(iterator))
            data_batch = batches[0] if isinstance(batches, list | tuple) else next(batches)
        if self._batch_spec is None:
            self._build_on(data_batch)
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _build_on(self, batch: Any) -> None:
        with keras.StatelessScope():  # creates variables, and drops updates
            self._loss(batch, training=True)


class ComputeLoss(keras.layers.Layer):
    """Run a function inside a layer's call, which passes `training` on to the layers that it calls."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True

    def run(self, function: Callable[[], Tensor], *, training: bool) -> Tensor:
        return self(function=function, training=training)

    def call(self, function: Callable[[], Tensor], training: bool | None = None) -> Tensor:
        return function()


def _copy_dicts(batch: Any) -> Any:
    # `compute_loss` may pop features; a traced function must not see its arguments change.
    if isinstance(batch, tuple | list):
        return type(batch)(_copy_dicts(part) for part in batch)
    return dict(batch) if isinstance(batch, dict) else batch


@contextlib.contextmanager
def _explaining_labels(y: Any) -> Iterator[None]:
    """Explain the `TypeError` of a `compute_loss` that reads features by name from a tuple `(x, y)`."""
    try:
        yield
    except TypeError as error:
        if y is None or "tuple indices must be" not in str(error):
            raise
        fix = "Write `x, y = inputs` there, or put the labels into x, such as x={..., 'label': y}"
        message = must(
            "compute_loss", "take the tuple (x, y) where y is given", got="an index by name", fix=fix
        )
        raise ArgumentError(message) from error


def _check_weights(x: Any, y: Any, *, sample_weight: Any = None, class_weight: Any = None) -> None:
    """Refuse weights that Keras would drop, and negative ones, which reverse gradients."""
    are_arrays = all(hasattr(leaf, "shape") for leaf in keras.tree.flatten(x))
    for name, weights in (("sample_weight", sample_weight), ("class_weight", class_weight)):
        if weights is None:
            continue
        if y is None and are_arrays:
            fix = "Pass one weight per row in x, such as x={..., 'sample_weight': weights}, and hand "
            fix += "inputs['sample_weight'] to the task in compute_loss"
            raise ArgumentError(must(name, "come with y, since Keras drops it otherwise", fix=fix))
        smallest = min(np.min(leaf, initial=0) for leaf in keras.tree.flatten(weights))
        if smallest < 0:
            raise ArgumentError(must(name, "be >= 0", got=smallest, fix="Drop rows that should not count"))


def _num_examples(batch: Any) -> Tensor | int:
    for leaf in keras.tree.flatten(batch):
        if leaf is not None and len(leaf.shape) > 0:
            return ops.shape(leaf)[0]
    return 1

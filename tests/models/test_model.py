"""A free-form model is trained by Keras' own loop: losses, gradients, logs, callbacks, dropout."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.oracles.ranking import mean_metrics, ranking_metrics
from tests.oracles.softmax import in_batch_softmax
from tests.support.free_form import NUM_ITEMS, FreeForm, interactions

import shortlist as sl
from shortlist.errors import ArgumentError, BackendError

Array = NDArray[Any]
BACKEND = keras.config.backend()
BATCH_SIZE = 16


def compiled(optimizer: Any = None, *, jit_compile: Any = "auto", **options: Any) -> FreeForm:
    model = FreeForm(**options)
    optimizer = keras.optimizers.SGD(0.5) if optimizer is None else optimizer
    model.compile(optimizer=optimizer, jit_compile=jit_compile)
    return model


def vectors_of(model: FreeForm) -> tuple[Array, Array]:
    tables = model.user_model.embeddings, model.item_model.embeddings
    return tuple(keras.ops.convert_to_numpy(table) for table in tables)


def oracle_loss(model: FreeForm, data: dict[str, Array], batch_size: int = BATCH_SIZE) -> float:
    """Mean over examples of the in-batch softmax of consecutive batches, as the model's tables are now."""
    users, items = vectors_of(model)
    total = 0.0
    for start in range(0, len(data["user"]), batch_size):
        user, item = (data[name][start : start + batch_size] for name in ("user", "item"))
        answer = in_batch_softmax(users[user], items[item], candidate_ids=item, remove_accidental_hits=True)
        total += answer["loss"] * len(user)
    return total / len(data["user"])


@pytest.mark.contract
def test_evaluate_gives_the_mean_over_examples_and_the_catalog_metrics() -> None:
    """Batches of 16, 16 and 8: the short one counts for what it holds."""
    model, data = compiled(), interactions()
    logs = model.evaluate(data, batch_size=BATCH_SIZE, verbose=0, return_dict=True)
    users, items = vectors_of(model)
    scores = users[data["user"]] @ items.T
    evaluated = {
        k: mean_metrics(
            [ranking_metrics(row, [true], k) for row, true in zip(scores, data["item"], strict=True)]
        )
        for k in (1, 10)
    }
    recalls = {f"recall_at_{k}": metrics["recall"] for k, metrics in evaluated.items()}
    assert logs == pytest.approx({"loss": oracle_loss(model, data), **recalls}, rel=1e-5)


@pytest.mark.contract
def test_one_step_descends_along_the_gradient_of_the_loss() -> None:
    model, data = compiled(), interactions(BATCH_SIZE)
    model.evaluate(data, batch_size=BATCH_SIZE, verbose=0)  # makes the tables
    users, items = vectors_of(model)
    answer = in_batch_softmax(
        users[data["user"]], items[data["item"]], candidate_ids=data["item"], remove_accidental_hits=True
    )
    np.add.at(users, data["user"], -0.5 * answer["grad_queries"])
    np.add.at(items, data["item"], -0.5 * answer["grad_candidates"])
    history = model.fit(data, batch_size=BATCH_SIZE, epochs=1, shuffle=False, verbose=0)
    assert history.history == {"loss": [pytest.approx(answer["loss"], rel=1e-5)]}
    for table, expected in zip(vectors_of(model), (users, items), strict=True):
        np.testing.assert_allclose(table, expected, atol=1e-6)


@pytest.mark.contract
def test_logs_hold_what_was_computed_and_callbacks_see_it() -> None:
    """Catalog metrics are of evaluation alone; a learning rate of 0 makes no progress, and is stopped."""
    model, data = compiled(keras.optimizers.SGD(0.0)), interactions()
    stop = keras.callbacks.EarlyStopping(monitor="val_recall_at_10", mode="max", patience=2)
    history = model.fit(
        data, validation_data=data, batch_size=BATCH_SIZE, epochs=9, callbacks=[stop], verbose=0
    )
    assert set(history.history) == {"loss", "val_loss", "val_recall_at_1", "val_recall_at_10"}
    assert len(history.history["loss"]) == 3


def test_it_learns() -> None:
    model, data = compiled(keras.optimizers.Adam(0.1)), interactions()
    model.fit(data, batch_size=BATCH_SIZE, epochs=15, verbose=0)
    logs = model.evaluate(interactions(seed=1), batch_size=BATCH_SIZE, verbose=0, return_dict=True)
    assert logs["recall_at_10"] > 0.95  # chance is 10 / 12


@pytest.mark.contract
def test_regularization_is_what_the_regularizers_say() -> None:
    model, data = compiled(l2=0.01), interactions(BATCH_SIZE)
    logs = model.evaluate(data, batch_size=BATCH_SIZE, verbose=0, return_dict=True)
    penalty = 0.01 * sum(float((table.astype("float64") ** 2).sum()) for table in vectors_of(model))
    loss = oracle_loss(model, data)
    assert logs["loss"] == pytest.approx(loss, rel=1e-5)
    assert logs["regularization_loss"] == pytest.approx(penalty, rel=1e-5)
    assert logs["total_loss"] == pytest.approx(loss + penalty, rel=1e-5)


def test_regularization_is_minimized() -> None:
    """Embeddings that the batch does not touch are moved by the penalty alone: w - rate * 2 * l2 * w."""
    model, data = compiled(l2=0.1), {"user": np.int32([0, 1]), "item": np.int32([0, 1])}
    model.evaluate(data, batch_size=2, verbose=0)
    before = vectors_of(model)
    model.fit(data, batch_size=2, verbose=0)
    for table, old in zip(vectors_of(model), before, strict=True):
        np.testing.assert_allclose(table[2:], old[2:] * (1 - 0.5 * 2 * 0.1), rtol=1e-5)


class Shared(sl.Model):
    """One tower for both sides, which adds a loss each time it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = Penalized()
        self.task = sl.tasks.Retrieval()

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        left, right = inputs
        return self.task(self.tower(left), self.tower(right))


class Penalized(keras.layers.Layer):
    def call(self, vectors: Any) -> Any:
        self.add_loss(keras.ops.mean(keras.ops.square(vectors)))
        return vectors


@pytest.mark.contract
def test_a_tower_of_both_sides_keeps_both_added_losses() -> None:
    left, right = np.float32([[1, 0], [0, 2]]), np.float32([[3, 0], [0, 3]])
    model = Shared()
    model.compile(optimizer="sgd")
    logs = model.evaluate(left, right, batch_size=2, verbose=0, return_dict=True)
    assert logs["regularization_loss"] == pytest.approx(5 / 4 + 18 / 4, rel=1e-6)
    assert logs["loss"] == pytest.approx(in_batch_softmax(left, right)["loss"], rel=1e-5)


@pytest.mark.contract
def test_dropout_is_active_in_training_alone() -> None:
    model, data = compiled(keras.optimizers.SGD(0.0), dropout=0.5), interactions()
    model.evaluate(data, batch_size=BATCH_SIZE, verbose=0)
    for layer in (model.user_model, model.item_model):  # so large that dropping a part is seen
        layer.set_weights([20 * layer.get_weights()[0]])
    evaluated = [
        model.evaluate(data, batch_size=BATCH_SIZE, verbose=0, return_dict=True)["loss"] for _ in "ab"
    ]
    assert evaluated == pytest.approx([oracle_loss(model, data)] * 2, rel=1e-5)
    history = model.fit(data, batch_size=BATCH_SIZE, epochs=2, shuffle=False, verbose=0).history["loss"]
    assert history[0] != pytest.approx(evaluated[0], rel=1e-4)
    assert history[0] != history[1]


class Weighted(sl.Model):
    """Takes what Keras makes of features, labels and weights: a tuple of the three."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_initializer="ones")
        self.task = sl.tasks.Ranking("MeanSquaredError")

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        features, labels, *weights = inputs
        return self.task(labels, self.dense(features), sample_weight=weights[0] if weights else None)


@pytest.mark.contract
def test_tuples_of_features_labels_and_weights() -> None:
    features, labels, weights = np.float32([[1, 1], [2, 0]]), np.float32([0, 5]), np.float32([0, 2])
    model = Weighted()
    model.compile(optimizer="sgd")
    plain = model.evaluate(features, labels, batch_size=2, verbose=0, return_dict=True)
    assert plain["loss"] == pytest.approx((2**2 + 3**2) / 2)
    weighted = model.evaluate(
        features, labels, sample_weight=weights, batch_size=2, verbose=0, return_dict=True
    )
    assert weighted["loss"] == pytest.approx(2 * 3**2 / 2)  # Keras divides by the number of rows


class Popping(FreeForm):
    """Take features out of the batch, as TFRS programs do."""

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        features = inputs[0] if isinstance(inputs, tuple) else inputs
        item = features.pop("item")
        return self.task(self.user_model(features.pop("user")), self.item_model(item), candidate_ids=item)


@pytest.mark.contract
@pytest.mark.parametrize("run_eagerly", [False, True])
@pytest.mark.parametrize("labels", [None, np.zeros(40, "float32")], ids=["features", "features and labels"])
def test_compute_loss_may_pop_features(labels: Array | None, run_eagerly: bool) -> None:
    model, data = Popping(), interactions()
    model.compile(optimizer=keras.optimizers.SGD(0.5), run_eagerly=run_eagerly)
    logs = model.evaluate(data, labels, batch_size=BATCH_SIZE, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(oracle_loss(model, data), rel=1e-5)
    history = model.fit(data, labels, batch_size=40, epochs=2, shuffle=False, verbose=0).history["loss"]
    assert history[1] < history[0]
    assert set(data) == {"user", "item"}


class SharedMetric(Weighted):
    """Hold a metric both in the model and in its task."""

    def __init__(self) -> None:
        super().__init__()
        self.error = keras.metrics.MeanAbsoluteError(name="error")
        self.task = sl.tasks.Ranking("MeanSquaredError", self.error)


@pytest.mark.contract
def test_a_shared_metric_is_reported_once() -> None:
    features, labels = np.float32([[1, 1], [2, 0]]), np.float32([0, 5])
    model = SharedMetric()
    model.compile(optimizer="sgd")
    assert model.evaluate(features, labels, verbose=0) == pytest.approx([(2**2 + 3**2) / 2, (2 + 3) / 2])
    assert len(model.metrics_variables) == len({id(variable) for variable in model.metrics_variables})


@pytest.mark.skipif(BACKEND != "tensorflow", reason="needs tf.data")
def test_datasets_of_tensorflow() -> None:
    import tensorflow as tf

    model, data = compiled(), interactions()
    dataset = tf.data.Dataset.from_tensor_slices(data).batch(BATCH_SIZE)
    logs = model.evaluate(dataset, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(oracle_loss(model, data), rel=1e-5)
    assert len(model.fit(dataset, epochs=2, verbose=0).history["loss"]) == 2


@pytest.mark.contract
def test_candidates_are_encoded_once_an_evaluation_though_model_and_task_hold_the_metric() -> None:
    model, data = compiled(), interactions()
    (model.metric,) = model.task.factorized_metrics
    calls = []
    encoder = model.item_model
    catalog = np.arange(NUM_ITEMS, dtype="int32")
    model.metric.set_candidates(
        [(catalog, catalog)], encoder=lambda features: calls.append(1) or encoder(features)
    )
    for number in (1, 2):
        model.evaluate(data, batch_size=BATCH_SIZE, verbose=0)
        assert len(calls) == number


@pytest.mark.contract
def test_candidates_may_change_between_evaluations() -> None:
    """Fewer candidates, in another order: what was compiled for the former ones is not used again."""
    model, data = compiled(), interactions()
    model.evaluate(data, batch_size=BATCH_SIZE, verbose=0)
    catalog = np.arange(NUM_ITEMS, dtype="int32")[::-2]
    (metric,) = model.task.factorized_metrics
    metric.set_candidates([(catalog, catalog)], encoder=model.item_model)
    logs = model.evaluate(data, batch_size=BATCH_SIZE, verbose=0, return_dict=True)
    users, items = vectors_of(model)
    scores = users[data["user"]] @ items[catalog].T
    row_of = {item: row for row, item in enumerate(catalog.tolist())}
    true_rows = [row_of.get(item, -2) for item in data["item"].tolist()]
    evaluated = mean_metrics(
        [ranking_metrics(row, [true], 1) for row, true in zip(scores, true_rows, strict=True)]
    )
    assert evaluated is not None
    assert logs["recall_at_1"] == pytest.approx(evaluated["recall"], rel=1e-5)


@pytest.mark.contract
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_stays_finite(policy: str) -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = compiled(keras.optimizers.Adam(0.1))
        history = model.fit(interactions(), batch_size=BATCH_SIZE, epochs=5, verbose=0).history["loss"]
    finally:
        keras.config.set_dtype_policy(before)
    assert np.isfinite(history).all()
    assert history[-1] < history[0]


def test_compute_loss_is_asked_for() -> None:
    class Empty(sl.Model):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define compute_loss"):
        Empty().compute_loss(None)


RAW = sl.data.Interactions.from_table({"user": ["u"], "item": ["i"]}, user="user", item="item")


@pytest.mark.contract
@pytest.mark.parametrize(
    ("method", "given", "name"),
    [
        ("fit", {"x": RAW}, "the training data"),
        ("fit", {"x": interactions(), "validation_data": RAW}, "validation_data"),
        ("fit", {"x": interactions(), "validation_data": (RAW,)}, "validation_data"),
        ("evaluate", {"x": RAW}, "the data"),
    ],
)
def test_interactions_are_encoded_by_the_user(method: str, given: dict[str, Any], name: str) -> None:
    model = compiled()
    with pytest.raises(
        ArgumentError, match=rf"{name} must be arrays .* got Interactions\(1 rows.*derive FreeForm from"
    ):
        getattr(model, method)(**given, verbose=0)
    model.fit(interactions(), verbose=0)


@pytest.mark.contract
def test_files_of_interactions_are_encoded_by_the_user(tmp_path: Path) -> None:
    (tmp_path / "met.csv").write_text("user,item\nu,i\n")
    files = sl.data.InteractionFiles(tmp_path / "met.csv", user="user", item="item")
    with pytest.raises(ArgumentError, match=r"must be arrays .* got InteractionFiles\(1 files"):
        compiled().fit(files, verbose=0)


class Scoring(FreeForm):
    """Says, besides, what it gives for a batch."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.sum(self.user_model(inputs["user"]) * self.item_model(inputs["item"]), axis=-1)


@pytest.mark.contract
def test_predict_runs_a_call_and_asks_for_one() -> None:
    data = interactions()
    with pytest.raises(ArgumentError, match=r"FreeForm must define call\(self, inputs\) for predict"):
        compiled().predict(data, verbose=0)
    model = Scoring()
    found = model.predict(data, batch_size=BATCH_SIZE, verbose=0)
    users, items = vectors_of(model)
    expected = (users[data["user"]] * items[data["item"]]).sum(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    with pytest.raises(ArgumentError, match="derive Scoring from TabularModel"):
        model.predict(RAW)


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_added_losses_are_those_of_the_batch_alone(run_eagerly: bool) -> None:
    left, right = np.float32([[1, 0], [0, 2]]), np.float32([[3, 0], [0, 3]])
    model = Shared()
    model.compile(optimizer="sgd", run_eagerly=run_eagerly)
    for _ in "ab":
        logs = model.evaluate(left, right, batch_size=2, verbose=0, return_dict=True)
        assert logs["regularization_loss"] == pytest.approx(5 / 4 + 18 / 4, rel=1e-6)


@pytest.mark.contract
def test_weights_that_keras_would_drop_are_refused() -> None:
    model, data = compiled(), interactions()
    weights = np.ones(len(data["user"]))
    for method in (model.fit, model.evaluate):
        with pytest.raises(ArgumentError, match=r"sample_weight must come with y.*'sample_weight': weights"):
            method(data, sample_weight=weights, verbose=0)
    with pytest.raises(ArgumentError, match=r"class_weight must come with y.*'sample_weight': weights"):
        model.fit(data, class_weight={0: 1.0, 1: 2.0}, verbose=0)


@pytest.mark.contract
def test_negative_weights_are_refused() -> None:
    model = Weighted()
    model.compile(optimizer="sgd")
    features, labels = np.ones((2, 2), "float32"), np.float32([0, 1])
    for method in (model.fit, model.evaluate):
        with pytest.raises(ArgumentError, match=r"sample_weight must be >= 0, got -1.0\. Drop rows"):
            method(features, labels, sample_weight=np.float32([1, -1]), verbose=0)


@pytest.mark.contract
@pytest.mark.parametrize(
    ("given", "way_out"),
    [
        ({"loss": "mse"}, "Return the loss from compute_loss"),
        ({"loss_weights": [1.0]}, "Weigh the parts of the loss in compute_loss"),
        ({"metrics": ["mse"]}, "Give metrics to a task"),
        ({"weighted_metrics": ["mse"]}, "Give metrics to a task"),
    ],
)
def test_losses_and_metrics_of_compile_are_refused(given: dict[str, Any], way_out: str) -> None:
    (name,) = given
    with pytest.raises(
        ArgumentError, match=rf"^{name} must be None in compile of FreeForm, got .*\. {way_out}"
    ):
        FreeForm().compile(optimizer="sgd", **given)


def test_a_second_argument_of_compile_is_a_loss() -> None:
    with pytest.raises(ArgumentError, match="loss must be None in compile of FreeForm, got 'mse'"):
        FreeForm().compile("sgd", "mse")


@pytest.mark.contract
def test_labels_for_a_loss_that_reads_features_are_refused() -> None:
    model, data = compiled(), interactions()
    labels = np.zeros(len(data["user"]))
    for method in (model.fit, model.evaluate):
        with pytest.raises(
            ArgumentError, match=r"compute_loss must take the tuple \(x, y\) .* Write `x, y = inputs`"
        ):
            method(data, y=labels, verbose=0)
    assert model.fit(data, verbose=0).history["loss"]


@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX compiles every step with XLA")
def test_what_xla_cannot_compile_is_refused() -> None:
    with pytest.raises(
        BackendError, match=r"^jit_compile must be False or 'auto' in compile of FreeForm, got True"
    ):
        compiled(jit_compile=True)
    assert compiled(jit_compile=False).fit(interactions(), verbose=0).history["loss"]


@pytest.mark.skipif(BACKEND == "torch", reason="torch.compile takes minutes")
def test_a_ranking_model_is_compiled_by_xla() -> None:
    model = Weighted()
    model.compile(optimizer="sgd", jit_compile=True)
    assert model.jit_compile
    assert model.fit(np.ones((2, 2), "float32"), np.float32([0, 1]), verbose=0).history["loss"]

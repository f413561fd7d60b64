"""Negatives that a ready-made model draws from its catalog: what reaches the loss, seeds, saving."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.oracles import sampled

from shortlist.data import InteractionFiles, Interactions
from shortlist.errors import ArgumentError, FeatureError
from shortlist.losses import (
    BPR,
    ColumnNegatives,
    FrequencyNegatives,
    InBatchSoftmax,
    IndexNegatives,
    SampledSoftmax,
    UniformNegatives,
)
from shortlist.metrics import FactorizedTopK
from shortlist.models import TwoTower, load_model

pytestmark = [
    pytest.mark.contract,
    # TABLE lists films that the catalog lacks; one test below looks at the warning.
    pytest.mark.filterwarnings("ignore:.* items listed in column 'shown'"),
]
TABLE = {
    "user": ["ann", "ann", "bob", "bob", "cat", "dan"],
    "film": ["Up", "Heat", "Up", "Alien", "Up", "Heat"],
    # Padding, unknown and repeated films, the row's own film, and another that the user watched.
    "shown": [
        ["Up", "Alien"],
        ["Alien"],
        [],
        ["Brazil", "Heat", "Heat"],
        ["", "Alien", None],
        ["Up", "Jaws"],
    ],
}
SHOWN = ColumnNegatives("shown")


def two_tower(**options: Any) -> tuple[TwoTower, Interactions]:
    train = Interactions.from_table(TABLE, user="user", item="film")
    keras.utils.set_random_seed(0)
    model = TwoTower.from_interactions(train, embedding_dim=4, metric=FactorizedTopK(ks=(1,)), **options)
    model.compile(keras.optimizers.SGD(0.1))
    return model, train


class Recorder:
    """A loss that keeps what it is given, and costs what the sampled softmax costs."""

    def __call__(self, queries: Any, candidates: Any, negatives: Any, sample_weight: Any = None) -> Any:
        self.negatives = negatives
        return SampledSoftmax()(queries, candidates, negatives, sample_weight)


@pytest.mark.parametrize("shared", [True, False])
def test_the_loss_sees_encoded_rows_of_the_catalog_with_their_codes(shared: bool) -> None:
    recorder = Recorder()
    model, train = two_tower(loss=recorder, negatives=UniformNegatives(2, shared=shared))
    inputs = {**model.query_model.prepare(train), **model.candidate_model.prepare(train)}
    inputs = {name: keras.ops.convert_to_tensor(array) for name, array in inputs.items()}
    model.metric.refresh()
    model.compute_loss(inputs)
    negatives = recorder.negatives
    drawn = negatives.shared if shared else negatives.per_query
    assert tuple(drawn.vectors.shape) == ((2, 4) if shared else (6, 2, 4))
    assert negatives.num_candidates == 3
    np.testing.assert_allclose(keras.ops.convert_to_numpy(drawn.log_q), -np.log(3), rtol=1e-6)
    vectors = keras.ops.convert_to_numpy(model.candidate_model(inputs))  # of each example
    found = keras.ops.convert_to_numpy(drawn.vectors).reshape(-1, 4)
    codes = keras.ops.convert_to_numpy(drawn.codes).reshape(-1)
    own_codes = keras.ops.convert_to_numpy(negatives.candidate_codes)
    for vector, code in zip(found, codes, strict=True):
        same = np.flatnonzero((vectors == vector).all(axis=1))
        assert len(same)
        assert set(own_codes[same]) == {code}


@pytest.mark.parametrize(
    ("loss", "source"),
    [
        (SampledSoftmax(), UniformNegatives(2)),
        (BPR(), FrequencyNegatives(2, shared=False)),
        (None, UniformNegatives(2, shared=False)),
        (InBatchSoftmax(temperature=0.5), FrequencyNegatives(3)),
        (SampledSoftmax(), SHOWN),
        (BPR(), ColumnNegatives("shown", max_length=2)),
        (SampledSoftmax(), IndexNegatives(2)),
        (BPR(), IndexNegatives(5)),
    ],
)
def test_trained_saved_and_resumed_as_if_never_stopped(loss: Any, source: Any, tmp_path: Path) -> None:
    model, train = two_tower(loss=loss, negatives=source)
    model.fit(train, epochs=1, batch_size=3, verbose=0)
    model.evaluate(train)  # does not move the seed
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    losses = [
        one.fit(train, epochs=2, initial_epoch=1, batch_size=3, verbose=0).history["loss"]
        for one in (model, loaded)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert loaded.task.loss == model.task.loss
    assert loaded.negatives.source == source


def test_steps_draw_again_and_evaluation_repeats_itself() -> None:
    model, train = two_tower(loss=BPR(), negatives=UniformNegatives(1))
    model.optimizer.learning_rate = 0.0
    first, second = model.fit(train, epochs=2, verbose=0).history["loss"]
    third = model.fit(train, epochs=1, verbose=0).history["loss"][0]
    assert len({round(loss, 6) for loss in (first, second, third)}) > 1
    assert model.evaluate(train)["loss"] == model.evaluate(train)["loss"]


class Observed(UniformNegatives):
    """Uniform negatives that note the size of the catalog at each trace."""

    def __init__(self, num_negatives: int) -> None:
        super().__init__(num_negatives)
        self.sizes: list[int] = []

    def sample(self, batch: Any, seed: Any) -> Any:
        self.sizes.append(batch.num_candidates)
        return super().sample(batch, seed)


def test_training_after_set_catalog_draws_from_the_new_catalog() -> None:
    source = Observed(2)
    model, train = two_tower(loss=SampledSoftmax(), negatives=source)
    model.fit(train, epochs=1, verbose=0)
    model.evaluate(train, verbose=0)
    assert set(source.sizes) == {3}
    source.sizes.clear()
    model.set_catalog({"film": ["Up", "Heat"]})
    model.fit(train, epochs=1, verbose=0)
    assert set(source.sizes) == {2}
    source.sizes.clear()
    model.evaluate(train, verbose=0)
    assert set(source.sizes) == {2}


def loss_by_hand(
    model: TwoTower, loss: str, max_length: int | None = None, num_negatives: int | None = None
) -> float:
    """The mean over the rows of TABLE as one batch, from raw ids: of "shown", or of the best films."""
    films, vectors = model.candidate_embeddings()
    vector_of = dict(zip(films.tolist(), vectors.astype("float64"), strict=True))
    queries = model.query_model(model.query_model.prepare(TABLE["user"]))
    queries = np.float64(keras.ops.convert_to_numpy(queries))
    watched = {(user, film) for user, film in zip(TABLE["user"], TABLE["film"], strict=True)}
    losses = []
    for query, user, film, shown in zip(queries, TABLE["user"], TABLE["film"], TABLE["shown"], strict=True):
        best = films[np.argsort(-vectors @ query)[:num_negatives]].tolist()
        listed = shown[:max_length] if num_negatives is None else best
        ids = [one for one in listed if one in vector_of and (user, one) not in watched]
        drawn = np.reshape([vector_of[one] for one in ids], (1, len(ids), len(query)))
        kept, own = np.ones((1, len(ids)), bool), (query[None], vector_of[film][None], drawn)
        of_row = sampled.bpr(*own, kept) if loss == "bpr" else sampled.sampled_softmax(*own, None, kept, 1.0)
        losses += of_row
    return float(np.mean(losses))


@pytest.mark.parametrize("items", [None, ["Brazil", "Heat", "Alien", "Up", "Dune"]])
@pytest.mark.parametrize("loss", ["softmax", "bpr"])
def test_negatives_of_a_column_in_a_table(loss: str, items: list[str] | None) -> None:
    """Also in a catalog of another order than the vocabulary, with films that nobody watched."""
    model, train = two_tower(negatives=SHOWN, loss=BPR() if loss == "bpr" else SampledSoftmax())
    if items is not None:
        model.set_catalog({"film": items})
    assert model.evaluate(train)["loss"] == pytest.approx(loss_by_hand(model, loss), rel=1e-5)
    history = model.fit(train, epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0]
    expected = pytest.approx(loss_by_hand(model, loss), rel=1e-5)
    assert model.evaluate(TABLE)["loss"] == expected
    padded = {**TABLE, "shown": [[*one, None, "", None] for one in TABLE["shown"]]}
    assert model.evaluate(padded)["loss"] == expected


def test_the_first_ids_of_a_column_are_kept() -> None:
    model, train = two_tower(loss=BPR(), negatives=ColumnNegatives("shown", max_length=1))
    assert model.evaluate(train)["loss"] == pytest.approx(loss_by_hand(model, "bpr", 1), rel=1e-5)


def test_negatives_of_a_column_in_files(tmp_path: Path) -> None:
    model, train = two_tower(loss=SampledSoftmax(), negatives=SHOWN)
    pq.write_table(train.table, tmp_path / "train.parquet", row_group_size=2)
    files = InteractionFiles(tmp_path / "train.parquet", user="user", item="film")
    expected = pytest.approx(model.evaluate(train)["loss"], rel=1e-6)
    assert model.evaluate(files)["loss"] == expected
    model.fit(files, epochs=1, verbose=0)


def test_integer_ids_and_padding_of_minus_one() -> None:
    films = {film: number for number, film in enumerate(["Up", "Heat", "Alien"], start=10)}
    shown = [[films.get(one, -1) for one in row] for row in TABLE["shown"]]
    table = {"user": TABLE["user"], "film": [films[one] for one in TABLE["film"]], "shown": shown}
    train = Interactions.from_table(table, user="user", item="film")
    keras.utils.set_random_seed(0)
    model = TwoTower.from_interactions(train, embedding_dim=4, loss=SampledSoftmax(), negatives=SHOWN)
    model.compile()
    by_name, _ = two_tower(loss=SampledSoftmax(), negatives=SHOWN)
    assert model.evaluate(train)["loss"] == pytest.approx(by_name.evaluate(TABLE)["loss"], rel=1e-5)


def test_masked_slots_change_no_weight() -> None:
    """Lists of padding alone: nothing is learned, whatever the items that fill the slots."""
    model, train = two_tower(loss=SampledSoftmax(), negatives=SHOWN, l2=0.0, train_unknown=False)
    model.fit(train, epochs=1, verbose=0)
    before = [keras.ops.convert_to_numpy(one) for one in model.trainable_variables]
    model.fit({**TABLE, "shown": [[None, "Jaws"]] * 6}, epochs=1, verbose=0)
    for old, new in zip(before, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(new), old)


def test_listed_items_that_the_catalog_lacks_are_counted() -> None:
    model, train = two_tower(loss=SampledSoftmax(), negatives=SHOWN)
    # Of 9 films in the lists, Brazil and Jaws are in no row of the training data.
    with pytest.warns(UserWarning, match="2 of 9 items listed in column 'shown' of the training data"):
        model.fit(train, epochs=1, verbose=0)
    with pytest.warns(UserWarning, match="6 of 6 items .*of the data are not in the catalog"):
        model.evaluate({**TABLE, "shown": [[None, "Jaws"]] * 6})


def test_a_column_that_is_missing_or_a_feature_is_refused() -> None:
    model, train = two_tower(loss=SampledSoftmax(), negatives=SHOWN)
    without = {"user": TABLE["user"], "film": TABLE["film"]}
    with pytest.raises(FeatureError, match="the training data must have the column 'shown'"):
        model.fit(without, verbose=0)
    with pytest.raises(FeatureError, match="validation_data must have the column 'shown'"):
        model.fit(train, validation_data={"user": ["ann"], "film": ["Alien"]}, verbose=0)
    with pytest.raises(FeatureError, match="the data must have the column 'shown'"):
        model.evaluate(without)
    with pytest.raises(FeatureError, match="column 'shown'.*lists"):
        model.fit({**without, "shown": TABLE["film"]}, verbose=0)
    with pytest.raises(
        ArgumentError, match=r"negatives must read no column that is a feature, got \['film'\]"
    ):
        two_tower(negatives=ColumnNegatives("film"))


def test_uncorrected_negatives_next_to_corrected_ones_are_refused() -> None:
    model, train = two_tower(negatives=SHOWN)
    with pytest.raises(ArgumentError, match="Use SampledSoftmax or BPR"):
        model.fit(train, verbose=0)


@pytest.mark.parametrize(
    ("loss", "num_negatives"),
    [
        ("softmax", 1),
        ("bpr", 9),
        pytest.param("softmax", 2, marks=pytest.mark.slow),
        pytest.param("softmax", 9, marks=pytest.mark.slow),
        pytest.param("bpr", 1, marks=pytest.mark.slow),
        pytest.param("bpr", 2, marks=pytest.mark.slow),
    ],
)
def test_the_best_of_the_catalog_are_negatives_but_for_positives(loss: str, num_negatives: int) -> None:
    model, train = two_tower(
        loss=BPR() if loss == "bpr" else SampledSoftmax(), negatives=IndexNegatives(num_negatives)
    )
    for _ in range(2):
        by_hand = loss_by_hand(model, loss, num_negatives=num_negatives)
        assert model.evaluate(train)["loss"] == pytest.approx(by_hand, rel=1e-5)
        model.fit(train, epochs=3, verbose=0)
        model.set_catalog({"film": ["Alien", "Dune", "Up", "Heat", "Jaws"]})


class Searched(IndexNegatives):
    """Index negatives that keep the candidate vectors of each draw outside of a graph."""

    def sample(self, batch: Any, seed: Any) -> Any:
        keep(batch.candidate_vectors())
        return super().sample(batch, seed)


SEEN: list[np.ndarray] = []


def keep(vectors: Any) -> None:
    SEEN.append(np.array(keras.ops.convert_to_numpy(vectors)))


def test_candidate_vectors_are_those_of_the_start_of_the_epoch() -> None:
    SEEN.clear()
    model, train = two_tower(loss=SampledSoftmax(), negatives=Searched(2))
    model.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
    before: list[np.ndarray] = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: before.append(model.candidate_embeddings()[1])
    )
    model.fit(train, epochs=3, batch_size=3, callbacks=[note], verbose=0)
    assert np.abs(before[2] - before[0]).max() > 1e-3
    steps = SEEN[-6:]  # two per epoch
    for step, vectors in enumerate(steps):
        np.testing.assert_allclose(vectors, before[step // 2], rtol=1e-6)


def test_compiled_steps_see_the_vectors_of_each_epoch() -> None:
    """Of two equal models, one is compiled again for each epoch."""
    losses = []
    for num_fits in (1, 4):
        model, train = two_tower(loss=SampledSoftmax(), negatives=IndexNegatives(1))
        model.optimizer.learning_rate = 2.0
        losses.append([])
        for epoch in range(num_fits):
            options = {"initial_epoch": epoch, "epochs": epoch + 4 // num_fits}
            losses[-1] += model.fit(train, batch_size=2, verbose=0, **options).history["loss"]
            model.make_train_function(force=True)
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_candidate_vectors_are_not_saved(tmp_path: Path) -> None:
    model, train = two_tower(loss=SampledSoftmax(), negatives=IndexNegatives(1))
    names = {one.path for one in model.variables}
    model.fit(train, verbose=0)
    assert {one.path for one in model.variables} - names >= {model.negatives.candidate_vectors.path}
    store: dict[str, Any] = {}
    model.negatives.save_own_variables(store)
    assert set(store) == {"seed"}
    model.save_weights(tmp_path / "model.weights.h5")
    other, _ = two_tower(loss=SampledSoftmax(), negatives=IndexNegatives(1))
    other.fit(train, verbose=0)
    vectors = np.full(other.negatives.candidate_vectors.shape, 7.0, "float32")
    other.negatives.set_candidate_vectors(vectors)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(other.negatives.candidate_vectors), vectors)
    assert other.evaluate(train)["loss"] == pytest.approx(model.evaluate(train)["loss"], rel=1e-6)
    model.set_catalog({"film": ["Up", "Heat"]})
    assert not any("candidate_vectors" in one.path for one in model.variables)

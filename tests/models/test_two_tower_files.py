"""Training and evaluation from files: the same as from memory, and the same again."""

import pathlib
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from shortlist.data import InteractionFiles, Interactions
from shortlist.data.datasets import synthetic
from shortlist.errors import ArgumentError
from shortlist.features import Category, FeatureSpec, Number
from shortlist.metrics import FactorizedTopK
from shortlist.models import TwoTower

NUM_ROWS, ROWS_OF_A_FILE = 500, 180
WORLD = synthetic(40, 60, NUM_ROWS, seed=1).interactions
ROLES = {"user": WORLD.user, "item": WORLD.item}


def written(folder: pathlib.Path, kind: str) -> InteractionFiles:
    for number, start in enumerate(range(0, NUM_ROWS, ROWS_OF_A_FILE)):
        table = WORLD.table.slice(start, ROWS_OF_A_FILE)
        write = pq.write_table if kind == "parquet" else pa_csv.write_csv
        write(table, folder / f"{number}.{kind}")
    return InteractionFiles(folder / f"*.{kind}", **ROLES)


@pytest.fixture
def files(tmp_path: pathlib.Path) -> InteractionFiles:
    return written(tmp_path, "parquet")


def table_of(files: InteractionFiles) -> Interactions:
    """The rows as they come from the files: CSV keeps ids as text."""
    return Interactions.from_table(pa.concat_tables(files.parts()), **ROLES)


def compiled(data: Any) -> TwoTower:
    keras.utils.set_random_seed(3)
    metric = FactorizedTopK(ks=(1, 10), metrics=("recall",))
    model = TwoTower.from_interactions(data, embedding_dim=8, metric=metric)
    model.compile()
    return model


def weights(model: TwoTower) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(variable) for variable in model.weights]


@pytest.mark.contract
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_files_are_evaluated_as_the_table_is(tmp_path: pathlib.Path, kind: str) -> None:
    files = written(tmp_path, kind)
    model = compiled(files)
    table = table_of(files)
    assert model.spec.query_vocabulary is not None
    assert model.spec.query_vocabulary.known_ids.tolist() == list(dict.fromkeys(table.users))
    history = model.fit(files, epochs=1, batch_size=64, validation_data=files, verbose=0).history
    found = model.evaluate(files, batch_size=64, verbose=0)
    expected = model.evaluate(table, batch_size=64, verbose=0)
    metrics = [name for name in expected if "_at_" in name]
    assert metrics
    assert [found[name] for name in metrics] == pytest.approx([expected[name] for name in metrics], abs=1e-6)
    for name in metrics:
        assert history[f"val_{name}"] == pytest.approx([found[name]], abs=1e-6)


@pytest.mark.contract
def test_one_batch_of_all_rows_gives_the_loss_of_the_table(files: InteractionFiles) -> None:
    losses = []
    for data in (files, table_of(files)):
        history = compiled(data).fit(data, epochs=1, batch_size=NUM_ROWS, verbose=0).history
        losses.append(history["loss"][0])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.contract
def test_training_repeats_and_needs_the_files_no_more(files: InteractionFiles) -> None:
    class Deleting(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                for path in files.files:
                    path.rename(path.with_suffix(".away"))

    models = [compiled(files) for _ in range(2)]
    first = models[0].fit(files, epochs=4, batch_size=64, verbose=0).history["loss"]
    second = models[1].fit(files, epochs=4, batch_size=64, verbose=0, callbacks=[Deleting()]).history["loss"]
    assert second == pytest.approx(first, rel=1e-6)
    for one, other in zip(*map(weights, models), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.contract
@pytest.mark.parametrize("steps", [None, 3])
def test_training_taken_up_again_sees_what_an_uninterrupted_one_sees(
    files: InteractionFiles, steps: int | None
) -> None:
    whole, parts = compiled(files), compiled(files)
    options: dict[str, Any] = {"batch_size": 64, "verbose": 0, "steps_per_epoch": steps}
    whole.fit(files, epochs=3, **options)
    parts.fit(files, epochs=2, **options)
    parts.fit(files, initial_epoch=2, epochs=3, **options)
    for one, other in zip(weights(whole), weights(parts), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.contract
def test_features_beyond_ids_and_weights(tmp_path: pathlib.Path) -> None:
    table = WORLD.table.append_column("sample_weight", [np.ones(NUM_ROWS)])
    pq.write_table(table, tmp_path / "a.parquet")
    files = InteractionFiles(tmp_path, **ROLES)
    query = [Category(WORLD.user), Number(WORLD.timestamp or "")]
    spec = FeatureSpec(query, [Category(WORLD.item)], query_id=WORLD.user, candidate_id=WORLD.item)
    model = TwoTower(spec.fit(files), embedding_dim=8)
    model.compile()
    assert np.isfinite(model.fit(files, epochs=1, batch_size=64, verbose=0).history["loss"]).all()


def test_what_each_user_met_is_not_read_from_files(files: InteractionFiles) -> None:
    model = compiled(files)
    with pytest.raises(ArgumentError, match="exclude must be an Interactions, got InteractionFiles"):
        model.evaluate(files, exclude=files)  # type: ignore[arg-type]
    with pytest.raises(
        ArgumentError, match="interactions must be Interactions or InteractionFiles, got a str"
    ):
        TwoTower.from_interactions("events.csv")  # type: ignore[arg-type]

"""A saved model is whole: loaded in another process it scores the same, and goes on as if never stopped."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.support.free_form import FreeForm, interactions

from shortlist.errors import ArtifactError
from shortlist.indexes import BruteForce
from shortlist.models import load_model

BACKEND = keras.config.backend()
ROOT = Path(__file__).parents[2]
FIT = {"batch_size": 16, "shuffle": False, "verbose": 0}
GO_ON = f"""
import json, sys
sys.path.insert(0, {str(ROOT)!r})
from shortlist.models import load_model
from tests.support.free_form import interactions
model = load_model("model.keras")
logs = model.evaluate(interactions(seed=1), batch_size=16, verbose=0, return_dict=True)
losses = model.fit(interactions(), epochs=2, batch_size=16, shuffle=False, verbose=0).history["loss"]
print(json.dumps({{"logs": logs, "losses": losses}}))
"""


def trained(num_epochs: int, l2: float = 0.0) -> tuple[FreeForm, list[float]]:
    keras.utils.set_random_seed(1)
    model = FreeForm(l2=l2)
    model.compile(optimizer=keras.optimizers.Adam(0.05))
    return model, model.fit(interactions(), epochs=num_epochs, **FIT).history["loss"]


@pytest.mark.parametrize(
    "l2",
    [pytest.param(0.0, marks=pytest.mark.slow), pytest.param(0.001, marks=pytest.mark.contract)],
    ids=["plain", "regularized"],
)
def test_a_free_form_model_goes_on_in_a_new_process(
    l2: float, tmp_path: Path, run_python: Callable[..., str]
) -> None:
    model, first = trained(2, l2)
    model.save(tmp_path / "model.keras")
    logs = model.evaluate(interactions(seed=1), batch_size=16, verbose=0, return_dict=True)
    answer = run_python(GO_ON, backend=BACKEND)
    found = json.loads(answer.splitlines()[-1])
    _, uninterrupted = trained(4, l2)
    assert found["logs"] == pytest.approx(logs, rel=1e-6)
    assert first + found["losses"] == pytest.approx(uninterrupted, rel=1e-6)


@pytest.mark.contract
def test_weights_slots_and_metrics_are_those_that_were_saved(tmp_path: Path) -> None:
    model, _ = trained(2)
    model.evaluate(interactions(), batch_size=16, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert same_values(model.variables, loaded.variables)
    assert len(model.optimizer.variables) > 4
    assert same_values(model.optimizer.variables, loaded.optimizer.variables)


def same_values(variables: list[Any], others: list[Any]) -> bool:
    pairs = zip(variables, others, strict=True)
    to_numpy = keras.ops.convert_to_numpy
    return all(np.array_equal(to_numpy(one.value), to_numpy(other.value)) for one, other in pairs)


@pytest.mark.contract
def test_a_model_that_never_saw_data_is_saved_too(tmp_path: Path) -> None:
    model = FreeForm()
    with pytest.warns(UserWarning, match="not yet been built"):
        model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    loaded.compile(optimizer="sgd")
    assert np.isfinite(loaded.fit(interactions(), epochs=1, **FIT).history["loss"]).all()


def test_no_file_and_a_damaged_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="gone.keras must exist"):
        load_model(tmp_path / "gone.keras")
    model, _ = trained(1)
    model.save(tmp_path / "whole.keras")
    whole = (tmp_path / "whole.keras").read_bytes()
    (tmp_path / "half.keras").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArtifactError, match="half.keras"):
        load_model(tmp_path / "half.keras")


@pytest.mark.contract
@pytest.mark.parametrize("member", ["config.json", "candidates/vectors.npy", "candidates/ids.parquet"])
def test_a_flipped_byte_is_told_with_the_file(member: str, tmp_path: Path) -> None:
    path = tmp_path / "index.keras"
    BruteForce().index(np.eye(3, dtype="float32"), ["a", "b", "c"]).save(path)
    with zipfile.ZipFile(path) as archive:
        (info,) = (info for info in archive.infolist() if info.filename.endswith(member))
    content = bytearray(path.read_bytes())
    content[info.header_offset + 30 + len(info.filename) + len(info.extra) + info.file_size // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=rf"index\.keras must be unchanged .*{member}"):
        load_model(path)

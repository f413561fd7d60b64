"""Saved indexes give the same answers in a new process on every backend."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from tests.search.libraries.contract import SIZE, clustered

from shortlist.indexes import Annoy, Faiss, ScaNN, StoredIndex, USearch

PACKAGES = {"annoy": Annoy, "faiss": Faiss, "scann": ScaNN, "usearch": USearch}
QUERIES = clustered(20, seed=10)
LOAD = """
import keras, numpy as np, shortlist.indexes
queries = np.load("queries.npy")
for name in NAMES:
    index = keras.models.load_model(name + ".keras")
    scores, ids = index(queries, 5)
    np.savez(name + ".npz", scores=scores, ids=ids.astype(str))
    index.save("again.keras")
    assert (keras.models.load_model("again.keras")(queries, 5)[1] == ids).all()
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, StoredIndex]]:
    """Save an index of each installed library to one folder."""
    folder = tmp_path_factory.mktemp("saved")
    installed = {name: of for name, of in PACKAGES.items() if importlib.util.find_spec(name)}
    ids = [f"item {row}" for row in range(SIZE)]
    indexes = {name: of().index(clustered(SIZE), ids) for name, of in installed.items()}
    for name, index in indexes.items():
        index.save(folder / f"{name}.keras")
    np.save(folder / "queries.npy", QUERIES)
    return folder, indexes


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("tensorflow", marks=pytest.mark.slow),
        "jax",
        pytest.param("torch", marks=pytest.mark.slow),
    ],
)
def test_a_new_process_gets_the_same_answers(
    backend: str,
    saved: tuple[Path, dict[str, StoredIndex]],
    run_python: Callable[..., str],
) -> None:
    pytest.importorskip(backend)
    folder, indexes = saved
    run_python(f"import os\nos.chdir({str(folder)!r})\nNAMES = {list(indexes)}\n{LOAD}", backend=backend)
    for name, index in indexes.items():
        scores, ids = index(QUERIES, 5)
        loaded = np.load(folder / f"{name}.npz")
        np.testing.assert_array_equal(loaded["scores"], scores, err_msg=name)
        assert loaded["ids"].tolist() == ids.tolist(), name


def test_settings_are_kept(saved: tuple[Path, dict[str, StoredIndex]]) -> None:
    folder, indexes = saved
    for name, index in indexes.items():
        loaded = keras.models.load_model(folder / f"{name}.keras")
        assert (loaded.get_config(), loaded.search_budget) == (index.get_config(), index.search_budget)

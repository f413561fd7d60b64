"""What is written is whole before it is published."""

import weakref

import keras
import numpy as np

from shortlist.artifacts import verify
from shortlist.export import _writing as writing
from shortlist.export._writing import write_saved_model
from shortlist.indexes import BruteForce


def test_the_folder_holds_what_its_manifest_tells(tmp_path):
    write_saved_model(BruteForce().index(np.eye(3)), tmp_path, k=2, max_k=3)
    manifest = verify(tmp_path)
    assert manifest.kind == "saved_model"
    assert {"saved_model.pb", "variables/variables.index"} <= set(manifest.files)
    assert set(manifest.description["signatures"]) == {
        "serving_default",
        "top_k",
        "serving_with_exclusions",
        "search",
    }


def test_a_query_model_that_was_never_called_is_built(tmp_path):
    model = keras.Sequential([keras.layers.Dense(3)])
    write_saved_model(
        BruteForce(model).index(np.eye(3)), tmp_path, k=2, max_k=3, example_inputs=np.ones((1, 2), "float32")
    )
    assert model.built


def test_what_was_written_is_let_go_before_it_is_loaded(tmp_path, monkeypatch):
    made, alive, real = [], [], writing.TopKGraph

    def watched(*arguments):
        module = real(*arguments)
        made.append(weakref.ref(module))
        return module

    monkeypatch.setattr(writing, "TopKGraph", watched)
    monkeypatch.setattr(writing, "check_answers", lambda *_: alive.extend(one() for one in made))
    write_saved_model(BruteForce(k=1).index(np.eye(2)), tmp_path, k=1, max_k=2)
    assert alive == [None]

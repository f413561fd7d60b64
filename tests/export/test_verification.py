"""A SavedModel that answers otherwise than the index is refused."""

import numpy as np
import pytest
import tensorflow as tf

from shortlist.errors import ArtifactError
from shortlist.export._top_k import TopKGraph
from shortlist.export._verification import check_answers
from shortlist.export.queries._vectors import VectorQueries
from shortlist.indexes import BruteForce

VECTORS = np.float32([[3, 0], [2, 0], [1, 0], [0, 5]])
QUERIES = np.float32([[1, 0], [0.5, 0.1]])
IDS = ["a", "b", "c", "d"]


def saved(folder, vectors, ids) -> str:
    graph = TopKGraph(BruteForce().index(vectors, ids), VectorQueries(2), max_k=100)
    tf.saved_model.save(graph, str(folder), signatures=graph.signatures(k=2))
    return str(folder)


def check(folder) -> None:
    check_answers(folder, BruteForce().index(VECTORS, IDS), QUERIES, {"queries": QUERIES}, k=2, max_k=4)


def test_the_same_index_passes(tmp_path):
    check(saved(tmp_path, VECTORS, IDS))


def test_rounding_passes(tmp_path):
    check(saved(tmp_path, VECTORS * np.float32(1 + 1e-7), IDS))


@pytest.mark.parametrize(
    ("vectors", "ids"),
    [
        (VECTORS * np.float32(1.001), IDS),
        (VECTORS, ["b", "a", "c", "d"]),
        (VECTORS, ["a", "b", "c", "D"]),
        (VECTORS[[1, 0, 2, 3]], IDS),
    ],
    ids=["other scores", "ids exchanged", "another id", "rows exchanged"],
)
def test_another_index_is_refused(tmp_path, vectors, ids):
    with pytest.raises(ArtifactError, match="signature .* must return"):
        check(saved(tmp_path, vectors, ids))


def test_equal_scores_may_come_in_another_order(tmp_path):
    vectors = np.float32([[1, 0], [1, 0], [0, 1]])
    exported = saved(tmp_path, vectors, ["b", "a", "c"])
    index = BruteForce().index(vectors, ["a", "b", "c"])
    queries = np.float32([[1, 0.25]])
    check_answers(exported, index, queries, {"queries": queries}, k=2, max_k=4)


def test_the_same_id_twice_is_refused(tmp_path, monkeypatch):
    vectors = np.float32([[1, 0], [1, 0], [0, 1]])
    exported = saved(tmp_path, vectors, ["a", "b", "c"])
    index = BruteForce().index(vectors, ["a", "b", "c"])
    loaded = tf.saved_model.load(exported)

    def twice(**inputs):
        answer = signature(**inputs)
        return {"scores": answer["scores"], "ids": tf.gather(answer["ids"], [0, 0], axis=1)}

    signature = loaded.signatures["serving_default"]
    twice.structured_input_signature = signature.structured_input_signature
    fake = type("Loaded", (), {"signatures": {**loaded.signatures, "serving_default": twice}})
    monkeypatch.setattr(tf.saved_model, "load", lambda path: fake)
    with pytest.raises(ArtifactError, match="serving_default"):
        check_answers(exported, index, np.float32([[1, 0]]), {"queries": np.float32([[1, 0]])}, k=2, max_k=3)

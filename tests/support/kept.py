"""Write a small model, index and export of this version into tests/kept/; `make kept` runs this.

Later versions must load them, or refuse them with a sentence that says what to do (tests/test_kept.py).
"""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

import shortlist as sl
from shortlist.features import Buckets, Categories, Category, FeatureSpec, Number, Text

KEPT = Path(__file__).parents[1] / "kept"
QUERIES = {"user_id": ["ann", "bob", "unknown"], "age": [31.0, 45.0, 60.0]}


def write_kept(folder: Path) -> None:
    """Write a model, an index, an export, and `answers.json`, which holds their answers."""
    keras.utils.set_random_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    table = {
        "user_id": ["ann", "ann", "bob", "cat"],
        "age": [31.0, 31.0, 45.0, 22.0],
        "movie_id": [7, 9, 8, 9],
    }
    items = {
        "movie_id": [7, 8, 9, 10],
        "genres": [["drama"], ["comedy", "drama"], ["comedy"], []],
        "title": ["The Rock", "Up", "The Birds", "Alien"],
        "year": [1996, 2009, 1963, 1979],
    }
    spec = FeatureSpec(
        query=[Category("user_id"), Number("age")],
        candidate=[
            Category("movie_id"),
            Categories("genres"),
            Text("title", max_length=3),
            Buckets("year", num_buckets=2),
        ],
        query_id="user_id",
        candidate_id="movie_id",
    ).fit(table, items)
    train = sl.data.Interactions.from_table(table, user="user_id", item="movie_id").join(items=items)
    model = sl.models.TwoTower(spec, items, embedding_dim=2)
    model.compile()
    model.fit(train, epochs=1, verbose=0)
    model.save(folder / "model.keras")

    attributes = {"genres": items["genres"], "year": items["year"]}
    index = model.build_index(k=2, attributes=attributes)
    index.save(folder / "index.keras")
    with tempfile.TemporaryDirectory() as temporary:
        path = sl.export.saved_model(index, Path(temporary) / "export" / "1", max_k=3)
        shutil.make_archive(str(folder / "export"), "zip", path)
    answers = {"model": answers_of_model(model), "index": answers_of_index(index)}
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


def answers_of_model(model: Any) -> dict[str, Any]:
    """Return the ids and vectors of a model's candidates."""
    ids, vectors = model.candidate_embeddings()
    return {"ids": ids.tolist(), "vectors": np.asarray(vectors).tolist()}


def answers_of_index(index: Any) -> dict[str, Any]:
    """Return what an index answers without and with filters."""
    scores, ids = index(QUERIES)
    filtered_scores, filtered_ids = index(QUERIES, k=3, exclude=[9], where={"genres": "drama"})
    return {
        "scores": scores.tolist(),
        "ids": ids.tolist(),
        "filtered_scores": filtered_scores[:, :2].tolist(),
        "filtered_ids": filtered_ids.tolist(),
    }


if __name__ == "__main__":
    write_kept(KEPT / sl.__version__)

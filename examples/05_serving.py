"""Serving: from a trained model to an index, to files that TensorFlow Serving runs, to an answer.

Run it with `python examples/05_serving.py`. The exported model holds the lookups, the tower and the
candidates, in core TensorFlow operators only, and takes a user's id as it is.
"""

import tempfile
from pathlib import Path

import keras
import tensorflow as tf

import shortlist as sl


def main(dataset: sl.data.Dataset, epochs: int = 3) -> list[str]:
    keras.utils.set_random_seed(0)
    model = sl.models.TwoTower.from_interactions(dataset.interactions, dataset.items)
    model.compile()
    model.fit(dataset.interactions, epochs=epochs)

    # In Python: raw ids in, scores and ids out; what the user has seen is excluded by the request.
    index = model.build_index(k=5)
    user = dataset.interactions.users[0]
    seen = sl.data.Histories.from_interactions(dataset.interactions).items_of([user])
    scores, movies = index([user], exclude=seen)
    titles = dict(
        zip(dataset.items["movie_id"].to_pylist(), dataset.items[dataset.title].to_pylist(), strict=True)
    )
    print(
        f"for user {user}:",
        *(f"{score:.2f} {titles[movie]}" for score, movie in zip(scores[0], movies[0], strict=True)),
        sep="\n  ",
    )

    # In a server: no Shortlist, no Keras, one directory.
    with tempfile.TemporaryDirectory() as directory:
        path = sl.export.saved_model(index, Path(directory) / "recommender")
        served = tf.saved_model.load(path).signatures["serving_default"](user_id=tf.constant([user]))
        answer = [movie.decode() for movie in served["ids"].numpy()[0]]
        assert answer == index([user])[1][0].tolist()
        print("the exported model answers the same ids:", *answer)
    return answer


if __name__ == "__main__":
    main(sl.data.load_movielens("100k"))

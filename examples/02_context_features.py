"""Context features: what else is known about the user, the movie and the request, in the same two towers.

Run `python examples/02_context_features.py`. A user has an age, gender and occupation, a request has a time,
a movie has title words and genres. A movie that nobody has rated yet can be recommended by them. Reference on
a similar split: EASE, which knows only ids, has a recall of 0.173 at 10 and 0.623 at 100.
"""

import keras

import shortlist as sl
from shortlist.features import Buckets, Categories, Category, FeatureSpec, Text


def main(dataset: sl.data.Dataset, epochs: int = 10) -> dict[str, float]:
    keras.utils.set_random_seed(0)
    train, test = sl.data.random_split(dataset.joined(), test_fraction=0.2, seed=42)

    spec = FeatureSpec(
        query=[
            Category("user_id"),
            Category("gender"),
            Category("occupation"),
            Buckets("age", num_buckets=8),
            Buckets("timestamp", num_buckets=100),
        ],
        candidate=[Category("movie_id"), Text("title"), Categories("genres")],
        query_id="user_id",
        candidate_id="movie_id",
    )
    model = sl.models.TwoTower(spec.fit(train, dataset.items), dataset.items)
    model.compile()
    model.fit(train, epochs=epochs)
    metrics = model.evaluate(test, exclude=train, verbose=0)
    print(f"recall at 10 / 100: {metrics['recall_at_10']:.3f} / {metrics['recall_at_100']:.3f}")
    print("reference           0.173 / 0.623 (EASE)")
    return metrics


if __name__ == "__main__":
    main(sl.data.load_movielens("100k"))

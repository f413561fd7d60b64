"""Train the model of `shortlist quickstart` and evaluate it."""

import time
from collections.abc import Callable

from benchmarks.measure import Missing, serve

import shortlist as sl
from shortlist.cli import _quickstart as quickstart
from shortlist.errors import DatasetUnavailable

_SEED = 42  # of the split, as in the command


def prepare(size: str, epochs: int) -> Callable[[], dict[str, float]]:
    """Load MovieLens of `size` and return the training to time."""
    try:
        data = sl.data.load_movielens(size)
    except DatasetUnavailable as error:
        raise Missing(f"MovieLens {size}: name its directory by SHORTLIST_DATA_DIR") from error
    train, test = sl.data.random_split(data.interactions, seed=_SEED)

    def train_and_evaluate() -> dict[str, float]:
        started = time.perf_counter()
        model = quickstart.train_model(train, epochs)
        seconds = time.perf_counter() - started
        return {"seconds": seconds, **model.evaluate(test, exclude=train, verbose=0)}

    return train_and_evaluate


if __name__ == "__main__":
    serve(prepare)

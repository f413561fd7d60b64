import keras
import numpy as np
import pytest
from tests.evaluation.worlds import interactions

from shortlist.errors import ArgumentError
from shortlist.evaluation import compare, evaluate, recommender
from shortlist.indexes import BruteForce

DATA = interactions([(0, 7), (1, 9)])


@pytest.fixture
def index():
    tower = keras.Sequential([keras.layers.Embedding(2, 2)])
    return BruteForce(tower).index(np.eye(2, dtype="float32"), ids=[7, 9])


def test_an_index_alone_is_refused_and_its_recommender_is_taken(index):
    with pytest.raises(
        ArgumentError, match=r"models\['m'\] is a BruteForce, expected a callable: recommender\("
    ):
        compare({"m": index}, DATA, train=DATA)
    with pytest.raises(ArgumentError, match=r"recommend is a BruteForce, expected a callable"):
        evaluate(index, DATA)
    assert "m" in compare({"m": recommender(index)}, DATA, train=DATA, ks=(1,)).rows


@pytest.mark.parametrize("models", [keras.Sequential(), None, [print]])
def test_models_without_names_are_refused(models):
    message = rf"models is a {type(models).__name__}, expected callables by name.*recommender\(index\)"
    with pytest.raises(ArgumentError, match=message):
        compare(models, DATA, train=DATA)


@pytest.mark.parametrize("name", ["test", "train", "exclude"])
def test_a_frame_in_place_of_interactions_is_refused(name):
    arguments = {"test": DATA, "train": DATA, "exclude": DATA, name: {"user": [1], "item": [2]}}
    with pytest.raises(ArgumentError, match=f"{name} is a dict, expected Interactions"):
        compare({}, **arguments)
    if name != "train":
        del arguments["train"]
        with pytest.raises(ArgumentError, match=f"{name} is a dict, expected Interactions"):
            evaluate(lambda users, k, exclude: [[7]] * len(users), **arguments)

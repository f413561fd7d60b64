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


@pytest.mark.filterwarnings("ignore:.* of the test rows .* repeat a")
def test_an_index_alone_is_what_its_recommender_is(index):
    wrapped = compare({"m": recommender(index)}, DATA, train=DATA, exclude=DATA, ks=(1,))
    assert compare({"m": index}, DATA, train=DATA, exclude=DATA, ks=(1,)).rows == wrapped.rows
    assert evaluate(index, DATA, ks=(1,)) == evaluate(recommender(index), DATA, ks=(1,))


def test_what_is_no_recommender_is_refused():
    message = r"models\['m'\] must be an index or a callable, got a Sequential.*model\.build_index\(\)"
    with pytest.raises(ArgumentError, match=message):
        compare({"m": keras.Sequential()}, DATA, train=DATA)
    with pytest.raises(ArgumentError, match="recommend must be an index or a callable, got a list"):
        evaluate(["Dune"], DATA)


@pytest.mark.parametrize("models", [keras.Sequential(), None, [print]])
def test_models_without_names_are_refused(models):
    message = rf"models must be a dict of indexes and callables.*got a {type(models).__name__}"
    with pytest.raises(ArgumentError, match=message):
        compare(models, DATA, train=DATA)


@pytest.mark.parametrize("name", ["test", "train", "exclude"])
def test_a_frame_in_place_of_interactions_is_refused(name):
    arguments = {"test": DATA, "train": DATA, "exclude": DATA, name: {"user": [1], "item": [2]}}
    with pytest.raises(ArgumentError, match=f"{name} must be an Interactions, got dict"):
        compare({}, **arguments)
    if name != "train":
        del arguments["train"]
        with pytest.raises(ArgumentError, match=f"{name} must be an Interactions, got dict"):
            evaluate(lambda users, k, exclude: [[7]] * len(users), **arguments)

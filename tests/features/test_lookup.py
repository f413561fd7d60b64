"""`Lookup`: the rows of ids as the first layer of a tower."""

import importlib.util

import keras
import numpy as np
import pytest
from keras import ops

from shortlist.errors import BackendError, FeatureError
from shortlist.features import Lookup, Vocabulary, VocabularySize

BACKEND = keras.config.backend()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")  # Keras, NumPy 2.4
TEXTS = ["a", "é", "a\0", "", "🎬"]
on_tensorflow = pytest.mark.skipif(BACKEND != "tensorflow", reason="only TensorFlow's tensors hold text")


@pytest.mark.contract
@pytest.mark.parametrize("ids", [["a\0", "x"], np.array(["", "🎬"], dtype=object), [["é"], ["?"]], "a"])
def test_host_values_are_looked_up(ids):
    vocabulary = Vocabulary(TEXTS)
    rows = ops.convert_to_numpy(Lookup(vocabulary)(ids))
    assert rows.dtype == np.int32
    np.testing.assert_array_equal(rows, vocabulary.rows(ids))


@pytest.mark.contract
def test_large_integers_are_not_cut_to_32_bits():
    ids = np.array([2**40, 2**40 + 2**32, -1, 0])
    assert ops.convert_to_numpy(Lookup(Vocabulary([0, 2**40, -1]))(ids)).tolist() == [2, 0, 3, 1]


@pytest.mark.contract
def test_tensors_of_integers():
    ids = ops.convert_to_tensor(np.array([[5], [7]], np.int32))
    assert ops.convert_to_numpy(Lookup(Vocabulary([7, 6]))(ids)).tolist() == [[0], [1]]


@pytest.mark.contract
def test_a_config_has_the_size_and_the_ids_are_an_asset(tmp_path):
    lookup = Lookup(Vocabulary(TEXTS), name="users")
    restored = Lookup.from_config(lookup.get_config())
    assert (restored.num_rows, restored.name) == (6, "users")
    with pytest.raises(FeatureError, match="lookup .*users.* must have its vocabulary before it is called"):
        restored(["a"])
    lookup.save_assets(tmp_path)
    restored.load_assets(tmp_path)
    assert restored.vocabulary == lookup.vocabulary


@pytest.mark.contract
def test_another_kind_of_ids_is_refused():
    with pytest.raises(FeatureError, match="ids must be str such as .a., as in the .*, got int64 such as 1"):
        Lookup(Vocabulary(["a"]))([1])


@pytest.mark.contract
def test_symbolic_rows_keep_the_shape_of_ids():
    ids = keras.Input((3,), dtype="int64")
    rows = Lookup(VocabularySize(4, "int64"))(ids)
    assert (rows.shape, rows.dtype) == ((None, 3), "int32")


@pytest.mark.contract
@pytest.mark.skipif(BACKEND != "jax", reason="a TensorFlow graph looks ids up; PyTorch does not trace here")
def test_traced_ids_are_refused():
    import jax

    with pytest.raises(BackendError, match=r"Encode ids before, with Vocabulary\.rows"):
        jax.jit(Lookup(Vocabulary([1, 2])))(np.array([1], np.int32))


@on_tensorflow
def test_a_tower_takes_string_datasets_arrays_and_functions():
    import tensorflow as tf

    vocabulary = Vocabulary([str(i) for i in range(100)])
    lookup = Lookup(vocabulary)
    tower = keras.Sequential([lookup, keras.layers.Embedding(lookup.num_rows, 4)])
    asked = ["42", "7", "new"]
    films = tf.data.Dataset.from_tensor_slices(asked)

    from_array = ops.convert_to_numpy(tower(np.array(asked)))
    (table,) = tower.get_weights()
    np.testing.assert_array_equal(from_array, table[vocabulary.rows(asked)])
    np.testing.assert_array_equal(np.concatenate(list(films.batch(2).map(tower))), from_array)
    np.testing.assert_array_equal(tower.predict(films.batch(2), verbose=0), from_array)
    np.testing.assert_array_equal(tf.function(tower)(tf.constant(asked)), from_array)
    assert tower(np.array(["42"])).shape == (1, 4)


@on_tensorflow
def test_a_layer_made_while_tracing_works_elsewhere():
    import tensorflow as tf

    made = []

    @tf.function
    def trace(ids):
        if not made:
            made.append(Lookup(Vocabulary(["a", "b"])))
        return made[0](ids)

    assert trace(tf.constant(["b"])).numpy().tolist() == [2]
    dataset = tf.data.Dataset.from_tensors(["b", "?"]).map(made[0])
    assert next(iter(dataset)).numpy().tolist() == [2, 0]


@on_tensorflow
def test_saved_towers_are_whole_in_a_new_process(run_python, tmp_path):
    asked = {"str": np.array([*TEXTS, "new"], dtype=object), "int64": np.array([2**40, -3, 5])}
    for kind, ids in asked.items():
        lookup = Lookup(Vocabulary(ids[:-1]))
        tower = keras.Sequential([lookup, keras.layers.Embedding(lookup.num_rows, 4)])
        np.save(tmp_path / f"{kind}.npy", ops.convert_to_numpy(tower(ids)))
        tower.save(tmp_path / f"{kind}.keras")
    lists = {kind: ids.tolist() for kind, ids in asked.items()}
    run_python(f"""
import numpy as np, keras, shortlist.features
for kind, ids in {lists!r}.items():
    tower = keras.saving.load_model(kind + ".keras")
    asked = np.array(ids, dtype=object if kind == "str" else np.int64)
    np.testing.assert_array_equal(tower(asked), np.load(kind + ".npy"))
""")


@on_tensorflow
def test_an_exported_layer_holds_its_table(tmp_path):
    import tensorflow as tf

    exported = tf.Module()
    exported.lookup = Lookup(Vocabulary(TEXTS))
    exported.rows = tf.function(lambda ids: exported.lookup(ids), [tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(exported, str(tmp_path))
    rows = tf.saved_model.load(str(tmp_path)).rows(tf.constant([*TEXTS, "new"]))
    assert rows.numpy().tolist() == [1, 2, 3, 4, 5, 0]


@pytest.mark.parametrize("backend", [name for name in ("jax", "torch") if importlib.util.find_spec(name)])
def test_other_backends_load_no_tensorflow(backend, run_python):
    run_python(
        """
import sys, numpy as np, keras
from shortlist.features import *
spec = FeatureSpec([Category("user"), Number("age")], [Category("film"), Text("title")], query_id="user")
data = {"user": ["u", "v"], "age": [1, 2], "film": [2**40, 1], "title": ["a b", "c"]}
spec = spec.fit(data)
spec.save("spec")
encoded = FeatureSpec.load("spec").encode_candidates(data)
assert FeatureEncoder(spec.candidate, 4)(encoded).shape == (2, 8)
lookup = Lookup(spec.query_vocabulary)
assert np.asarray(lookup(["v", "?"])).tolist() == [2, 0]
assert np.asarray(lookup(np.array(["v", "?"]))).tolist() == [2, 0]
assert "tensorflow" not in sys.modules
""",
        backend=backend,
    )

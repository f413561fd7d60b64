"""What was trained on another backend is exported under TensorFlow."""

import ast

import keras
import numpy as np
import pytest
import tensorflow as tf

from shortlist.export import saved_model

TRAIN_UNDER_JAX = """
import sys, shortlist as sl
from shortlist.errors import BackendError
world = sl.data.datasets.synthetic(num_users=20, num_items=15, num_interactions=200, seed=0)
model = sl.models.TwoTower.from_interactions(world.interactions, embedding_dim=8)
model.compile()
model.fit(world.interactions, epochs=1, verbose=0)
index = model.build_index(k=5)
users = world.interactions.users[:7].tolist()
try:
    sl.export.saved_model(index, "model")
except BackendError as error:
    message = str(error)
has_tensorflow = "tensorflow" in sys.modules
index.save("index.keras")  # here Keras itself loads TensorFlow
scores, ids = index(users)
print([message, world.interactions.user, users, scores.tolist(), ids.tolist(), has_tensorflow])
"""


@pytest.mark.slow
def test_an_index_trained_under_jax_is_exported_under_tensorflow(run_python, tmp_path):
    pytest.importorskip("jax")
    message, name, users, scores, ids, has_tensorflow = ast.literal_eval(
        run_python(TRAIN_UNDER_JAX, backend="jax")
    )
    assert "must be 'tensorflow' for an export, got 'jax'" in message
    assert not has_tensorflow
    assert [path.name for path in tmp_path.iterdir()] == ["index.keras"]
    path = saved_model(keras.saving.load_model(tmp_path / "index.keras"), tmp_path / "model")
    answer = tf.saved_model.load(path).signatures["serving_default"](**{name: tf.constant(users)})
    np.testing.assert_allclose(answer["scores"], scores, atol=1e-5)
    assert answer["ids"].numpy().tolist() == [[one.encode() for one in row] for row in ids]

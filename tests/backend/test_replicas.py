"""Training on several devices equals training on one, or is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.support.free_form import FreeForm

from shortlist.errors import BackendError

BACKEND = keras.config.backend()
ROOT = Path(__file__).parents[2]

TRAIN = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import keras
import numpy as np
import shortlist as sl
from tests.support.free_form import FreeForm, interactions

def train(**options):
    keras.utils.set_random_seed(0)
    model = FreeForm()
    model.compile(optimizer=sl.optimizers.RowWiseAdagrad(0.1))
    data = interactions(64)
    model.fit(data, batch_size=16, epochs=4, shuffle=False, verbose=0, **options)
    return model
"""

DATA_PARALLEL = """
keras.distribution.set_distribution(keras.distribution.DataParallel())
assert keras.distribution.distribution().device_mesh.devices.size == 4
model = train(validation_data=interactions(64))
model.fit(interactions(64), batch_size=16, epochs=1, shuffle=False, verbose=0)
np.savez("weights.npz", *model.get_weights())
"""

SET_TOO_LATE = """
from shortlist.errors import BackendError
model = train()
keras.distribution.set_distribution(keras.distribution.DataParallel())
try:
    model.fit(interactions(64), batch_size=16, verbose=0)
except BackendError as error:
    print(error)
"""

TWO_REPLICAS = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from shortlist.errors import BackendError
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    model = FreeForm()
    model.compile(optimizer="sgd")
for method in (model.fit, model.evaluate):
    try:
        method(interactions(64), batch_size=16, verbose=0)
    except BackendError as error:
        print(error)
"""


@pytest.fixture
def four_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=4")


@pytest.mark.contract
@pytest.mark.skipif(BACKEND != "jax", reason="keras.distribution")
@pytest.mark.usefixtures("four_devices")
def test_data_parallel_gives_the_weights_of_one_device(
    run_python: Callable[..., str], tmp_path: Path
) -> None:
    """Validation makes new metric variables between two epochs, as `fit` after `evaluate` does."""
    run_python(TRAIN + DATA_PARALLEL)
    namespace: dict[str, Any] = {}
    exec(TRAIN, namespace)
    model = namespace["train"]()
    model.fit(namespace["interactions"](64), batch_size=16, epochs=1, shuffle=False, verbose=0)
    with np.load(tmp_path / "weights.npz") as saved:
        for weights, name in zip(model.get_weights(), saved.files, strict=True):
            np.testing.assert_allclose(saved[name], weights, atol=1e-6)


@pytest.mark.contract
@pytest.mark.skipif(BACKEND != "jax", reason="keras.distribution")
@pytest.mark.usefixtures("four_devices")
def test_a_model_created_before_the_distribution_is_refused(run_python: Callable[..., str]) -> None:
    message = run_python(TRAIN + SET_TOO_LATE)
    assert message.startswith("FreeForm must be created after keras.distribution.set_distribution(), got ")
    assert message.endswith("Set the distribution before you create the model and its optimizer.\n")


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.distribute")
def test_several_replicas_of_tensorflow_are_refused(run_python: Callable[..., str]) -> None:
    lines = run_python(TRAIN + TWO_REPLICAS).splitlines()
    fix = "Use one device, or the JAX backend with keras.distribution.DataParallel."
    assert lines == [f"FreeForm must run on 1 replica, got 2. {fix}"] * 2


@pytest.mark.contract
@pytest.mark.skipif(BACKEND != "torch", reason="torch.distributed")
def test_several_processes_of_torch_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    model = FreeForm()
    model.compile(optimizer="sgd")
    for make_function in (model.make_train_function, model.make_test_function):
        with pytest.raises(BackendError, match=r"FreeForm must run in 1 process, got 2\. Use one process"):
            make_function()

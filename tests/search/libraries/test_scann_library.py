"""ScaNN's TensorFlow operators are never loaded, as they fail with other TensorFlow versions."""

from collections.abc import Callable

import pytest
from tests.search.libraries import contract

pytestmark = contract.skip_without("scann")

SEARCH = """
import sys
import numpy as np
from shortlist.indexes import ScaNN
vectors = np.random.default_rng(0).normal(size=(500, 8)).astype("float32")
index = ScaNN(leaves_to_search=40).index(vectors)
vectors_of = np.float32([[1, 0, 0, 0, 0, 0, 0, 0]])
print(index(vectors_of, 1)[1][0, 0] == vectors[:, 0].argmax())
print("scann" in sys.modules, "scann.scann_ops.py.scann_ops" in sys.modules)
"""
MAPPED = """
print(any("_scann_ops.so" in line for line in open("/proc/self/maps")))
print(any("scann_pybind" in line for line in open("/proc/self/maps")))
"""


def test_no_operators_are_loaded(run_python: Callable[..., str]) -> None:
    pytest.importorskip("tensorflow")
    loaded = """
loaded = []
import tensorflow
tensorflow.load_op_library = lambda *args: loaded.append(args)
"""
    code = loaded + SEARCH + MAPPED + "print(loaded)"
    printed = run_python(code, backend="tensorflow").split("\n")
    assert printed[:5] == ["True", "False False", "False", "True", "[]"]


def test_tensorflow_is_not_loaded_for_scann(run_python: Callable[..., str]) -> None:
    pytest.importorskip("jax")
    code = "import keras\n" + SEARCH + "print('tensorflow' in sys.modules)"
    assert run_python(code, backend="jax").split() == ["True", "False", "False", "False"]

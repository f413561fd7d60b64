"""Check that a SavedModel needs only core TensorFlow operators."""

import os
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from shortlist.errors import ArtifactError, must

__all__ = ["check_operators", "operators"]

# Core operators that need Python or a compiler, which a stock server lacks.
_BOUND_TO_PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
_BOUND_TO_COMPILER = ("Xla", "TPU", "_Xla", "_TPU")


def operators(folder: str | os.PathLike[str]) -> set[str]:
    """Return the names of all operators of a SavedModel, including those of its functions."""
    content = Path(folder, "saved_model.pb").read_bytes()
    graphs = [
        meta_graph.graph_def for meta_graph in saved_model_pb2.SavedModel.FromString(content).meta_graphs
    ]
    names = {node.op for graph in graphs for node in graph.node}
    functions = [function for graph in graphs for function in graph.library.function]
    return names | {node.op for function in functions for node in function.node_def}


def check_operators(names: set[str]) -> None:
    """Check that stock TensorFlow Serving runs the named operators.

    Raises:
        ArtifactError: If it does not run one of them.

    Example:
        >>> check_operators({"MatMul", "Scann>ScannSearch"})
        Traceback (most recent call last):
        shortlist.errors.ArtifactError: the graph must use core TensorFlow operators only, ...
    """
    foreign = sorted(name for name in names if not _is_core(name))
    if foreign:
        fix = "Build the query model from layers of TensorFlow operators, without Python functions, "
        fix += "jit_compile or JAX"
        raise ArtifactError(must("the graph", "use core TensorFlow operators only", got=foreign, fix=fix))


def _is_core(name: str) -> bool:
    # raw_ops lists the operators TensorFlow was built with, without those loaded from other libraries.
    is_portable = name not in _BOUND_TO_PYTHON and not name.startswith(_BOUND_TO_COMPILER)
    return is_portable and hasattr(tf.raw_ops, name)

"""Which operators a SavedModel needs."""

import os
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from shortlist.errors import ArtifactError

__all__ = ["check_operators", "operators"]

# Core operators that call what a stock server lacks: the Python interpreter, or a compiler.
_BOUND_TO_PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
_BOUND_TO_COMPILER = ("Xla", "TPU", "_Xla", "_TPU")


def operators(folder: str | os.PathLike[str]) -> set[str]:
    """The names of all operators of a SavedModel, those of its functions included.

    Args:
        folder: The SavedModel.
    """
    content = Path(folder, "saved_model.pb").read_bytes()
    graphs = [
        meta_graph.graph_def for meta_graph in saved_model_pb2.SavedModel.FromString(content).meta_graphs
    ]
    names = {node.op for graph in graphs for node in graph.node}
    functions = [function for graph in graphs for function in graph.library.function]
    return names | {node.op for function in functions for node in function.node_def}


def check_operators(names: set[str]) -> None:
    """Refuses operators that plain TensorFlow, as in TensorFlow Serving, does not run.

    Args:
        names: As `operators` returns them.

    Raises:
        ArtifactError: There are such operators.

    Example:
        >>> check_operators({"MatMul", "Scann>ScannSearch"})
        Traceback (most recent call last):
        shortlist.errors.ArtifactError: the graph needs ['Scann>ScannSearch'], ...
    """
    foreign = sorted(name for name in names if not _is_core(name))
    if foreign:
        raise ArtifactError(
            f"the graph needs {foreign}, which TensorFlow Serving does not run: build the query model of "
            "layers made of TensorFlow's own operators, without Python functions, jit_compile or JAX"
        )


def _is_core(name: str) -> bool:
    # raw_ops lists what TensorFlow was built with; operators loaded from other libraries do not join it.
    is_portable = name not in _BOUND_TO_PYTHON and not name.startswith(_BOUND_TO_COMPILER)
    return is_portable and hasattr(tf.raw_ops, name)

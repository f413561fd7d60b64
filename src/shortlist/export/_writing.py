"""Writes an index as a SavedModel, and makes sure of it."""

import gc
import os
from typing import Any

import keras
import tensorflow as tf

from shortlist.artifacts import write_manifest
from shortlist.errors import ArtifactError
from shortlist.export._operators import check_operators, operators
from shortlist.export._signatures import check_input_names, describe, example_request
from shortlist.export._top_k import TopKGraph
from shortlist.export._verification import check_answers
from shortlist.export.queries._choice import query_graph_encoder
from shortlist.indexes import StoredIndex
from shortlist.typing import Features

__all__ = ["write_saved_model"]


def write_saved_model(
    index: StoredIndex,
    folder: str | os.PathLike[str],
    *,
    k: int,
    max_k: int,
    example_inputs: Features | None = None,
) -> None:
    """Fills a folder with an index that TensorFlow runs, and with its manifest.

    Args:
        index: With candidates.
        folder: Empty.
        k: How many candidates `serving_default` returns.
        max_k: The most that a request may ask for.
        example_inputs: Raw queries to try.

    Raises:
        ArgumentError: The inputs of the query model are unknown, or have names that no signature can have.
        ArtifactError: What was written needs other operators than TensorFlow's own, or answers otherwise.
    """
    queries = query_graph_encoder(index, example_inputs)
    check_input_names([*queries.input_signature(), *index.snapshot().attributes.bit_of])
    examples = queries.examples()
    index(queries.as_queries(examples))  # builds a query model that was never called, outside of any graph
    module = TopKGraph(index, queries, max_k)
    signatures = module.signatures(k)
    _save(module, folder, signatures)
    description, max_k = _description(module, k, signatures, example_request(examples)), module.max_k
    del module, signatures
    gc.collect()  # what was written is loaded next, and takes as much memory again
    check_operators(operators(folder))
    check_answers(folder, index, queries.as_queries(examples), examples, k, max_k)
    write_manifest(folder, "saved_model", description)


def _save(module: TopKGraph, folder: str | os.PathLike[str], signatures: dict[str, Any]) -> None:
    try:
        tf.saved_model.save(module, os.fspath(folder), signatures=signatures)
    except AssertionError as error:
        if "untracked" not in str(error):
            raise
        raise ArtifactError(
            "the query model uses a variable or table that none of its layers holds, so that it cannot be "
            f"saved: make it an attribute of the layer that uses it. TensorFlow says: {error}"
        ) from error


def _description(
    module: TopKGraph, k: int, signatures: dict[str, Any], request: dict[str, Any]
) -> dict[str, Any]:
    return {
        "signatures": {name: describe(signature) for name, signature in signatures.items()},
        "example_request": request,
        "k": k,
        "max_k": module.max_k,
        "num_candidates": module.num_candidates,
        "tensorflow_version": tf.__version__,
        "keras_version": keras.__version__,
    }

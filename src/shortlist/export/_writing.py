"""Write an index as a SavedModel and verify it."""

import gc
import os
from typing import Any

import keras
import tensorflow as tf

from shortlist.artifacts import write_manifest
from shortlist.errors import ArtifactError, must
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
    """Write a SavedModel of an index and its manifest into an empty folder.

    Args:
        index: Index with candidates.
        folder: Empty folder.
        k: Number of results of `serving_default`.
        max_k: Largest `k` of a request.
        example_inputs: Raw queries to compare results with.

    Raises:
        ArgumentError: If an input of the query model is unknown or has a name that no signature can have.
        ArtifactError: If the export needs operators outside of core TensorFlow or answers differently.
    """
    queries = query_graph_encoder(index, example_inputs)
    check_input_names([*queries.input_signature(), *index.snapshot().attributes.names])
    examples = queries.examples()
    index(queries.as_queries(examples))  # build a query model that was never called, outside of any graph
    module = TopKGraph(index, queries, max_k)
    signatures = module.signatures(k)
    _save(module, folder, signatures)
    description, max_k = _description(module, k, signatures, example_request(examples)), module.max_k
    del module, signatures
    gc.collect()  # loading the export for verification needs as much memory again
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
            must(
                "the query model",
                "hold its variables and tables as attributes of layers",
                got=f"an untracked one ({error})",
                fix="Assign it to an attribute of the layer that uses it",
            )
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

"""Shortlist's backend functions on TensorFlow."""

from shortlist.backend.tensorflow._as_dataset import as_dataset
from shortlist.backend.tensorflow._chunks import scan_chunks
from shortlist.backend.tensorflow._exclusion_mask import ExclusionMask
from shortlist.backend.tensorflow._groups import grouped_products
from shortlist.backend.tensorflow._ids import IdLookup, check_ids, factorize, id_tensor, is_padding
from shortlist.backend.tensorflow._positive_mask import PositiveMask
from shortlist.backend.tensorflow._rows import deduplicate_rows, gather_rows, lookup, scatter_rows
from shortlist.backend.tensorflow._steps import test_step, train_step
from shortlist.backend.tensorflow._tables import assemble_table, host_array
from shortlist.backend.tensorflow._tensors import (
    compiled,
    count_beyond_margin,
    exp_in_place,
    host_callback,
    is_symbolic,
    is_tracing,
    scatter_add,
    subtract_in_place,
    top_k,
)
from shortlist.backend.tensorflow._unique_rows import UniqueRows, unique_rows

__all__ = [
    "ExclusionMask",
    "IdLookup",
    "PositiveMask",
    "UniqueRows",
    "as_dataset",
    "assemble_table",
    "check_ids",
    "compiled",
    "count_beyond_margin",
    "deduplicate_rows",
    "exp_in_place",
    "factorize",
    "gather_rows",
    "grouped_products",
    "host_array",
    "host_callback",
    "id_tensor",
    "is_padding",
    "is_symbolic",
    "is_tracing",
    "lookup",
    "scan_chunks",
    "scatter_add",
    "scatter_rows",
    "subtract_in_place",
    "test_step",
    "top_k",
    "train_step",
    "unique_rows",
]

"""`shortlist.backend.interface` on PyTorch."""

from shortlist.backend.interface import UniqueRows
from shortlist.backend.torch._chunks import chunk_bytes, scan_chunks
from shortlist.backend.torch._ids import IdLookup, check_ids, factorize, id_tensor, is_padding
from shortlist.backend.torch._masks import ExclusionMask, PositiveMask
from shortlist.backend.torch._rows import (
    deduplicate_rows,
    gather_rows,
    lookup,
    scatter_add,
    scatter_rows,
    unique_rows,
)
from shortlist.backend.torch._steps import as_dataset, check_replicas, test_step, train_step
from shortlist.backend.torch._tensors import (
    assemble_table,
    compiled,
    count_beyond_margin,
    exp_in_place,
    grouped_products,
    host_array,
    host_callback,
    is_symbolic,
    is_tracing,
    subtract_in_place,
    top_k,
)

__all__ = [
    "ExclusionMask",
    "IdLookup",
    "PositiveMask",
    "UniqueRows",
    "as_dataset",
    "assemble_table",
    "check_ids",
    "check_replicas",
    "chunk_bytes",
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

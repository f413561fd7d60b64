"""Shortlist's backend functions on JAX."""

from shortlist.backend.jax._chunks import FUSES_PASSES, over_chunks
from shortlist.backend.jax._distinct_rows import DistinctRows, distinct_rows
from shortlist.backend.jax._excluded_places import ExcludedPlaces
from shortlist.backend.jax._feed import feed
from shortlist.backend.jax._groups import grouped_products
from shortlist.backend.jax._ids import IdRows, check_ids, dense_codes, id_tensor, is_padding
from shortlist.backend.jax._positive_places import PositivePlaces
from shortlist.backend.jax._rows import lookup, read_rows, sum_rows, write_rows
from shortlist.backend.jax._steps import test_step, train_step
from shortlist.backend.jax._tables import on_host, table_of
from shortlist.backend.jax._tensors import (
    builds_graph,
    compiled,
    count_beyond,
    exp_in_place,
    exp_of_products,
    from_host,
    is_traced,
    scatter_add,
    subtract_in_place,
    top_k,
)

__all__ = [
    "FUSES_PASSES",
    "DistinctRows",
    "ExcludedPlaces",
    "IdRows",
    "PositivePlaces",
    "builds_graph",
    "check_ids",
    "compiled",
    "count_beyond",
    "dense_codes",
    "distinct_rows",
    "exp_in_place",
    "exp_of_products",
    "feed",
    "from_host",
    "grouped_products",
    "id_tensor",
    "is_padding",
    "is_traced",
    "lookup",
    "on_host",
    "over_chunks",
    "read_rows",
    "scatter_add",
    "subtract_in_place",
    "sum_rows",
    "table_of",
    "test_step",
    "top_k",
    "train_step",
    "write_rows",
]

"""Top-k search over candidates: exact in memory or over a stream, approximate in partitions or a library."""

import keras

from shortlist.indexes._base import Index
from shortlist.indexes._brute_force import BruteForce
from shortlist.indexes._libraries import Annoy, Faiss, ScaNN, USearch
from shortlist.indexes._partitioned import Partitioned
from shortlist.indexes._query_encoder import QueryEncoder
from shortlist.indexes._stored import StoredIndex
from shortlist.indexes._streaming import Streaming
from shortlist.search import ExactSpec, PartitionedSpec
from shortlist.search.libraries import AnnoySpec, FaissSpec, ScaNNSpec, USearchSpec

__all__ = [
    "Annoy",
    "BruteForce",
    "Faiss",
    "Index",
    "Partitioned",
    "QueryEncoder",
    "ScaNN",
    "StoredIndex",
    "Streaming",
    "USearch",
]

for _spec in (AnnoySpec, ExactSpec, FaissSpec, PartitionedSpec, ScaNNSpec, USearchSpec):
    keras.saving.register_keras_serializable(package="shortlist")(_spec)  # search/ knows no Keras saving

"""Ids of users and items: kinds, exact conversion, padding, and the map between ids and rows."""

from shortlist.ids._arrow import (
    arrow_id_kind,
    encode_ids,
    is_bytes,
    is_text,
    to_id_column,
    to_plain,
    type_name,
)
from shortlist.ids._candidate_ids import CandidateIds
from shortlist.ids._kinds import PADDING, IdKind, as_array, exact_ids, id_array, id_kind, is_list
from shortlist.ids._vocabulary import DistinctIds, Vocabulary, VocabularySize

__all__ = [
    "PADDING",
    "CandidateIds",
    "DistinctIds",
    "IdKind",
    "Vocabulary",
    "VocabularySize",
    "arrow_id_kind",
    "as_array",
    "encode_ids",
    "exact_ids",
    "id_array",
    "id_kind",
    "is_bytes",
    "is_list",
    "is_text",
    "to_id_column",
    "to_plain",
    "type_name",
]

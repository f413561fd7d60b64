"""What a config tells of a vocabulary, whose ids lie in a file of their own."""

import dataclasses
from collections.abc import Mapping
from typing import Any, final

from shortlist.features._ids import IdKind
from shortlist.features._vocabulary import Vocabulary

__all__ = ["VocabularySize", "vocabulary_config", "vocabulary_from_config"]


@final
@dataclasses.dataclass(frozen=True)
class VocabularySize:
    """Stands for a saved vocabulary until its file is read: embeddings need the size alone.

    Args:
        num_rows: `Vocabulary.num_rows` of the one that was saved.
        kind: `Vocabulary.kind` of the one that was saved.
    """

    num_rows: int
    kind: IdKind


def vocabulary_config(vocabulary: Vocabulary | VocabularySize | None) -> dict[str, Any] | None:
    """The size and the kind of a vocabulary, for JSON.

    Example:
        >>> vocabulary_config(Vocabulary([7, 8]))
        {'num_rows': 3, 'kind': 'int64'}
    """
    return None if vocabulary is None else {"num_rows": vocabulary.num_rows, "kind": vocabulary.kind}


def vocabulary_from_config(config: Mapping[str, Any] | None) -> VocabularySize | None:
    """The stand-in for the vocabulary of a config."""
    return None if config is None else VocabularySize(config["num_rows"], config["kind"])

"""Base class of losses over drawn negatives."""

import dataclasses
from typing import Any, Self

from keras import ops

from shortlist.errors import ArgumentError, must
from shortlist.losses._logits import check_options, drawn_logits, positive_logits
from shortlist.losses._negative_sources import UniformNegatives
from shortlist.losses._retrieval_loss import Negatives
from shortlist.ops import MASKED_LOGIT
from shortlist.typing import Tensor

__all__ = ["DrawnLoss"]

_NUM_NEGATIVES = 1024


@dataclasses.dataclass(frozen=True, kw_only=True)
class DrawnLoss:
    """Hold the options, the default source and the scores of a loss over drawn negatives. Abstract."""

    num_negatives: int | None = None
    remove_accidental_hits: bool = True
    remove_false_negatives: bool = True
    reduction: str = "mean"

    def __post_init__(self) -> None:
        check_options(**dataclasses.asdict(self))

    @property
    def negative_source(self) -> UniformNegatives:
        """Source of negatives of a model that is given none; see `RetrievalLoss`."""
        return UniformNegatives(_NUM_NEGATIVES if self.num_negatives is None else self.num_negatives)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)

    def _check_drawn(self, negatives: Negatives) -> None:
        if negatives.shared is None and negatives.per_query is None:
            fix = "Pass a NegativeSource to the model, such as losses.UniformNegatives(1024)"
            raise ArgumentError(must("negatives", "be drawn for this loss", fix=fix))

    def _scores(
        self, queries: Tensor, candidates: Tensor, negatives: Negatives
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return scores of positives `[batch, 1]` and of negatives `[batch, n]`, and which of these count.

        The last is 1 or 0, float32. Scores of removed negatives are 0, so that no gradient passes through
        `MASKED_LOGIT`.
        """
        self._check_drawn(negatives)
        drawn = (negatives.shared, negatives.per_query)
        shared, own = (one and dataclasses.replace(one, log_q=None) for one in drawn)
        negatives = dataclasses.replace(negatives, shared=shared, per_query=own)
        removal = self.remove_accidental_hits, self.remove_false_negatives
        scores = ops.concatenate(drawn_logits(queries, negatives, None, *removal), axis=1)
        is_kept = scores > MASKED_LOGIT / 2
        positive = positive_logits(queries, candidates, None)
        return positive, ops.where(is_kept, scores, 0.0), ops.cast(is_kept, "float32")

"""The interface of retrieval losses and what they know about negatives."""

import dataclasses
from typing import Protocol

from shortlist.typing import Tensor

__all__ = ["Negatives", "RetrievalLoss", "Vectors"]


@dataclasses.dataclass(frozen=True)
class Vectors:
    """Encoded candidates that were drawn as negatives.

    Args:
        vectors: `[n, dim]`, or `[batch, m, dim]` for negatives of each query.
        log_q: `[n]` or `[batch, m]`, log probability that a draw yields the candidate; None for no
            correction.
        codes: `[n]` or `[batch, m]`, integers comparable with `Negatives.candidate_codes`; None if the ids
            are unknown, then none is removed.
        mask: `[batch, m]`, bool, for negatives of each query; False removes a negative, such as padding. None
            removes none.
    """

    vectors: Tensor
    log_q: Tensor | None = None
    codes: Tensor | None = None
    mask: Tensor | None = None


@dataclasses.dataclass(frozen=True)
class Negatives:
    """Corrections, ids, masks and further negatives of a batch, built by `tasks.Retrieval`.

    Args:
        log_q: `[num_candidates]`, log sampling probability of each candidate of the batch.
        query_codes: `[batch]`, integers in `[0, batch)`, equal exactly where the queries' ids are.
        candidate_codes: `[num_candidates]`, integers, equal exactly where the candidates' ids are. These
            and the codes of `shared` are in `[0, num_candidates + n)`; codes of `per_query` outside that
            range are items that do not occur in it.
        mask: `[batch, num_candidates]`, bool; False removes a candidate from the negatives of a query.
        shared: Further negatives of all queries.
        per_query: Further negatives of each query.
        num_candidates: Number of candidates in the catalog.
    """

    log_q: Tensor | None = None
    query_codes: Tensor | None = None
    candidate_codes: Tensor | None = None
    mask: Tensor | None = None
    shared: Vectors | None = None
    per_query: Vectors | None = None
    num_candidates: int | None = None


class RetrievalLoss(Protocol):
    """Loss of a batch of queries, each with its positive candidate.

    Any callable with this signature works in `tasks.Retrieval`. To be saved with a model, register its class
    with `keras.saving.register_keras_serializable` and give it `get_config` and `from_config`. Optional:

    - An argument `training` of `__call__`; the task passes it.
    - A property `negative_source`, a `NegativeSource`; `models.TwoTower` uses it unless it is given one.
    - An attribute `uses_unit_vectors`; if it is True, `models.TwoTower` must be given a temperature.
    - A method `logits(queries, candidates, negatives) -> (labels, logits)`, for the task's `batch_metrics`.
    """

    def __call__(
        self, queries: Tensor, candidates: Tensor, negatives: Negatives, sample_weight: Tensor | None = None
    ) -> Tensor:
        """Return the loss, a float32 scalar.

        Args:
            queries: `[batch, dim]`, or `[batch, heads, dim]` for queries of several vectors, of which the
                highest-scoring one counts.
            candidates: `[num_candidates, dim]`, `num_candidates >= batch`; row i is the positive of query i,
                further rows are negatives of all queries.
            negatives: Corrections, masks and further negatives.
            sample_weight: `[batch]`.
        """
        ...

"""Softmax cross-entropy among the candidates of a batch."""

import dataclasses
from typing import Any

import keras
from keras import ops

from shortlist.errors import ArgumentError, must
from shortlist.losses._logits import batch_logits, check_options, codes_to_remove, labeled
from shortlist.losses._retrieval_loss import Negatives
from shortlist.losses._softmax import Columns, Options, softmax_loss
from shortlist.ops import check_shapes
from shortlist.typing import Tensor

__all__ = ["InBatchSoftmax"]


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True, kw_only=True)
class InBatchSoftmax:
    """Softmax cross-entropy of each query's positive among all candidates of the batch.

    `loss[i] = w log(sum_j exp(l[i, j])) - l[i, i]` with `l[i, j] = score[i, j] / temperature - log q[j]` and
    `w = negative_weight`. Masks remove candidates before hard negatives are chosen. Negatives drawn from a
    `NegativeSource` are added to those of the batch. Memory is linear in the batch, and repeated vectors are
    scored once.

    Args:
        temperature: Divides the scores; lower is sharper. None for 1.
        negative_weight: Weight of the log-partition. More than 1 pushes negatives away harder; BSL,
            cited below, uses 1.1 to 1.2 with unit vectors.
        positive_in_denominator: Whether the sum contains the positive too. If not, an example without
            negatives has loss 0.
        num_hard_negatives: Number of highest-scoring negatives to keep for each query; None keeps all.
        label_smoothing: Share of the label spread evenly over the kept candidates, in `[0, 1)`.
        remove_accidental_hits: Remove negatives that are the positive's item.
        remove_false_negatives: Remove negatives that are another positive of the same query in this batch.
        reduction: `"mean"` over examples or `"sum"`, both weighted by `sample_weight`.

    Raises:
        ArgumentError: If an option is out of range.

    Example:
        >>> import numpy as np
        >>> loss = InBatchSoftmax()(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"))
        >>> round(float(loss), 4)  # log(1 + exp(-1))
        0.3133

    References: Covington et al., "Deep Neural Networks for YouTube Recommendations", RecSys 2016. Yi et al.,
        "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations", RecSys 2019. Wu et
        al., "BSL: Understanding and Improving Softmax Loss for Recommendation", ICDE 2024, for
        `negative_weight` and a denominator of negatives alone.
    """

    temperature: float | None = None
    negative_weight: float = 1.0
    positive_in_denominator: bool = True
    num_hard_negatives: int | None = None
    label_smoothing: float = 0.0
    remove_accidental_hits: bool = True
    remove_false_negatives: bool = True
    reduction: str = "mean"

    def __post_init__(self) -> None:
        check_options(**dataclasses.asdict(self))

    def __call__(
        self,
        queries: Tensor,
        candidates: Tensor,
        negatives: Negatives | None = None,
        sample_weight: Tensor | None = None,
        training: bool | None = None,
    ) -> Tensor:
        """Return the loss; see `RetrievalLoss`.

        If `training` is False, gradients are not computed along with the loss but only when requested.
        """
        check_shapes(queries, candidates)
        positives = candidates[: ops.shape(queries)[0]]
        candidates, negatives = _with_shared(candidates, negatives or Negatives())
        sizes = ops.shape(positives)[0], ops.shape(candidates)[0]
        removal = self.remove_accidental_hits, self.remove_false_negatives
        query_codes, item_codes = codes_to_remove(negatives, sizes, *removal)
        columns = Columns(
            candidates,
            hold_positives=True,
            log_q=negatives.log_q,
            positive_log_q=None if negatives.log_q is None else negatives.log_q[: sizes[0]],
            mask=negatives.mask,
            codes=item_codes,
            positive_codes=None if item_codes is None else item_codes[: sizes[0]],
            query_codes=query_codes,
            num_codes=sizes[1],
        )
        own = negatives.per_query
        if own is not None and negatives.candidate_codes is None:  # nothing to compare their codes with
            own = dataclasses.replace(own, codes=None)
        options = Options(
            self.temperature,
            self.negative_weight,
            self.positive_in_denominator,
            self.reduction,
            self.num_hard_negatives,
            self.label_smoothing,
        )
        return softmax_loss(options, queries, positives, columns, own, sample_weight, training)

    def logits(self, queries: Tensor, candidates: Tensor, negatives: Negatives) -> tuple[Tensor, Tensor]:
        """Return labels and logits as `[batch, num_logits]` matrices, for metrics."""
        removal = self.remove_accidental_hits, self.remove_false_negatives
        logits = batch_logits(queries, candidates, negatives, self.temperature, *removal)
        return labeled(logits, self.num_hard_negatives)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InBatchSoftmax":
        return cls(**config)


def _with_shared(candidates: Tensor, negatives: Negatives) -> tuple[Tensor, Negatives]:
    """Append the shared negatives to the candidates of the batch."""
    shared, own = negatives.shared, negatives.per_query
    drawn: list[Any] = [one for one in (shared, own) if one is not None]
    if len({one.log_q is None for one in [negatives, *drawn]}) > 1:
        fix = "Give tasks.Retrieval a log_q layer, such as layers.StreamingFrequency"
        if negatives.log_q is not None:
            fix = "Use SampledSoftmax or BPR for negatives that were not drawn with known probabilities"
        raise ArgumentError(must("log_q", "be given for all candidates of the softmax or for none", fix=fix))
    if shared is None:
        return candidates, negatives
    vectors = ops.cast(shared.vectors, "float32")
    num_candidates, num_shared = ops.shape(candidates)[0], ops.shape(vectors)[0]
    shared_codes = shared.codes
    if shared_codes is None:  # of unknown ids, so none is a positive
        shared_codes = num_candidates + ops.arange(num_shared, dtype="int32")
    mask = negatives.mask
    if mask is not None:
        mask = ops.pad(ops.cast(mask, "bool"), [[0, 0], [0, num_shared]], constant_values=True)
    joined = dataclasses.replace(
        negatives,
        log_q=_joined(negatives.log_q, shared.log_q, "float32"),
        candidate_codes=_joined(negatives.candidate_codes, shared_codes, "int32"),
        mask=mask,
        shared=None,
    )
    return _joined(candidates, vectors, "float32"), joined


def _joined(ours: Tensor | None, others: Tensor, dtype: str) -> Tensor | None:
    return None if ours is None else ops.concatenate([ops.cast(ours, dtype), ops.cast(others, dtype)])

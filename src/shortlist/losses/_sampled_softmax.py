"""Softmax cross-entropy over drawn negatives."""

import dataclasses
from typing import Any

import keras
from keras import ops

from shortlist.errors import ArgumentError, must
from shortlist.losses._drawn import DrawnLoss
from shortlist.losses._logits import codes_to_remove
from shortlist.losses._retrieval_loss import Negatives, Vectors
from shortlist.losses._softmax import Columns, Options, softmax_loss
from shortlist.ops import check_shapes
from shortlist.typing import Tensor

__all__ = ["SampledSoftmax"]


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True, kw_only=True)
class SampledSoftmax(DrawnLoss):
    """Softmax cross-entropy over the catalog, estimated from drawn negatives.

    `loss[i] = w log(exp(p[i]) + sum_j exp(l[i, j] - log(n q[j]))) - p[i]` with `w = negative_weight` and
    scores divided by the temperature, `p` of the positive and `l` of n negatives drawn with probabilities q.
    The sum is an unbiased estimate of the other candidates' share of the softmax over the whole catalog.
    Negatives without `log_q` are not corrected. Other candidates of the batch are no negatives. Memory is
    linear in the batch, and repeated vectors are scored once.

    Args:
        num_negatives: Number of negatives that `models.TwoTower` draws uniformly for each batch, or the whole
            catalog if it is not larger. None for 1024, or if the model is given `negatives`.
        temperature: Divides the scores; None for 1.
        negative_weight: As in `InBatchSoftmax`.
        positive_in_denominator: As in `InBatchSoftmax`.
        remove_accidental_hits: Remove negatives that are the positive's item.
        remove_false_negatives: Remove negatives that are another positive of the same query in this batch.
        reduction: `"mean"` over examples or `"sum"`, both weighted by `sample_weight`.

    Raises:
        ArgumentError: If an option is out of range. When called: if no negatives were drawn.

    Example:
        >>> import numpy as np
        >>> from shortlist.losses import Negatives, Vectors
        >>> vectors, others = np.eye(2, dtype="float32"), np.zeros((2, 2), "float32")
        >>> round(float(SampledSoftmax()(vectors, vectors, Negatives(shared=Vectors(others)))), 4)
        0.5514

    Reference: Bengio and Senecal, "Adaptive Importance Sampling to Accelerate Training of a Neural
        Probabilistic Language Model", IEEE Transactions on Neural Networks 2008.
    """

    temperature: float | None = None
    negative_weight: float = 1.0
    positive_in_denominator: bool = True

    def __call__(
        self,
        queries: Tensor,
        candidates: Tensor,
        negatives: Negatives,
        sample_weight: Tensor | None = None,
        training: bool | None = None,
    ) -> Tensor:
        """Return the loss; see `RetrievalLoss`.

        If `training` is False, gradients are not computed along with the loss but only when requested.
        """
        check_shapes(queries, candidates)
        self._check_drawn(negatives)
        batch, dim = ops.shape(queries)[0], candidates.shape[-1]
        shared, own = negatives.shared, negatives.per_query
        drawn = [one for one in (shared, own) if one is not None]
        is_corrected = drawn[0].log_q is not None
        if len({one.log_q is None for one in drawn}) > 1:
            fix = "Draw both with known probabilities"
            raise ArgumentError(must("log_q", "be given for all drawn negatives or for none", fix=fix))

        number: Any = 0 if shared is None else ops.shape(shared.vectors)[0]  # of draws
        if own is not None and own.mask is not None:
            number += ops.sum(ops.cast(own.mask, "int32"), axis=1, keepdims=True)
        elif own is not None:
            number += ops.shape(own.vectors)[1]
        mask = None
        if shared is None:  # one column that is no negative
            mask = ops.zeros((batch, 1), "bool")
            shared = Vectors(ops.zeros((1, dim), "float32"), ops.zeros((1,)) if is_corrected else None)
        columns = Columns(
            shared.vectors,
            hold_positives=False,
            log_q=shared.log_q,
            mask=mask,
            log_number=ops.log(ops.cast(ops.maximum(number, 1), "float32")) if is_corrected else 0.0,
        )
        num_shared, num_candidates = ops.shape(shared.vectors)[0], ops.shape(candidates)[0]
        removal = self.remove_accidental_hits, self.remove_false_negatives
        query_codes, item_codes = codes_to_remove(negatives, (batch, num_candidates), *removal)
        if item_codes is not None and negatives.candidate_codes is not None:
            codes = shared.codes
            if codes is None:  # of unknown ids, so none is a positive
                codes = num_candidates + ops.arange(num_shared, dtype="int32")
            columns = columns._replace(
                codes=ops.cast(codes, "int32"),
                positive_codes=item_codes[:batch],
                query_codes=query_codes,
                num_codes=num_candidates + num_shared,
            )
        options = Options(
            self.temperature, self.negative_weight, self.positive_in_denominator, self.reduction
        )
        return softmax_loss(options, queries, candidates[:batch], columns, own, sample_weight, training)

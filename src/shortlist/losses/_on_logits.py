"""A Keras loss on the whole matrix of logits."""

import dataclasses
from typing import Any

import keras

from shortlist.errors import ArgumentError, must
from shortlist.losses._logits import batch_logits, check_options, labeled
from shortlist.losses._retrieval_loss import Negatives
from shortlist.typing import Tensor

__all__ = ["OnLogits"]


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class OnLogits:
    """Apply a Keras loss to the labels and logits of a batch, `[batch, num_candidates]` matrices.

    Logits are those of `InBatchSoftmax`. Memory grows with the square of the batch; for a softmax
    cross-entropy use `InBatchSoftmax`.

    Args:
        loss: Keras loss of labels and logits, with its own reduction, such as
            `keras.losses.CategoricalCrossentropy(from_logits=True)`.
        temperature: Divides the scores; None for 1.
        num_hard_negatives: Number of highest-scoring negatives to keep for each query; None keeps all.
        remove_accidental_hits: Remove negatives that are the positive's item.
        remove_false_negatives: Remove negatives that are another positive of the same query in this batch.

    Raises:
        ArgumentError: If the loss is not a Keras loss or an option is out of range.

    Example:
        >>> import keras, numpy as np
        >>> loss = OnLogits(keras.losses.CategoricalCrossentropy(from_logits=True))
        >>> round(float(loss(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"))), 4)
        0.3133
    """

    loss: keras.losses.Loss
    _: dataclasses.KW_ONLY
    temperature: float | None = None
    num_hard_negatives: int | None = None
    remove_accidental_hits: bool = True
    remove_false_negatives: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.loss, keras.losses.Loss):
            raise ArgumentError(must("loss", "be a keras.losses.Loss", got=repr(self.loss)))
        check_options(temperature=self.temperature, num_hard_negatives=self.num_hard_negatives)

    def __call__(
        self,
        queries: Tensor,
        candidates: Tensor,
        negatives: Negatives | None = None,
        sample_weight: Tensor | None = None,
    ) -> Tensor:
        """Return the loss; see `RetrievalLoss`."""
        labels, logits = self.logits(queries, candidates, negatives or Negatives())
        return self.loss(labels, logits, sample_weight=sample_weight)

    def logits(self, queries: Tensor, candidates: Tensor, negatives: Negatives) -> tuple[Tensor, Tensor]:
        """Return labels and logits as `[batch, num_logits]` matrices."""
        removal = self.remove_accidental_hits, self.remove_false_negatives
        logits = batch_logits(queries, candidates, negatives, self.temperature, *removal)
        return labeled(logits, self.num_hard_negatives)

    def get_config(self) -> dict[str, Any]:
        options = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return options | {"loss": keras.saving.serialize_keras_object(self.loss)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "OnLogits":
        return cls(**{**config, "loss": keras.saving.deserialize_keras_object(config["loss"])})

"""The examples of a batch, which share rows of logits: their losses and gradients in closed form."""

import dataclasses
from typing import NamedTuple

from keras import ops

from shortlist.losses._softmax_chunk import RowSums
from shortlist.typing import Tensor

__all__ = ["ExampleLosses", "Examples"]


class ExampleLosses(NamedTuple):
    """Losses of examples, each times its weight, and their derivatives; `[batch, 1]` each."""

    loss: Tensor
    by_sums: tuple[Tensor, ...]
    """By the `total` of its row, and by its `logits_kept` where labels are smoothed."""
    by_positive: Tensor
    """By the logit of its positive."""


@dataclasses.dataclass(frozen=True)
class Examples:
    """Queries with their positives, each of which reads one row of logits.

    With `total` and `m` of its row and p the logit of its positive:

        loss = log(total + exp(p - m)) + (m - p)
        d loss / d total = 1 / (total + exp(p - m))
        d loss / d p = -total / (total + exp(p - m))

    where the positive is masked in the row; where it is among the row's columns,

        loss = log(total) + (m - p)

    Label smoothing takes a share s of the label from the positive and spreads it over the K candidates that
    are left, the positive among them: `s (p - (p + logits_kept) / K)` is added to the loss.

    Args:
        rows: `[batch]`, int32, the row of each.
        positive: `[batch, 1]`, the logit of its positive.
        weight: `[batch, 1]`.
        are_among: Whether positives are among the columns of their rows.
        label_smoothing: The share s; only where positives are masked.
    """

    rows: Tensor
    positive: Tensor
    weight: Tensor
    are_among: bool
    label_smoothing: float = 0.0

    def losses(self, sums: RowSums) -> ExampleLosses:
        """The losses, with their derivatives.

        Args:
            sums: Of all rows.

        Returns:
            One of each for each example.
        """
        return self._losses(RowSums(*(ops.take(part, self.rows, axis=0) for part in sums.present())))

    def by_sums(self, sums: RowSums, first: Tensor | int) -> list[Tensor]:
        """Derivatives of the sum of all losses by what a chunk of rows holds.

        Args:
            sums: Of the chunk's rows.
            first: Number of the first of them.

        Returns:
            `[rows, 1]` each: by `total`, and by `logits_kept` where labels are smoothed.
        """
        num_rows = ops.shape(sums.total)[0]
        slots = self.rows - first
        is_inside = ops.logical_and(slots >= 0, slots < num_rows)
        slots = ops.clip(slots, 0, num_rows - 1)
        losses = self._losses(RowSums(*(ops.take(part, slots, axis=0) for part in sums.present())))
        is_inside = ops.expand_dims(is_inside, 1)
        return [
            ops.segment_sum(ops.where(is_inside, one, 0.0), slots, num_segments=num_rows)
            for one in losses.by_sums
        ]

    def _losses(self, sums: RowSums) -> ExampleLosses:
        shift = sums.largest if self.are_among else ops.maximum(sums.largest, self.positive)
        factor = ops.exp(sums.largest - shift)
        others = factor * sums.total
        total = others if self.are_among else others + ops.exp(self.positive - shift)
        loss = ops.log(total) + (shift - self.positive)  # in this order: a small loss next to large logits
        by_positive = -ops.ones_like(total) if self.are_among else -others / total
        by_sums = [factor / total]
        if sums.num_kept is not None:
            share = self.label_smoothing / (1.0 + sums.num_kept)
            loss = loss + self.label_smoothing * self.positive - share * (self.positive + sums.logits_kept)
            by_positive = by_positive + self.label_smoothing - share
            by_sums.append(-share)
        return ExampleLosses(
            self.weight * loss, tuple(self.weight * one for one in by_sums), self.weight * by_positive
        )

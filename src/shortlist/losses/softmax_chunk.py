"""The in-batch softmax of a chunk of queries: loss and gradients in closed form."""

import dataclasses
from typing import NamedTuple

from keras import ops

from shortlist import backend
from shortlist.ops import MASKED_LOGIT
from shortlist.typing import Tensor

__all__ = ["ChunkGradients", "SoftmaxChunk", "share_of_heads"]


class ChunkGradients(NamedTuple):
    """Gradients of the weighted sum of a chunk's losses, by logits over the scale; see `SoftmaxChunk`."""

    by_queries: Tensor
    """`[rows, heads, dim]`, through the negatives."""
    by_candidates: Tensor
    """`[dim, num_candidates]`, through the negatives; transposed, as this product is the faster one."""
    by_positive: Tensor
    """`[rows, 1]`, by the logit of the positive."""


@dataclasses.dataclass(frozen=True)
class SoftmaxChunk:
    """What is the same for every chunk of queries.

    With `total[i] = exp p[i] + sum_j exp l[i, j]` over the negatives j that are left, p the logit of the
    positive:

        loss[i] = log total[i] - p[i]
        d loss[i] / d l[i, j] = exp l[i, j] / total[i]
        d loss[i] / d p[i] = exp p[i] / total[i] - 1

    Label smoothing takes a share s of the label from the positive and spreads it over the K candidates that
    are left, the positive among them: `s (p[i] - (p[i] + sum_j l[i, j]) / K)` is added to the loss.

    Args:
        candidates: `[num_candidates, dim]`, float32.
        scale: What scores are multiplied by.
        log_probability: `[num_candidates]`, subtracted from the logits.
        places: Where the logits hold positives.
        num_hard_negatives: How many negatives of highest logit are left; all when None.
        label_smoothing: The share s.
        are_small: Whether no logit is so large that its exponential needs the row's largest taken off first.
    """

    candidates: Tensor
    scale: float
    log_probability: Tensor | None
    places: backend.PositivePlaces
    num_hard_negatives: int | None
    label_smoothing: float
    are_small: bool = False

    def losses(self, part: dict[str, Tensor], first: Tensor | int) -> Tensor:
        """The weighted loss of each query of a chunk.

        Args:
            part: `query` `[rows, heads, dim]`, `positive` and `weight` `[rows, 1]`, and, where negatives are
                masked, `is_kept` `[rows, num_candidates]`.
            first: Number of the chunk's first query.

        Returns:
            `[rows, 1]`.
        """
        logits, _ = self._negatives(_best(self._products(part["query"])), part, first)
        return part["weight"] * self._softmax(logits, part["positive"]).loss

    def losses_and_gradients(
        self, part: dict[str, Tensor], first: Tensor | int
    ) -> tuple[Tensor, ChunkGradients]:
        """The same, with its gradients.

        Args:
            part: As in `losses`.
            first: As in `losses`.

        Returns:
            `[rows, 1]`, and the gradients.
        """
        weight, products = part["weight"], self._products(part["query"])
        logits, columns = self._negatives(_best(products), part, first)
        softmax = self._softmax(logits, part["positive"])
        mass = softmax.mass if columns is None else self._in_columns(softmax.mass, columns)
        by_queries, by_candidates = self._by_vectors(mass, weight / softmax.total, part["query"], products)
        return weight * softmax.loss, ChunkGradients(by_queries, by_candidates, weight * softmax.by_positive)

    def _products(self, queries: Tensor) -> Tensor:
        """`[rows, heads, num_candidates]`, logits of each head."""
        _, heads, dim = queries.shape
        queries, columns = ops.reshape(queries, (-1, dim)) * self.scale, ops.transpose(self.candidates)
        if self.log_probability is not None:  # subtracted by the product itself
            queries = ops.pad(queries, [[0, 0], [0, 1]], constant_values=1.0)
            columns = ops.concatenate([columns, -ops.expand_dims(self.log_probability, 0)])
        return ops.reshape(ops.matmul(queries, columns), (-1, heads, ops.shape(columns)[1]))

    def _negatives(
        self, logits: Tensor, part: dict[str, Tensor], first: Tensor | int
    ) -> tuple[Tensor, Tensor | None]:
        """Logits of the negatives, and their columns where some were chosen."""
        logits = self.places.fill(logits, first, MASKED_LOGIT)
        if "is_kept" in part:
            logits = ops.where(part["is_kept"], logits, MASKED_LOGIT)
        if self.num_hard_negatives is None:
            return logits, None
        num_columns = ops.shape(logits)[1]
        smaller = min if isinstance(num_columns, int) else ops.minimum
        return backend.top_k(logits, smaller(self.num_hard_negatives, num_columns))

    def _softmax(self, logits: Tensor, positive: Tensor) -> "_Softmax":
        smoothing = self._smoothing(logits, positive) if self.label_smoothing else None
        if not self.are_small:
            largest = ops.maximum(ops.max(logits, axis=1, keepdims=True), positive)
            logits, positive = backend.subtract_in_place(logits, largest), positive - largest
        mass, own = backend.exp_in_place(logits), ops.exp(positive)
        others = ops.sum(mass, axis=1, keepdims=True)
        total = others + own
        loss, by_positive = ops.log(total) - positive, -others / total
        if smoothing is None:
            return _Softmax(mass, total, loss, by_positive)
        mass = mass - (smoothing.share * total) * smoothing.kept
        return _Softmax(
            mass, total, loss + smoothing.loss, by_positive + self.label_smoothing - smoothing.share
        )

    def _smoothing(self, logits: Tensor, positive: Tensor) -> "_Smoothing":
        kept = ops.cast(logits > MASKED_LOGIT / 2, logits.dtype)
        share = self.label_smoothing / (1.0 + ops.sum(kept, axis=1, keepdims=True))
        of_kept = positive + ops.sum(kept * logits, axis=1, keepdims=True)
        return _Smoothing(kept, share, self.label_smoothing * positive - share * of_kept)

    def _in_columns(self, values: Tensor, columns: Tensor) -> Tensor:
        """A matrix of zeros with a row's values in its columns."""
        num_rows, num_columns = ops.shape(columns)[0], ops.shape(self.candidates)[0]
        places = ops.expand_dims(ops.arange(num_rows, dtype="int32") * num_columns, 1) + columns
        flat = ops.scatter(
            ops.reshape(places, (-1, 1)), ops.reshape(values, (-1,)), (num_rows * num_columns,)
        )
        return ops.reshape(flat, (num_rows, num_columns))

    def _by_vectors(
        self, mass: Tensor, factor: Tensor, queries: Tensor, products: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Gradients through `factor * mass`, of which the best head has the whole."""
        _, heads, dim = queries.shape
        if heads > 1:
            mass = ops.expand_dims(mass, 1) * share_of_heads(products)
        mass, factor = ops.reshape(mass, (-1, ops.shape(self.candidates)[0])), ops.expand_dims(factor, 1)
        by_queries = factor * ops.reshape(ops.matmul(mass, self.candidates), (-1, heads, dim))
        by_candidates = ops.matmul(ops.transpose(ops.reshape(factor * queries, (-1, dim))), mass)
        return by_queries, by_candidates


class _Softmax(NamedTuple):
    """Of a chunk: gradients by the negatives' logits are `mass / total`."""

    mass: Tensor
    total: Tensor
    loss: Tensor
    by_positive: Tensor


class _Smoothing(NamedTuple):
    """Of a chunk: which negatives are left, what of the label each has, and what that adds to the loss."""

    kept: Tensor
    share: Tensor
    loss: Tensor


def _best(products: Tensor) -> Tensor:
    """`[rows, num_candidates]`, the logit of the best head."""
    if products.shape[1] > 1:
        return ops.max(products, axis=1)
    return ops.reshape(products, (-1, ops.shape(products)[2]))


def share_of_heads(products: Tensor) -> Tensor:
    """What each head has of the gradient by the best head; heads that tie share it.

    Args:
        products: `[rows, heads, num_candidates]`.

    Returns:
        The same shape; sums to 1 over the heads.
    """
    is_best = ops.cast(products == ops.max(products, axis=1, keepdims=True), products.dtype)
    return is_best / ops.sum(is_best, axis=1, keepdims=True)

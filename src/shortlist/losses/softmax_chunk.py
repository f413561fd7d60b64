"""The in-batch softmax of a chunk of rows: sums and products of exponentials, from which gradients follow."""

import dataclasses
from typing import NamedTuple

from keras import ops

from shortlist import backend
from shortlist.ops import MASKED_LOGIT
from shortlist.typing import Tensor

__all__ = ["RowGradients", "RowSums", "SoftmaxChunk", "share_of_heads"]


class RowSums(NamedTuple):
    """What an example needs to know of the row of logits that it shares with others; `[rows, 1]` each.

    Sums are over the columns j that are left, each of which stands for `n[j]` candidates.
    """

    largest: Tensor
    """`m = max_j l[j]`, or 0 where exponentials need no shift."""
    total: Tensor
    """`sum_j n[j] exp(l[j] - m)`."""
    num_kept: Tensor | None = None
    """`sum_j n[j]`, where labels are smoothed."""
    logits_kept: Tensor | None = None
    """`sum_j n[j] l[j]`, where labels are smoothed."""

    def present(self) -> tuple[Tensor, ...]:
        """Those that there are."""
        return tuple(part for part in self if part is not None)


class RowGradients(NamedTuple):
    """What the gradients of a chunk's losses are made of, for `exp(l - m)` or for 1 in each column."""

    values: Tensor
    """`[rows, heads, num_columns]`, 0 in a column that is not left; the best head has the whole."""
    by_queries: Tensor
    """`[rows, heads, dim]`, `sum_j n[j] values[j] candidates[j]`."""


@dataclasses.dataclass(frozen=True)
class SoftmaxChunk:
    """What is the same for every chunk of rows.

    A row belongs to a query, or to several whose vectors are equal, and a column to a candidate, or to
    several whose vectors are.

    Args:
        candidates: `[num_columns, dim]`, float32.
        counted: `[num_columns, dim + 1]`, float32: a column's vector times the number of candidates of the
            batch that it stands for, and that number; for both sums over columns in one product.
        scale: What scores are multiplied by.
        log_probability: `[num_columns]`, subtracted from the logits.
        places: Where the logits hold positives that are no negatives; None where all are left in.
        num_hard_negatives: How many negatives of highest logit are left; all when None.
        is_smoothed: Whether a share of the label is spread over the columns that are left.
        are_small: Whether no logit is so large that its exponential needs the row's largest taken off first.
    """

    candidates: Tensor
    counted: Tensor
    scale: float
    log_probability: Tensor | None
    places: backend.PositivePlaces | None
    num_hard_negatives: int | None
    is_smoothed: bool
    are_small: bool = False

    def sums(self, part: dict[str, Tensor], first: Tensor | int) -> RowSums:
        """What the losses of examples need to know of a chunk of rows.

        Args:
            part: `query` `[rows, heads, dim]`, and, where negatives are masked, `is_kept`
                `[rows, num_columns]`.
            first: Number of the chunk's first row.

        Returns:
            Sums over each row.
        """
        logits, columns = self._negatives(_best(self._products(part["query"])), part, first)
        kept = self._kept_sums(_is_kept(logits), logits, columns) if self.is_smoothed else ()
        largest, mass = self._mass(logits)
        return RowSums(largest, self._over_columns(mass, columns), *kept)

    def sums_and_gradients(
        self, part: dict[str, Tensor], first: Tensor | int
    ) -> tuple[RowSums, list[RowGradients]]:
        """The same, with what gradients are made of.

        Args:
            part: As in `sums`.
            first: As in `sums`.

        Returns:
            Sums over each row; and what the gradients of `total` are made of, and those of `logits_kept`
            where labels are smoothed.
        """
        products = self._products(part["query"])
        logits, columns = self._negatives(_best(products), part, first)
        kept: tuple[Tensor, ...] = ()
        of_kept: list[RowGradients] = []
        if self.is_smoothed:
            is_kept = _is_kept(logits)
            kept = self._kept_sums(is_kept, logits, columns)
            of_kept = [self._gradients(is_kept, columns, products)[0]]
        largest, mass = self._mass(logits)
        of_total, total = self._gradients(mass, columns, products)
        return RowSums(largest, total, *kept), [of_total, *of_kept]

    def by_candidates(self, queries: Tensor, factor: Tensor, values: Tensor) -> Tensor:
        """Sums over a chunk of rows, for the gradient by one of the candidates that a column stands for.

        `sum_u factor[u] values[u, j] queries[u]`

        Args:
            queries: `[rows, heads, dim]`.
            factor: `[rows, 1]`.
            values: `[rows, heads, num_columns]`, of `RowGradients`.

        Returns:
            `[dim, num_columns]`; transposed, as this product is the faster one.
        """
        weighted = ops.reshape(ops.expand_dims(factor, 1) * queries, (-1, queries.shape[2]))
        return ops.matmul(ops.transpose(weighted), ops.reshape(values, (-1, ops.shape(values)[2])))

    def _products(self, queries: Tensor) -> Tensor:
        """`[rows, heads, num_columns]`, logits of each head."""
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
        if self.places is not None:
            logits = self.places.fill(logits, first, MASKED_LOGIT)
        if "is_kept" in part:
            logits = ops.where(part["is_kept"], logits, MASKED_LOGIT)
        if self.num_hard_negatives is None:
            return logits, None
        num_columns = ops.shape(logits)[1]
        smaller = min if isinstance(num_columns, int) else ops.minimum
        return backend.top_k(logits, smaller(self.num_hard_negatives, num_columns))

    def _mass(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The largest logit of each row, and exponentials of all without it."""
        if self.are_small:
            return ops.zeros((ops.shape(logits)[0], 1), logits.dtype), backend.exp_in_place(logits)
        largest = ops.max(logits, axis=1, keepdims=True)
        return largest, backend.exp_in_place(backend.subtract_in_place(logits, largest))

    def _kept_sums(self, is_kept: Tensor, logits: Tensor, columns: Tensor | None) -> tuple[Tensor, Tensor]:
        return self._over_columns(is_kept, columns), self._over_columns(is_kept * logits, columns)

    def _over_columns(self, values: Tensor, columns: Tensor | None) -> Tensor:
        """`[rows, 1]`, the sum of each row; columns that were chosen stand for one candidate each."""
        if columns is None:
            return ops.matmul(values, self.counted[:, -1:])
        return ops.sum(values, axis=1, keepdims=True)

    def _gradients(
        self, values: Tensor, columns: Tensor | None, products: Tensor
    ) -> tuple[RowGradients, Tensor]:
        """What gradients are made of, and the sum of each row, `[rows, 1]`."""
        values = ops.expand_dims(values if columns is None else self._in_columns(values, columns), 1)
        heads, dim = products.shape[1], self.candidates.shape[1]
        values = values if heads == 1 else values * share_of_heads(products)
        flat = ops.reshape(values, (-1, ops.shape(self.candidates)[0]))
        sums = ops.reshape(ops.matmul(flat, self.counted), (-1, heads, dim + 1))
        total = ops.sum(sums[:, :, dim], axis=1, keepdims=True)
        return RowGradients(values, sums[:, :, :dim]), total

    def _in_columns(self, values: Tensor, columns: Tensor) -> Tensor:
        """A matrix of zeros with a row's values in its columns."""
        num_rows, num_columns = ops.shape(columns)[0], ops.shape(self.candidates)[0]
        places = ops.expand_dims(ops.arange(num_rows, dtype="int32") * num_columns, 1) + columns
        flat = ops.scatter(
            ops.reshape(places, (-1, 1)), ops.reshape(values, (-1,)), (num_rows * num_columns,)
        )
        return ops.reshape(flat, (num_rows, num_columns))


def _is_kept(logits: Tensor) -> Tensor:
    return ops.cast(logits > MASKED_LOGIT / 2, logits.dtype)


def _best(products: Tensor) -> Tensor:
    """`[rows, num_columns]`, the logit of the best head."""
    if products.shape[1] > 1:
        return ops.max(products, axis=1)
    return ops.reshape(products, (-1, ops.shape(products)[2]))


def share_of_heads(products: Tensor) -> Tensor:
    """What each head has of the gradient by the best head; heads that tie share it.

    Args:
        products: `[rows, heads, num_columns]`.

    Returns:
        The same shape; sums to 1 over the heads.
    """
    is_best = ops.cast(products == ops.max(products, axis=1, keepdims=True), products.dtype)
    return is_best / ops.sum(is_best, axis=1, keepdims=True)

"""The in-batch softmax of a chunk of rows: sums and products of exponentials, from which gradients follow."""

import dataclasses
from typing import NamedTuple

from keras import ops

from shortlist import backend
from shortlist.ops import MASKED_LOGIT
from shortlist.typing import Tensor

__all__ = ["RowGradients", "RowSums", "SoftmaxChunk", "share_of_heads"]

_FAR, _LOW = 17.0, 40.0
"""Exponentials of -17 and less round to 0 next to 1; those of -57 are still far from the least of float32."""

_LEAST, _MOST = 1e-25, 1e25
"""A sum of exponentials between them has lost nothing that counts to the range of float32, 1e-38 to 1e38."""


class RowSums(NamedTuple):
    """What an example needs to know of the row of logits that it shares with others; `[rows, 1]` each.

    Sums are over the columns j that are left, each of which stands for `n[j]` candidates.
    """

    largest: Tensor
    """`m = max_j l[j]`, or what was taken off in its place."""
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
        columns: `[num_columns, dim + 1]`, float32: a candidate's vector and 1; and in one more place, where
            it is subtracted from the logits, minus its log probability.
        counted: `[num_columns, dim + 1]`, float32: a column's vector times the number of candidates of the
            batch that it stands for, and that number; for both sums over columns in one product.
        scale: What scores are multiplied by.
        slots: Where the logits hold positives that are no negatives; None where all are left in.
        num_hard_negatives: How many negatives of highest logit are left; all when None.
        is_smoothed: Whether a share of the label is spread over the columns that are left.
        longest: Scalar, the length of the longest vector, by which rows know a bound of their logits.
    """

    columns: Tensor
    counted: Tensor
    scale: float
    slots: backend.PositiveMask | None
    num_hard_negatives: int | None
    is_smoothed: bool
    longest: Tensor

    def sums(self, part: dict[str, Tensor], first: Tensor | int) -> RowSums:
        """What the losses of examples need to know of a chunk of rows.

        Args:
            part: `query` `[rows, heads, dim]`, and, where negatives are masked, `is_kept`
                `[rows, num_columns]`.
            first: Number of the chunk's first row.

        Returns:
            Sums over each row.
        """
        if not self._may_be_quick(part["query"]):
            return self._careful_sums(part, first)
        shift, mass = self._quick_mass(part, first)
        total = self._over_columns(mass, None)
        sums = ops.cond(
            _are_moderate(total), lambda: (shift, total), lambda: self._careful_sums(part, first).present()
        )
        return RowSums(*sums)

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
        if not self._may_be_quick(part["query"]):
            return self._careful_sums_and_gradients(part, first)
        shift, mass = self._quick_mass(part, first)
        quick, total = self._gradients(ops.expand_dims(mass, 1))

        def carefully() -> tuple[Tensor, ...]:
            sums, (gradients,) = self._careful_sums_and_gradients(part, first)
            return (*sums.present(), *gradients)

        shift, total, *parts = ops.cond(_are_moderate(total), lambda: (shift, total, *quick), carefully)
        return RowSums(shift, total), [RowGradients(*parts)]

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

    def _may_be_quick(self, queries: Tensor) -> bool:
        """Whether nothing but exponentials of logits is asked for, and passes over them cost time."""
        asks_logits = queries.shape[1] > 1 or self.is_smoothed or self.num_hard_negatives is not None
        return not (asks_logits or backend.FUSES_PASSES)

    def _careful_sums(self, part: dict[str, Tensor], first: Tensor | int) -> RowSums:
        """`sums`, with the largest logit of each row taken off."""
        logits, columns = self._negatives(_best(self._products(part["query"])), part, first)
        kept = self._kept_sums(_is_kept(logits), logits, columns) if self.is_smoothed else ()
        largest, mass = _mass(logits)
        return RowSums(largest, self._over_columns(mass, columns), *kept)

    def _careful_sums_and_gradients(
        self, part: dict[str, Tensor], first: Tensor | int
    ) -> tuple[RowSums, list[RowGradients]]:
        products = self._products(part["query"])
        logits, columns = self._negatives(_best(products), part, first)
        kept: tuple[Tensor, ...] = ()
        of_kept: list[RowGradients] = []
        if self.is_smoothed:
            is_kept = _is_kept(logits)
            kept = self._kept_sums(is_kept, logits, columns)
            of_kept = [self._gradients(self._of_heads(is_kept, columns, products))[0]]
        largest, mass = _mass(logits)
        of_total, total = self._gradients(self._of_heads(mass, columns, products))
        return RowSums(largest, total, *kept), [of_total, *of_kept]

    def _quick_mass(self, part: dict[str, Tensor], first: Tensor | int) -> tuple[Tensor, Tensor]:
        """What is taken off the logits of each row, `[rows, 1]`, and exponentials of the rest.

        By `|q . c| <= |q| |c|` no logit lies above a bound. Where bounds are low, what is taken off lies far
        above them, as `backend.exp_of_products` likes it best; elsewhere it is half of the bound, from which
        the largest logit may lie 60 to either side. The product itself subtracts it.
        """
        queries = part["query"][:, 0] * self.scale
        bound = ops.norm(queries, axis=1, keepdims=True) * self.longest
        width = 2.0 * ops.max(bound)
        if self._are_corrected:
            corrections = self.columns[:, -1]
            bound, width = bound + ops.max(corrections), width + ops.max(corrections) - ops.min(corrections)
        are_low = width < _LOW
        shift = ops.where(are_low, bound + _FAR, bound / 2)
        mass = backend.exp_of_products(self._rows(queries, shift), self.columns, are_low)
        if self.slots is not None:
            mass = self.slots.fill(mass, first, 0.0)
        return shift, ops.where(part["is_kept"], mass, 0.0) if "is_kept" in part else mass

    def _products(self, queries: Tensor) -> Tensor:
        """`[rows, heads, num_columns]`, logits of each head."""
        _, heads, dim = queries.shape
        queries = ops.reshape(queries, (-1, dim)) * self.scale
        rows = self._rows(queries, ops.zeros((ops.shape(queries)[0], 1), "float32"))
        products = ops.matmul(rows, ops.transpose(self.columns))
        return ops.reshape(products, (-1, heads, ops.shape(self.columns)[0]))

    def _rows(self, queries: Tensor, shift: Tensor) -> Tensor:
        """What the products with columns are logits of, less a shift `[n, 1]`."""
        ones = [ops.ones_like(shift)] if self._are_corrected else []
        return ops.concatenate([queries, -shift, *ones], axis=1)

    @property
    def _are_corrected(self) -> bool:
        """Whether log probabilities are subtracted."""
        return self.columns.shape[1] > self.counted.shape[1]

    def _negatives(
        self, logits: Tensor, part: dict[str, Tensor], first: Tensor | int
    ) -> tuple[Tensor, Tensor | None]:
        """Logits of the negatives, and their columns where some were chosen."""
        if self.slots is not None:
            logits = self.slots.fill(logits, first, MASKED_LOGIT)
        if "is_kept" in part:
            logits = ops.where(part["is_kept"], logits, MASKED_LOGIT)
        if self.num_hard_negatives is None:
            return logits, None
        num_columns = ops.shape(logits)[1]
        smaller = min if isinstance(num_columns, int) else ops.minimum
        return backend.top_k(logits, smaller(self.num_hard_negatives, num_columns))

    def _kept_sums(self, is_kept: Tensor, logits: Tensor, columns: Tensor | None) -> tuple[Tensor, Tensor]:
        return self._over_columns(is_kept, columns), self._over_columns(is_kept * logits, columns)

    def _over_columns(self, values: Tensor, columns: Tensor | None) -> Tensor:
        """`[rows, 1]`, the sum of each row; columns that were chosen stand for one candidate each."""
        if columns is None:
            return ops.matmul(values, self.counted[:, -1:])
        return ops.sum(values, axis=1, keepdims=True)

    def _of_heads(self, values: Tensor, columns: Tensor | None, products: Tensor) -> Tensor:
        """`[rows, heads, num_columns]`, what each head has of a row's values."""
        values = ops.expand_dims(values if columns is None else self._in_columns(values, columns), 1)
        return values if products.shape[1] == 1 else values * share_of_heads(products)

    def _gradients(self, values: Tensor) -> tuple[RowGradients, Tensor]:
        """What gradients are made of, and the sum of each row, `[rows, 1]`."""
        heads, dim = values.shape[1], self.counted.shape[1] - 1
        flat = ops.reshape(values, (-1, ops.shape(self.counted)[0]))
        sums = ops.reshape(ops.matmul(flat, self.counted), (-1, heads, dim + 1))
        total = ops.sum(sums[:, :, dim], axis=1, keepdims=True)
        return RowGradients(values, sums[:, :, :dim]), total

    def _in_columns(self, values: Tensor, columns: Tensor) -> Tensor:
        """A matrix of zeros with a row's values in its columns."""
        num_rows, num_columns = ops.shape(columns)[0], ops.shape(self.columns)[0]
        slots = ops.expand_dims(ops.arange(num_rows, dtype="int32") * num_columns, 1) + columns
        flat = ops.scatter(ops.reshape(slots, (-1, 1)), ops.reshape(values, (-1,)), (num_rows * num_columns,))
        return ops.reshape(flat, (num_rows, num_columns))


def _are_moderate(total: Tensor) -> Tensor:
    """Whether rows' sums of exponentials say that none that counts was lost to the range of float32."""
    return ops.all(ops.logical_and(total > _LEAST, total < _MOST))


def _mass(logits: Tensor) -> tuple[Tensor, Tensor]:
    """The largest logit of each row, and exponentials of all without it."""
    largest = ops.max(logits, axis=1, keepdims=True)
    return largest, backend.exp_in_place(backend.subtract_in_place(logits, largest))


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

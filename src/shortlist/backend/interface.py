"""Functions that each Keras backend implements in its own way, documented once.

`shortlist.backend` exports the implementation of the backend in use. Keras operations are used wherever they
exist; this interface holds what Keras has no operation for, and what a backend does much faster in its own
way.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from shortlist.typing import Tensor

__all__ = ["Backend", "ExclusionMask", "IdLookup", "PositiveMask", "UniqueRows"]


class UniqueRows(NamedTuple):
    """Distinct rows of a batch, like `np.unique(..., return_index=True, return_inverse=True)`."""

    first: Any
    """`[m]`, int32: index of each distinct row in the batch. On JAX, whose shapes are static, `m` is the
    batch size and entries from `number` on are arbitrary rows."""
    codes: Any
    """`[n]`, int32: index in `first` of the row that equals each row of the batch."""
    number: Any = None
    """Number of distinct rows if it may be less than `m`; None if all of `first` is valid."""


class IdLookup(Protocol):
    """Find the rows of ids.

    Args:
        ids: `[num_rows]`, distinct int64 ids, or on TensorFlow an object array of `str` or `bytes`.

    Raises:
        ArgumentError: If an id is repeated.
        BackendError: If the backend's tensors do not hold the ids: text on JAX and PyTorch, integers beyond
            32 bits on JAX.
    """

    def __init__(self, ids: np.ndarray) -> None: ...

    def rows(self, ids: Tensor) -> Tensor:
        """Return the row of each id, int32, and -1 for unknown ids.

        Args:
            ids: Any shape, of the kind of the known ids.
        """


class PositiveMask(Protocol):
    """Mask the logits of a batch that belong to positives.

    Logit `(i, j)` is masked if some example pairs query `row_queries[i]` with item `column_items[j]`.
    Queries and items are given by codes in `[0, num_codes)`, as `factorize` returns them.

    Args:
        queries: `[num_examples]`, int32, query of each example.
        items: `[num_examples]`, int32, item of each example.
        row_queries: `[num_rows]`, int32, query of each row of the logits.
        column_items: `[num_columns]`, int32, item of each column of the logits.
        num_codes: Number of codes.
    """

    def __init__(
        self,
        queries: Tensor,
        items: Tensor,
        row_queries: Tensor,
        column_items: Tensor,
        num_codes: Tensor | int,
    ) -> None: ...

    def fill(self, chunk: Tensor, first: Tensor | int, value: float) -> Tensor:
        """Return a chunk of logits with `value` where the mask is set. The chunk itself may be overwritten.

        Args:
            chunk: `[n, num_columns]`, float32, consecutive rows of the logits.
            first: Row of the logits at which the chunk starts.
            value: Replacement for masked logits.
        """


class ExclusionMask(Protocol):
    """Mask candidates that are excluded from the results of a query.

    Args:
        columns: `[num_queries, num_excluded]`, int32 rows of candidates; negative entries are padding and
            repeated ones are allowed.
    """

    def __init__(self, columns: Tensor) -> None: ...

    def fill(self, tile: Tensor, first: Tensor | int) -> Tensor:
        """Return scores with minus infinity for excluded candidates. The tile itself may be overwritten.

        Args:
            tile: `[num_queries, n]`, scores of consecutive candidates.
            first: Row of the first of these candidates.
        """


class Backend(Protocol):
    """Functions of a backend. The classes above belong to it too, under their own names."""

    # Compilation and the host

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Compile a function of tensors without gradients, on its first call.

        Args:
            function: Takes tensors as positional arguments.
        """

    def is_tracing(self) -> bool:
        """Return whether calls made now are traced into a graph, where even constants have no values."""

    def is_symbolic(self, value: Any) -> bool:
        """Return whether `value` is a tensor without a value, as inside a traced function."""

    def host_callback(
        self,
        function: Callable[..., np.ndarray],
        arguments: Tensor | tuple[Tensor, ...],
        shape: tuple[Any, ...],
        dtype: str = "float32",
    ) -> Tensor:
        """Call a NumPy function on tensors, inside compiled functions too.

        Args:
            function: Takes arrays and returns one.
            arguments: One tensor or a tuple of them.
            shape: Shape of the result.
            dtype: Dtype of the result.
        """

    def host_array(self, table: Any) -> np.ndarray:
        """Return a tensor as a read-only NumPy array, without a copy if it is in host memory."""

    def assemble_table(self, parts: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str) -> Tensor:
        """Concatenate blocks of rows into one tensor without holding the whole table twice.

        Args:
            parts: Blocks of rows in order.
            shape: Shape of the table.
            dtype: Dtype of the table.
        """

    # Work in chunks

    def chunk_bytes(self) -> int:
        """Return how many bytes of intermediate float32 results to compute at once on the device in use.

        On a CPU, half of the largest cache and at most 31 MiB; on an accelerator, a share of its memory.
        """

    def scan_chunks(
        self,
        step: Callable[..., Any],
        carry: Any,
        rows: dict[str, Tensor],
        size: Tensor | int,
        dtypes: tuple[str, ...] = ("float32",),
        num_rows: Tensor | int | None = None,
    ) -> tuple[Any, tuple[Tensor, ...]]:
        """Apply `step` to consecutive chunks of rows, like `jax.lax.scan`.

        Args:
            step: Takes the carry, the rows of a chunk by name and the index of its first row; returns the
                next carry and a tuple of outputs with one entry per row of the chunk.
            carry: Tuple of tensors.
            rows: Tensors by name, `[n, ...]`.
            size: Rows per chunk; the last chunk may be smaller.
            dtypes: Dtypes of the outputs.
            num_rows: Number of leading rows to process; all if None.

        Returns:
            The last carry and the concatenated outputs, `[num_rows, ...]`. If `num_rows` is given, JAX
            returns `[n, ...]` with arbitrary entries after the first `num_rows`.
        """

    # Elementwise operations, products and selection

    def exp_in_place(self, values: Tensor) -> Tensor:
        """Compute `exp` elementwise, reusing the input buffer where possible."""

    def subtract_in_place(self, values: Tensor, amount: Tensor) -> Tensor:
        """Compute `values - amount` in the shape of `values`, reusing its buffer where possible."""

    def count_beyond_margin(self, leads: Tensor, margin: float) -> tuple[Tensor, Tensor]:
        """Count the entries of each row above `margin` and below `-margin`.

        Args:
            leads: `[n, m]`, float32, with `m <= 2**22`; may be overwritten.
            margin: Positive number.

        Returns:
            Both counts, `[n]`, float32.
        """

    def top_k(self, scores: Tensor, k: Tensor | int) -> tuple[Tensor, Tensor]:
        """Return the k highest scores of each row and their columns; ties go to the lower column.

        Args:
            scores: `[n, m]`, with `m >= k`.
            k: Number of scores; a Python integer on JAX and PyTorch.

        Returns:
            Scores in descending order and int32 columns, both `[n, k]`.
        """

    def grouped_products(self, table: Any, groups: Tensor, vectors: Tensor) -> Tensor:
        """Score each vector against all rows of its group, and keep the highest score over its heads.

        Args:
            table: `[num_groups, size, dim]`, float32 or int8, a tensor or variable of the backend.
            groups: `[n]`, int32, group of each vector, in ascending order.
            vectors: `[n, heads, dim]`, float32.

        Returns:
            `[n, size]`, float32.
        """

    # Rows of a table

    def lookup(self, variable: Any, rows: Tensor) -> Tensor:
        """Gather rows of an embedding table in the table's dtype; the gradient may be sparse.

        Args:
            variable: Keras variable, `[num_rows, dim]`.
            rows: Any shape, int. JAX returns NaN for rows outside `[0, num_rows)`; other backends raise an
                error or return NaN.

        Returns:
            `[*rows.shape, dim]`.
        """

    def gather_rows(self, variable: Any, rows: Tensor) -> Tensor:
        """Gather rows without gradients and without a mixed-precision cast.

        Args:
            variable: Keras variable, or tensor or variable of the backend, `[num_rows, ...]`.
            rows: Any shape, int. JAX returns zeros for rows beyond the end.

        Returns:
            `[*rows.shape, ...]`.
        """

    def scatter_rows(self, variable: Any, rows: Tensor, values: Tensor) -> None:
        """Assign `values[i]` to row `rows[i]`, in place where possible.

        Args:
            variable: Keras variable, `[num_rows, ...]`.
            rows: `[n]`, int. JAX ignores rows beyond the end.
            values: `[n, ...]`, of the variable's dtype.
        """

    def scatter_add(self, variable: Any, rows: Tensor, values: Tensor) -> None:
        """Add `values[i]` to row `rows[i]`, in place where possible; repeated rows accumulate.

        Args:
            variable: Keras variable, `[num_rows, ...]`.
            rows: `[n]`, int.
            values: `[n, ...]`.
        """

    def deduplicate_rows(self, gradient: Any) -> tuple[Tensor, Tensor] | None:
        """Sum the entries of a sparse gradient that belong to the same row.

        Args:
            gradient: Gradient of a variable as the backend returns it.

        Returns:
            Distinct rows `[n]` and summed gradients `[n, ...]`; None if the gradient is dense. JAX pads both
            with rows beyond the end and zeros.

        Raises:
            BackendError: If the model is trained on several replicas.
        """

    def unique_rows(self, parts: Sequence[Tensor]) -> UniqueRows:
        """Deduplicate rows, like `np.unique(..., axis=0)`. Rows are equal if all their bits are.

        Args:
            parts: Tensors `[n, ...]`, float32 or int32; a row is the concatenation of their entries.
        """

    # Ids

    def check_ids(self, name: str, ids: Any) -> None:
        """Raise if ids in host memory would lose bits as tensors.

        Args:
            name: Name of the argument, for the message.
            ids: Anything; only NumPy arrays are checked.

        Raises:
            BackendError: If an integer needs more bits than the backend's tensors have.
        """

    def id_tensor(self, ids: np.ndarray) -> Tensor:
        """Return ids as a tensor of integers, or of text on TensorFlow.

        Args:
            ids: `[n]`, int64, or an object array of `str` or `bytes`.

        Raises:
            BackendError: If the backend's tensors do not hold the ids.
        """

    def factorize(self, ids: Tensor) -> Tensor:
        """Encode ids as integer codes in `[0, n)`, equal if and only if the ids are equal.

        Args:
            ids: `[n]` or `[n, 1]`, integers, or text on TensorFlow.

        Returns:
            `[n]`, int32.
        """

    def is_padding(self, ids: Tensor) -> Tensor:
        """Return where `ids` is padding: -1, or the empty string for text."""

    # Training

    def as_dataset(self, batches: Any) -> Any:
        """Return numbered batches as a dataset for `fit` and `evaluate` that prepares batches ahead of time.

        Args:
            batches: Has `num_batches`, and `batches[i]` is a dict of NumPy arrays.
        """

    def check_replicas(self, model: Any) -> None:
        """Refuse several replicas where training on them would be wrong or crash.

        Args:
            model: A `shortlist.Model`.

        Raises:
            BackendError: On TensorFlow and PyTorch with more than one replica, whose negatives and gradients
                would stay local; on JAX if the model was created before the distribution was set.
        """

    def train_step(self, model: Any, *args: Any) -> Any:
        """Run one training step on the gradient of `model.total_loss`.

        Args:
            model: A `shortlist.Model`.
            *args: The batch; on JAX first the values of the trainable, non-trainable, optimizer and metric
                variables.

        Returns:
            Metrics by name; on JAX also the new values of the variables.
        """

    def test_step(self, model: Any, *args: Any) -> Any:
        """Update the model's losses and metrics with one batch.

        Args:
            model: A `shortlist.Model`.
            *args: The batch; on JAX first the values of the trainable, non-trainable and metric variables.

        Returns:
            Metrics by name; on JAX also the new values of the variables.
        """

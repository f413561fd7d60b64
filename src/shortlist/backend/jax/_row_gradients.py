"""Sparse gradients of embedding tables in JAX, by the rows that a loss looks up."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.extend.core
import jax.numpy as jnp

from shortlist.backend.jax._rows import READER, RowGradient, take_rows
from shortlist.typing import Tensor

__all__ = ["gradients_by_rows"]


class _Read(NamedTuple):
    """Rows `[...]` of one lookup, and the embeddings `[..., dim]` that it read."""

    rows: Tensor
    embeddings: Tensor


class _Lookup(NamedTuple):
    """Position of a looked-up variable among all variables, and the shape of the rows."""

    position: int
    shape: tuple[int, ...]


def gradients_by_rows(
    loss: Callable[[list[Tensor]], tuple[Tensor, Any]], values: list[Tensor], variables: Sequence[Any]
) -> tuple[list[Any], Any]:
    """Compute `jax.grad(loss, has_aux=True)(values)`, sparse for tables that are only looked up.

    A first, abstract run finds the lookups. A second run adds zeros to the result of each lookup and
    differentiates by these zeros instead of the tables. A table that the loss also reads otherwise, such as
    in a regularizer, gets a dense gradient.

    Args:
        loss: Takes the values, returns a scalar and auxiliary outputs.
        values: One per variable.
        variables: Keras variables that the loss passes to `lookup`.

    Returns:
        A `RowGradient` or a dense gradient per variable, and the auxiliary outputs.
    """
    lookups = _find(loss, values, variables)
    tables = {lookup.position for lookup in lookups}
    rest = {position: value for position, value in enumerate(values) if position not in tables}
    zeros = [_zeros(variables[lookup.position], lookup.shape) for lookup in lookups]

    def with_zeros(rest: dict[int, Tensor], zeros: list[Tensor]) -> tuple[Tensor, Any]:
        reads: list[_Read] = []

        def add(variable: Any, rows: Tensor) -> Tensor:
            reads.append(_Read(rows, take_rows(variable, rows)))
            return reads[-1].embeddings + zeros[len(reads) - 1]

        with _reading(add, {id(variables[position]) for position in tables}):
            scalar, others = loss([rest.get(position, value) for position, value in enumerate(values)])
        return scalar, (others, reads)

    (dense, by_row), (others, reads) = jax.grad(with_zeros, argnums=(0, 1), has_aux=True)(rest, zeros)
    gathered = {position: _gather(position, lookups, reads, by_row, variables) for position in tables}
    return [(gathered | dense)[position] for position in range(len(values))], others


def _find(loss: Callable[..., Any], values: list[Tensor], variables: Sequence[Any]) -> list[_Lookup]:
    """Return the lookups of tables that are read by lookups alone."""
    positions = {id(variable): position for position, variable in enumerate(variables)}
    found: list[_Lookup] = []

    def note(variable: Any, rows: Tensor) -> Tensor:
        found.append(_Lookup(positions[id(variable)], rows.shape))
        return _zeros(variable, rows.shape)

    def noting(values: list[Tensor]) -> Tensor:
        with _reading(note, set(positions)):
            return loss(values)[0]

    jaxpr = jax.make_jaxpr(noting)(values).jaxpr
    used = {id(atom) for equation in jaxpr.eqns for atom in equation.invars} | set(map(id, jaxpr.outvars))
    return [lookup for lookup in found if id(jaxpr.invars[lookup.position]) not in used]


@contextlib.contextmanager
def _reading(reader: Callable[[Any, Tensor], Tensor], tables: set[int]) -> Iterator[None]:
    """Let `reader` answer lookups of these tables.

    Inside a loop or another function that JAX traces separately, rows cannot leave the trace; there lookups
    read the table like any operation.
    """
    trace = _trace_state()

    def read(variable: Any, rows: Tensor) -> Tensor:
        is_ours = id(variable) in tables and _trace_state() == trace
        return (reader if is_ours else take_rows)(variable, rows)

    token = READER.set(read)
    try:
        yield
    finally:
        READER.reset(token)


def _trace_state() -> Any:
    # The function moved between versions of JAX.
    home = jax.extend.core if hasattr(jax.extend.core, "get_opaque_trace_state") else jax.core
    return home.get_opaque_trace_state()


def _zeros(variable: Any, shape: tuple[int, ...]) -> Tensor:
    return jnp.zeros((*shape, *variable.shape[1:]), variable.dtype)


def _gather(
    position: int, lookups: list[_Lookup], reads: list[_Read], by_row: list[Tensor], variables: Sequence[Any]
) -> RowGradient:
    """Combine all lookups of one table into one gradient."""
    num_rows, *widths = variables[position].shape
    own = [number for number, lookup in enumerate(lookups) if lookup.position == position]
    values = [_after(reads[number].embeddings, by_row[number]).reshape(-1, *widths) for number in own]
    rows = [reads[number].rows.reshape(-1) for number in own]
    return RowGradient(jnp.concatenate(rows), jnp.concatenate(values), num_rows)


def _after(embeddings: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient unchanged, but make it depend on the embeddings.

    Otherwise XLA may write the new rows before it reads the old ones, and copies the table in each step. It
    removes an `optimization_barrier` before it looks for such copies, but keeps a product with 0.0.
    """
    return gradient + 0.0 * jnp.where(jnp.isfinite(embeddings), embeddings, 0)

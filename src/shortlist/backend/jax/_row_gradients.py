"""The gradient of a loss by the rows that it looks up, instead of by whole tables, on JAX."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.extend.core
import jax.numpy as jnp

from shortlist.backend.jax._rows import READER, RowGradient, take_rows
from shortlist.typing import Tensor

__all__ = ["gradients_by_rows"]


class Read(NamedTuple):
    """The rows `[...]` that one lookup asked for, and what the table had there, `[..., dim]`."""

    rows: Tensor
    embeddings: Tensor


class Lookup(NamedTuple):
    """One lookup of a loss: which of the variables, and the shape of the rows asked for."""

    position: int
    shape: tuple[int, ...]


def gradients_by_rows(
    loss: Callable[[list[Tensor]], tuple[Tensor, Any]], values: list[Tensor], variables: Sequence[Any]
) -> tuple[list[Any], Any]:
    """`jax.grad(loss, has_aux=True)(values)`, but by row for the tables that are only looked up.

    A first, abstract run finds the lookups. In the second each has zeros added to what it returns; the
    gradient by these zeros is that by the rows, and the tables themselves are not differentiated. A table
    that the loss reads in another way as well, such as by a regularizer, gets the dense gradient it needs.

    Args:
        loss: Takes the values, returns a scalar and what else is wanted.
        values: One for each variable.
        variables: Keras variables, which `lookup` is asked for within the loss.

    Returns:
        For each variable a `RowGradient` or a dense gradient, and what else the loss returned.
    """
    lookups = _find(loss, values, variables)
    tables = {lookup.position for lookup in lookups}
    rest = {position: value for position, value in enumerate(values) if position not in tables}
    zeros = [_zeros(variables[lookup.position], lookup.shape) for lookup in lookups]

    def by_zeros(rest: dict[int, Tensor], zeros: list[Tensor]) -> tuple[Tensor, Any]:
        reads: list[Read] = []
        with _adding(zeros, reads, {id(variables[position]) for position in tables}):
            scalar, others = loss([rest.get(position, value) for position, value in enumerate(values)])
        return scalar, (others, reads)

    (dense, by_row), (others, reads) = jax.grad(by_zeros, argnums=(0, 1), has_aux=True)(rest, zeros)
    gathered = {position: _gather(position, lookups, reads, by_row, variables) for position in tables}
    return [(gathered | dense)[position] for position in range(len(values))], others


def _find(loss: Callable[..., Any], values: list[Tensor], variables: Sequence[Any]) -> list[Lookup]:
    """The lookups of tables that are read by lookups alone."""
    positions = {id(variable): position for position, variable in enumerate(variables)}
    found: list[Lookup] = []

    def note(variable: Any, rows: Tensor) -> Tensor:
        found.append(Lookup(positions[id(variable)], rows.shape))
        return _zeros(variable, rows.shape)

    def noting(values: list[Tensor]) -> Tensor:
        with _reading(note, set(positions)):
            return loss(values)[0]

    jaxpr = jax.make_jaxpr(noting)(values).jaxpr
    used = {id(atom) for equation in jaxpr.eqns for atom in equation.invars} | set(map(id, jaxpr.outvars))
    return [lookup for lookup in found if id(jaxpr.invars[lookup.position]) not in used]


@contextlib.contextmanager
def _adding(zeros: list[Tensor], reads: list[Read], tables: set[int]) -> Iterator[None]:
    def add(variable: Any, rows: Tensor) -> Tensor:
        reads.append(Read(rows, take_rows(variable, rows)))
        return reads[-1].embeddings + zeros[len(reads) - 1]

    with _reading(add, tables):
        yield


@contextlib.contextmanager
def _reading(reader: Callable[[Any, Tensor], Tensor], tables: set[int]) -> Iterator[None]:
    """Let `reader` answer lookups of these tables.

    Not within a loop or another function that JAX traces by itself, whose rows cannot be brought out of it:
    there a lookup reads the table as any operation would.
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
    home = (
        jax.extend.core if hasattr(jax.extend.core, "get_opaque_trace_state") else jax.core
    )  # as versions go
    return home.get_opaque_trace_state()


def _zeros(variable: Any, shape: tuple[int, ...]) -> Tensor:
    return jnp.zeros((*shape, *variable.shape[1:]), variable.dtype)


def _gather(
    position: int, lookups: list[Lookup], reads: list[Read], by_row: list[Tensor], variables: Sequence[Any]
) -> RowGradient:
    """All lookups of one table in one gradient."""
    num_rows, *widths = variables[position].shape
    own = [number for number, lookup in enumerate(lookups) if lookup.position == position]
    values = [_after(reads[number].embeddings, by_row[number]).reshape(-1, *widths) for number in own]
    rows = [reads[number].rows.reshape(-1) for number in own]
    return RowGradient(jnp.concatenate(rows), jnp.concatenate(values), num_rows)


def _after(embeddings: Tensor, gradient: Tensor) -> Tensor:
    """The gradient, unchanged, but not to be known before the embeddings were read.

    Where the gradient does not depend on them, XLA could write the new rows before it reads the old ones, and
    so it would copy the table in each step. It drops an `optimization_barrier` before it looks for such
    copies, but keeps a product by a zero that is no whole number.
    """
    return gradient + 0.0 * jnp.where(jnp.isfinite(embeddings), embeddings, 0)

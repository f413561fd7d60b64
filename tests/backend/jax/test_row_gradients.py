"""Gradients by rows next to JAX's own, on losses that use their tables in different ways."""

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "jax":
    pytest.skip("functions of JAX", allow_module_level=True)

import jax
import jax.numpy as jnp

import shortlist as sl
from shortlist import backend
from shortlist.backend.jax._row_gradients import gradients_by_rows
from shortlist.backend.jax._rows import RowGradient

pytestmark = pytest.mark.contract
ROWS, OTHERS = jnp.array([[0, 2], [2, 5]]), jnp.array([5, 5, 1])


def curved(*tensors: Any) -> Any:
    return sum(jnp.sum(jnp.sin(tensor) * (1 + tensor)) for tensor in tensors)


def inside_a_loop(table: keras.Variable) -> Any:
    return jax.lax.scan(lambda total, rows: (total + curved(backend.lookup(table, rows)), None), 0.0, ROWS)[0]


LOSSES: dict[str, tuple[Callable[..., Any], tuple[bool, bool]]] = {
    # What is computed of two tables, and whether the gradient of each comes by rows.
    "once each": (
        lambda a, b: curved(backend.lookup(a, ROWS)) * curved(backend.lookup(b, OTHERS)),
        (True, True),
    ),
    "one twice": (lambda a, b: curved(backend.lookup(a, ROWS), backend.lookup(a, OTHERS)), (True, False)),
    "as a whole": (lambda a, b: curved(backend.lookup(a, ROWS)) + jnp.sum(a.value**2), (False, False)),
    "one as a whole": (
        lambda a, b: curved(backend.lookup(a, ROWS), backend.lookup(b, OTHERS), b.value),
        (True, False),
    ),
    "in a loop": (lambda a, b: inside_a_loop(a) + curved(backend.lookup(b, ROWS)), (False, True)),
    "in and out of a loop": (
        lambda a, b: inside_a_loop(a) * curved(backend.lookup(a, OTHERS)),
        (False, False),
    ),
    "in a function of its own": (
        lambda a, b: jax.jit(lambda: curved(backend.lookup(a, ROWS)))() + jnp.sum(b.value),
        (False, False),
    ),
    "computed again": (
        lambda a, b: jax.checkpoint(lambda rows: curved(backend.lookup(a, rows)))(ROWS) + jnp.sum(b.value),
        (False, False),
    ),
    "mapped": (
        lambda a, b: curved(jax.vmap(lambda rows: backend.lookup(a, rows))(ROWS), b.value),
        (False, False),
    ),
    "rows of rows": (
        lambda a, b: curved(backend.lookup(b, jnp.argsort(backend.lookup(a, OTHERS)[:, 0]))),
        (True, True),
    ),
}


def loss_of(function: Callable[..., Any], tables: list[keras.Variable]) -> Callable[[list[Any]], Any]:
    def loss(values: list[Any]) -> Any:
        with keras.StatelessScope(list(zip(tables, values, strict=True))):
            return function(*tables), {"rows": ROWS}

    return loss


def dense(gradient: Any) -> np.ndarray:
    if isinstance(gradient, RowGradient):
        shape = (gradient.num_rows, *gradient.values.shape[1:])
        return np.asarray(jnp.zeros(shape).at[gradient.rows].add(gradient.values))
    return np.asarray(gradient)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_equal_the_gradients_of_jax(name: str, compiled: bool) -> None:
    function, by_rows = LOSSES[name]
    generator = np.random.default_rng(0)
    tables = [keras.Variable(generator.normal(size=(6, width)).astype("float32")) for width in (3, 2)]
    values = [table.value for table in tables]
    loss, kinds = loss_of(function, tables), []

    def gradients(values: list[Any]) -> Any:
        answer, others = gradients_by_rows(loss, values, tables)
        kinds[:] = [isinstance(gradient, RowGradient) for gradient in answer]
        return [
            tuple(gradient) if kind else gradient for gradient, kind in zip(answer, kinds, strict=True)
        ], others

    answer, others = (jax.jit(gradients) if compiled else gradients)(values)
    assert tuple(kinds) == by_rows
    assert others["rows"].tolist() == ROWS.tolist()
    expected, _ = jax.grad(loss, has_aux=True)(values)
    for gradient, kind, own in zip(answer, kinds, expected, strict=True):
        found = dense(RowGradient(gradient[0], gradient[1], 6) if kind else gradient)
        np.testing.assert_allclose(found, own, rtol=1e-5, atol=1e-6)


COPY = re.compile(r"f32\[1009,\d+\]\S* copy\(")
STEPS: dict[str, Callable[[Any, Any], Any]] = {
    # Of the embeddings of two tables. The gradient by the first does not depend on it in the first three.
    "linear": lambda a, b: jnp.sum(a) + jnp.sum(b),
    "product": lambda a, b: jnp.mean(a * b + a),
    "weighted": lambda a, b: jnp.mean(jnp.arange(8.0)[:, None] * a) - jnp.max(b),
    "curved": lambda a, b: jnp.mean(jnp.square(a)) + jnp.mean(jnp.sin(b)),
    "logits": lambda a, b: jnp.mean(jax.nn.logsumexp(a @ b.T, axis=1)),
}


class Towers(sl.Model):
    """Two tables, the first of which is looked up twice."""

    def __init__(self, loss: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.loss_of, self.a, self.b = loss, sl.layers.Embedding(1009, 4), sl.layers.Embedding(1009, 4)

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        return self.loss_of(self.a(inputs), self.b(inputs)) + jnp.sum(self.a(inputs[:2]))


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("optimizer", [sl.optimizers.SGD, sl.optimizers.Adam])
def test_a_compiled_step_copies_no_table(name: str, optimizer: Callable[[], Any]) -> None:
    """As it would if it were free to write a table before all lookups have read it."""
    model, batch = Towers(STEPS[name]), np.arange(8, dtype="int32")
    model.compile(optimizer=optimizer())
    model.fit(batch, batch_size=8, verbose=0)
    groups = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
    state = tuple([variable.value for variable in group] for group in (*groups, model.metrics_variables))
    compiled = jax.jit(model.train_step, donate_argnums=0).lower(state, batch).compile().as_text()
    assert "f32[1009,4]" in compiled
    assert COPY.search(compiled) is None

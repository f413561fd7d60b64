"""Do negatives of the batch teach what the softmax over the whole catalog teaches? By Monte Carlo."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Gradients = tuple[FloatArray, FloatArray]
# queries [B, D], candidates [B, D], log_probability [B] or None -> gradients by queries, by candidates
GradientFunction = Callable[[FloatArray, FloatArray, FloatArray | None], Gradients]


class SoftmaxLoss(NamedTuple):
    """Mean loss and its gradients."""

    loss: float
    grad_queries: FloatArray
    grad_catalog: FloatArray


class SampledWorld(NamedTuple):
    """Users [U, D], catalog [N, D] and the probability [U, N] of each (user, item) in the data."""

    users: FloatArray
    catalog: FloatArray
    joint: FloatArray

    @property
    def item_probability(self) -> FloatArray:
        """[N], how often an item is in the data: what logQ corrects for."""
        return np.asarray(self.joint.sum(axis=0), np.float64)


def full_softmax_loss(queries: ArrayLike, catalog: ArrayLike, true_rows: ArrayLike) -> SoftmaxLoss:
    """`mean_i(logsumexp_v(<q_i, c_v>) - <q_i, c_true_i>)` over the catalog, gradients in closed form.

    Args:
        queries: [B, D].
        catalog: [N, D].
        true_rows: [B], the row of each query's true item.
    """
    queries, catalog = np.asarray(queries, np.float64), np.asarray(catalog, np.float64)
    return softmax_loss(queries, catalog, queries @ catalog.T, np.asarray(true_rows))


def softmax_loss(
    queries: FloatArray, candidates: FloatArray, logits: FloatArray, true_columns: NDArray[np.int64]
) -> SoftmaxLoss:
    """Cross entropy of logits and its gradients, `d loss / d logit_ij = (p_ij - [j true for i]) / B`."""
    rows = np.arange(len(queries))
    log_softmax = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    slope = np.exp(log_softmax)
    slope[rows, true_columns] -= 1
    slope /= len(queries)
    loss = -log_softmax[rows, true_columns].mean()
    return SoftmaxLoss(float(loss), slope @ candidates, slope.T @ queries)


def in_batch_gradients(
    queries: FloatArray, candidates: FloatArray, log_probability: FloatArray | None
) -> Gradients:
    """Gradients of the in-batch softmax, nothing masked; logQ-corrected when probabilities are given."""
    correction = 0.0 if log_probability is None else log_probability
    answer = softmax_loss(queries, candidates, queries @ candidates.T - correction, np.arange(len(queries)))
    return answer.grad_queries, answer.grad_catalog


def sampled_world(seed: int = 0) -> SampledWorld:
    """Three users, five items; one item is in more than half of the data, one in a twentieth."""
    generator = np.random.default_rng(seed)
    popularity = np.array([0.55, 0.2, 0.12, 0.08, 0.05])
    tastes = generator.dirichlet(np.ones(3), size=5).T  # [U, N]; columns sum to 1, so item shares stay
    return SampledWorld(generator.normal(size=(3, 2)), generator.normal(size=(5, 2)), tastes * popularity)


def gradient_bias(
    gradients_of: GradientFunction, *, corrected: bool, batch_size: int, num_batches: int = 200, seed: int = 0
) -> float:
    """Relative distance between the expected in-batch gradient of the catalog and the full softmax's.

    `|mean_batches(in_batch - full)| / |mean_batches(full)|`, both over the same sampled rows. With the right
    correction it goes to 0 like 1 / batch_size; without, or with the sign turned, it does not. Leave
    accidental hits in: removing them takes away the repetitions that the positive's correction counts on.

    Args:
        gradients_of: the loss under test, see `GradientFunction`.
        corrected: hand `log(item_probability)` of the batch's items to it, or None.
        batch_size: rows a batch.
        num_batches: batches to average over.
        seed: of the world and of the sampling.
    """
    world = sampled_world(seed)
    generator = np.random.default_rng([seed, batch_size])
    differences, totals = np.zeros_like(world.catalog), np.zeros_like(world.catalog)
    for _ in range(num_batches):
        users, items = sample_rows(world, batch_size, generator)
        full = full_softmax_loss(world.users[users], world.catalog, items).grad_catalog
        differences += in_batch_by_item(gradients_of, world, users, items, corrected) - full
        totals += full
    return float(np.linalg.norm(differences) / np.linalg.norm(totals))


def sample_rows(
    world: SampledWorld, batch_size: int, generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """User rows [B] and item rows [B], drawn from the joint distribution."""
    cells = generator.choice(world.joint.size, size=batch_size, p=world.joint.ravel())
    users, items = np.unravel_index(cells, world.joint.shape)
    return np.asarray(users), np.asarray(items)


def in_batch_by_item(
    gradients_of: GradientFunction,
    world: SampledWorld,
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    corrected: bool,
) -> FloatArray:
    """The in-batch gradient of the catalog [N, D]: columns of the same item added up."""
    log_probability = np.log(world.item_probability[items]) if corrected else None
    _, by_column = gradients_of(world.users[users], world.catalog[items], log_probability)
    by_item = np.zeros_like(world.catalog)
    np.add.at(by_item, items, np.asarray(by_column, np.float64))
    return by_item

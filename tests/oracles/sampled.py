"""Losses over drawn negatives, one pair at a time."""

import math

import numpy as np
from numpy.typing import NDArray


def sampled_softmax(
    queries: NDArray,
    candidates: NDArray,
    drawn: NDArray,
    log_q: NDArray | None,
    kept: NDArray,
    temperature: float,
    negative_weight: float = 1.0,
    positive_in_denominator: bool = True,
    numbers: NDArray | None = None,
) -> list[float]:
    """`w log(e^p + sum_j e^s_j / (n q_j)) - p` of each row; drawn [B, n, D], log_q and kept [B, n].

    `numbers` [B] takes the place of n; without e^p, a row that keeps no negative is 0.
    """
    losses = []
    for i in range(len(queries)):
        positive = float(queries[i] @ candidates[i]) / temperature
        total = math.exp(positive) if positive_in_denominator else 0.0
        number = drawn.shape[1] if numbers is None else numbers[i]
        for j in range(drawn.shape[1]):
            if kept[i, j]:
                expected_count = 1.0 if log_q is None else number * math.exp(log_q[i, j])
                total += math.exp(float(queries[i] @ drawn[i, j]) / temperature) / expected_count
        losses.append(negative_weight * math.log(total) - positive if total else 0.0)
    return losses


def scores_of(query: NDArray, vectors: NDArray) -> list[float]:
    """`query . vector` of each vector."""
    return [float(query @ vector) for vector in vectors]


def bpr(queries: NDArray, candidates: NDArray, drawn: NDArray, kept: NDArray) -> list[float]:
    """`mean_j -log sigmoid(p - s_j)` of each row over the kept negatives, 0 without any."""
    losses = []
    for i in range(len(queries)):
        positive = float(queries[i] @ candidates[i])
        gaps = [positive - score for score in scores_of(queries[i], drawn[i][kept[i]])]
        terms = [-math.log(1.0 / (1.0 + math.exp(-gap))) for gap in gaps]
        losses.append(float(np.mean(terms)) if terms else 0.0)
    return losses


def cosine_contrastive(
    queries: NDArray, candidates: NDArray, drawn: NDArray, kept: NDArray, margin: float, weight: float
) -> list[float]:
    """`(1 - p) + w mean_j max(0, s_j - m)` of each row over the kept negatives."""
    losses = []
    for i in range(len(queries)):
        scores = scores_of(queries[i], drawn[i][kept[i]])
        pushed = sum(max(0.0, score - margin) for score in scores) / len(scores) if scores else 0.0
        losses.append(1.0 - float(queries[i] @ candidates[i]) + weight * pushed)
    return losses


def gbce(
    queries: NDArray, candidates: NDArray, drawn: NDArray, kept: NDArray, num_candidates: int, t: float
) -> list[float]:
    """`-(log sigmoid(p)^b + sum_j log(1 - sigmoid(s_j))) / (n + 1)` of each row, with the b of gSASRec."""
    losses = []
    for i in range(len(queries)):
        scores = scores_of(queries[i], drawn[i][kept[i]])
        rate = len(scores) / (num_candidates - 1)
        exponent = rate * (t * (1.0 - 1.0 / rate) + 1.0 / rate) if scores else 1.0 - t
        total = math.log((1.0 / (1.0 + math.exp(-float(queries[i] @ candidates[i])))) ** exponent)
        total += sum(math.log(1.0 - 1.0 / (1.0 + math.exp(-score))) for score in scores)
        losses.append(-total / (len(scores) + 1))
    return losses

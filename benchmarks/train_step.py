"""Compare one training step of two towers of ids, by `fit`."""

from collections.abc import Iterator

import numpy as np
from benchmarks.compare import compare
from benchmarks.data import pairs
from benchmarks.side import TFRS_PYTHON, Outcome, Side
from benchmarks.table import Row, Target, at_least, at_most, times_faster

_SHAPE = {"num_users": 6040, "num_movies": 3706, "embedding_dim": 32}
_OURS = Side("ours", "train_ours", {})
_OURS_PLAIN = Side("ours, Embedding and Adagrad of Keras", "train_ours", {"parts": "keras"})
_TFRS = Side("TFRS", "train_tfrs", {}, python=TFRS_PYTHON)
_KERAS_RS = Side("keras-rs style", "train_keras_rs", {})
_TORCH = Side("plain PyTorch", "train_torch", {}, backend="torch")
_LARGEST_EXTRA_MB = 1500


def rows(quick: bool) -> Iterator[Row]:
    """Measure batch 4096 on the three backends, then larger batches."""
    steps, repeats = (5, 3) if quick else (20, 7)
    targets = {_TFRS.name: 5.0, _KERAS_RS.name: 2.8}
    peers = [_TFRS, _KERAS_RS, _TORCH] if quick else [_TFRS, _KERAS_RS, _TORCH, _OURS_PLAIN]
    yield from _next_to(peers, 4096, steps, repeats, targets)
    if quick:
        return
    for backend in ("jax", "torch"):
        yield from _next_to([_KERAS_RS], 4096, 10, repeats, {_KERAS_RS.name: 2.0}, backend)
    yield from _next_to([_TFRS, _KERAS_RS, _TORCH], 16_384, 2, 5, {_TFRS.name: 5.0})
    yield _largest()


def _next_to(
    peers: list[Side],
    batch_size: int,
    steps: int,
    repeats: int,
    targets: dict[str, float],
    backend: str = "tensorflow",
) -> Iterator[Row]:
    sides = [_at(side, batch_size, steps, backend) for side in (_OURS, *peers)]
    ours, *others, ceiling = compare([*sides, _ceiling(batch_size, steps)], repeats=repeats, calls=steps)
    for peer in others:
        yield Row(_what(batch_size, backend), ours, peer, ceiling, _target(ours, peer, targets))


def _target(ours: Outcome, peer: Outcome, targets: dict[str, float]) -> Target | None:
    if peer.name not in targets:
        return None
    return at_least(targets[peer.name], times_faster(ours, peer), f"x {peer.name}")


def _largest() -> Row:
    batch_size, steps = 65_536, 1
    ours, ceiling = compare(
        [_at(_OURS, batch_size, steps), _ceiling(batch_size, steps)], repeats=5, num_warm_ups=1
    )
    target = at_most(_LARGEST_EXTRA_MB, ours.extra_mb, "MB above the tables")
    return Row(_what(batch_size, "tensorflow"), ours, ceiling=ceiling, target=target)


def _at(side: Side, batch_size: int, steps: int, backend: str = "tensorflow") -> Side:
    settings = _SHAPE | side.settings | {"batch_size": batch_size, "steps": steps}
    return Side(side.name, side.module, settings, backend, side.python)


def _ceiling(batch_size: int, steps: int) -> Side:
    """Return the side that computes only the three products of a step, over the distinct rows of a batch."""
    users, movies, inner = _SHAPE.values()
    rows, columns = (len(np.unique(ids)) for ids in pairs(users, movies, batch_size).values())
    settings = {"rows": rows, "inner": inner, "columns": columns, "times": 3 * steps}
    return Side("products alone", "matmul", settings)


def _what(batch_size: int, backend: str) -> str:
    users, movies, dim = _SHAPE.values()
    return f"{users} x {movies} ids, batch {batch_size}, dim {dim}, Adagrad, on {backend}"

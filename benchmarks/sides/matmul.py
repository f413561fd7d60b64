"""Measure the ceiling: only the float32 products that scoring needs, by the fastest of several methods.

Products are computed in cache-sized and larger tiles, by NumPy and by TensorFlow. The method that is
fastest on a part of the work is timed on all of it.
"""

import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf
from benchmarks.measure import serve

_TILE_ROWS, _TILE_COLUMNS = (128, 512, 2048), (512, 2048, 8192)
_PART = 1024


def prepare(rows: int, inner: int, columns: int, times: int = 1) -> Callable[[], str]:
    """Return `times` products of `[rows, inner]` and the transpose of `[columns, inner]`."""
    generator = np.random.default_rng(0)
    left, right = (generator.standard_normal((size, inner), dtype="float32") for size in (rows, columns))
    tiles = {(min(rows, height), min(columns, width)) for height in _TILE_ROWS for width in _TILE_COLUMNS}
    ways = [(name, tile) for name in _PRODUCTS for tile in sorted(tiles)]
    product, tile = min(ways, key=lambda way: _seconds(_PRODUCTS[way[0]](left[:_PART], right, way[1])))
    chosen = _PRODUCTS[product](left, right, tile)

    def multiply() -> str:
        for _ in range(times):
            chosen()
        return f"{product}, tiles of {tile[0]} x {tile[1]}"

    return multiply


def _by_numpy(left: np.ndarray, right: np.ndarray, tile: tuple[int, int]) -> Callable[[], None]:
    lefts, rights = _split(left, tile[0]), [part.T for part in _split(right, tile[1])]
    room = np.empty(tile, "float32")

    def multiply() -> None:
        for part in lefts:
            for other in rights:
                np.matmul(part, other, out=room[: len(part), : other.shape[1]])

    return multiply


def _by_tensorflow(left: np.ndarray, right: np.ndarray, tile: tuple[int, int]) -> Callable[[], None]:
    lefts, rights = (
        [tf.constant(part) for part in _split(*of)] for of in ((left, tile[0]), (right, tile[1]))
    )

    def multiply() -> None:
        for part in lefts:
            for other in rights:
                tf.linalg.matmul(part, other, transpose_b=True)

    return multiply


_PRODUCTS = {"NumPy": _by_numpy, "TensorFlow": _by_tensorflow}


def _split(matrix: np.ndarray, size: int) -> list[np.ndarray]:
    return [matrix[start : start + size] for start in range(0, len(matrix), size)]


def _seconds(function: Callable[[], None]) -> float:
    """Return the better of two calls."""
    taken = []
    for _ in range(2):
        started = time.perf_counter()
        function()
        taken.append(time.perf_counter() - started)
    return min(taken)


if __name__ == "__main__":
    serve(prepare)

"""Compare training steps as the user table grows and the batch does not."""

from collections.abc import Iterator

from benchmarks.compare import compare
from benchmarks.side import TFRS_PYTHON, Outcome, Side
from benchmarks.table import Row, at_most

_SHAPE = {"num_movies": 3706, "embedding_dim": 32, "batch_size": 4096}
_SMALL = 10_000
_FLOAT32_BYTES = 4


def rows(quick: bool) -> Iterator[Row]:
    """Measure each optimizer at both sizes, then Adagrad of the peers at the large size."""
    large, repeats = (1_000_000, 3) if quick else (10_000_000, 7)
    for optimizer in ("Adagrad",) if quick else ("SGD", "Adagrad", "Adam"):
        yield from _growth(optimizer, large, repeats)
    if not quick:
        yield from _compare_with_peers(large)


def _growth(optimizer: str, large: int, repeats: int) -> Iterator[Row]:
    steps = 10
    sides = [_side(f"ours, {size:,} rows", "train_ours", size, steps, optimizer) for size in (large, _SMALL)]
    ours, small = compare(sides, repeats=repeats, calls=steps)
    what = f"{optimizer}, {large:,} rows, batch {_SHAPE['batch_size']}, dim {_SHAPE['embedding_dim']}"
    yield Row(what, ours, small, target=at_most(1.3, ours.median_ms / small.median_ms, "x the time"))
    yield Row(
        f"{what}: memory",
        ours,
        small,
        target=at_most(10, _extra_percent(ours, small, large), "% of the table"),
    )


def _extra_percent(ours: Outcome, small: Outcome, num_rows: int) -> float:
    """Return the memory of the steps beyond the tables, minus that of the same steps with small tables."""
    table_mb = num_rows * _SHAPE["embedding_dim"] * _FLOAT32_BYTES / 2**20
    return 100 * (ours.extra_mb - small.extra_mb) / table_mb


def _compare_with_peers(num_rows: int) -> Iterator[Row]:
    """Run few steps: an optimizer that updates whole tables takes seconds for each."""
    steps = 2
    ours, *peers = compare(
        [
            _side("ours", "train_ours", num_rows, steps),
            _side("TFRS", "train_tfrs", num_rows, steps),
            _side("keras-rs style", "train_keras_rs", num_rows, steps),
        ],
        repeats=5,
        calls=steps,
        num_warm_ups=1,
    )
    for peer in peers:
        yield Row(f"Adagrad, {num_rows:,} rows, batch {_SHAPE['batch_size']}", ours, peer)


def _side(name: str, module: str, num_users: int, steps: int, optimizer: str = "Adagrad") -> Side:
    settings = _SHAPE | {"num_users": num_users, "steps": steps, "optimizer": optimizer}
    if module == "train_tfrs":
        return Side(name, module, settings, python=TFRS_PYTHON)
    return Side(name, module, settings)

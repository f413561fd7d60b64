"""Build an index backed by another library and save it for the sides that query it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.measure import Missing, serve

import shortlist as sl
from benchmarks import worlds


def prepare(adapter: str, num_candidates: int, dim: int, k: int, folder: str) -> Callable[[], dict[str, Any]]:
    """Return a call that builds, saves and compares with exact search."""
    candidates, queries = worlds.clustered(num_candidates, dim)
    np.save(Path(folder, "queries.npy"), queries)
    try:
        index = getattr(sl.indexes, adapter)(k=k)
    except sl.errors.MissingExtraError as error:
        raise Missing(str(error)) from error

    def build() -> dict[str, Any]:
        index.index(candidates).save(Path(folder, "index.keras"))
        truth = sl.indexes.BruteForce(k=k).index(candidates)(queries)[1]
        pairs = zip(index(queries)[1], truth, strict=True)
        recall = sum(int(np.isin(found, exact).sum()) for found, exact in pairs) / truth.size
        setting, build_ms = index.snapshot().engine.label(), 1e3 * index.store.build_seconds
        return {"setting": setting, "recall": recall, "build_ms": build_ms}

    return build


if __name__ == "__main__":
    serve(prepare)

"""Query the library's own object of the same index, without Shortlist, at equal settings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.measure import serve

import shortlist as sl
from benchmarks import worlds

Ask = Callable[[np.ndarray], list[list[int]]]


def prepare(adapter: str, folder: str, num_queries: int, turns: int, k: int) -> Callable[[], list[list[int]]]:
    index, queries = sl.load_model(Path(folder, "index.keras")), np.load(Path(folder, "queries.npy"))
    ask = _WAYS[adapter](index.snapshot().engine, k)
    asked = worlds.in_turns(queries, num_queries, turns)
    return lambda: [line for some in asked for line in ask(some)]


def _scann(engine: Any, k: int) -> Ask:
    settings = {
        "pre_reorder_num_neighbors": k * engine.num_rescored,
        "leaves_to_search": engine.search_budget,
    }
    return lambda queries: engine.searcher.search_batched(queries, k, **settings)[0].tolist()


def _faiss(engine: Any, k: int) -> Ask:
    import faiss

    settings = faiss.SearchParametersIVF(nprobe=engine.search_budget)
    return lambda queries: engine.index.search(queries, k, params=settings)[1].tolist()


def _usearch(engine: Any, k: int) -> Ask:
    engine.graph.expansion_search = engine.search_budget
    return lambda queries: engine.graph.search(queries, k).keys.tolist()


def _annoy(engine: Any, k: int) -> Ask:
    trees, search_k = engine.trees.index, engine.search_budget
    return lambda queries: [trees.get_nns_by_vector(query, k, search_k) for query in queries]


_WAYS: dict[str, Callable[[Any, int], Ask]] = {
    "ScaNN": _scann,
    "Faiss": _faiss,
    "USearch": _usearch,
    "Annoy": _annoy,
}


if __name__ == "__main__":
    serve(prepare)

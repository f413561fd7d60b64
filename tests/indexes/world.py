"""Random candidates with attributes, and an oracle that scores every one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from shortlist.indexes import BruteForce, Partitioned, StoredIndex

COLORS = ("red", "blue", "green")


class World:
    """Integer vectors, so that scores are exact and often tied."""

    def __init__(self, seed: int, num: int = 60, dim: int = 4) -> None:
        generator = np.random.default_rng(seed)
        self.vectors = generator.integers(-2, 3, (num, dim)).astype("float32")
        self.ids = [f"item {number}" for number in range(num)]
        self.colors = [list(COLORS[: generator.integers(0, 4)]) for _ in range(num)]
        self.sizes = generator.integers(0, 3, num).tolist()
        self.queries = generator.integers(-2, 3, (5, dim)).astype("float32")

    @property
    def attributes(self) -> dict[str, Any]:
        return {"color": self.colors, "size": self.sizes}

    def best(
        self,
        query: np.ndarray,
        k: int,
        exclude: Sequence[str] = (),
        allow: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> tuple[list[float], list[str]]:
        """Return scores and ids of the top k that pass the filters, padded."""
        scored = []
        for row, id_ in enumerate(self.ids):
            values = {"color": self.colors[row], "size": [self.sizes[row]]}
            has_all = all(
                any(value in values[name] for value in (wanted if isinstance(wanted, list) else [wanted]))
                for name, wanted in (where or {}).items()
            )
            if id_ not in exclude and (allow is None or id_ in allow) and has_all:
                scored.append((-float(max(np.atleast_2d(query) @ self.vectors[row])), row, id_))
        scored.sort()
        found = scored[: min(k, len(self.ids))]
        missing = min(k, len(self.ids)) - len(found)
        return [-one[0] for one in found] + [-np.inf] * missing, [one[2] for one in found] + [""] * missing


REQUESTS: list[dict[str, Any]] = [
    {},
    {"exclude": ["item 3", "item 5", "nowhere", ""]},
    {"exclude": [f"item {number}" for number in range(55)]},
    {"allow": ["item 7", "item 7", "nowhere", "item 1", "item 30"]},
    {"where": {"color": "red"}},
    {"where": {"color": ["blue", "green"], "size": 1}},
    {"where": {"color": "yellow"}},
    {
        "where": {"size": [0, 2]},
        "exclude": ["item 0", "item 59"],
        "allow": [f"item {number}" for number in range(0, 60, 2)],
    },
]

EXACT: dict[str, Callable[..., StoredIndex]] = {
    "brute force": BruteForce,
    "all partitions": lambda **options: Partitioned(probes=1000, **options),
    "no partitions": lambda **options: Partitioned(probes=None, **options),
}
INEXACT: dict[str, Callable[..., StoredIndex]] = {
    "one partition": lambda **options: Partitioned(probes=1, num_partitions=12, **options),
    "codes": lambda **options: Partitioned(probes=1, num_partitions=12, codes="int8", **options),
}

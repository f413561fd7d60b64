"""Query side of an index: what encodes queries, and the sample query that checks it after loading."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, Self, final

import keras
import numpy as np

from shortlist.errors import ArtifactError, must
from shortlist.indexes._candidates import as_features, to_numpy
from shortlist.typing import Tensor

__all__ = ["QueryEncoder", "QueryProbe", "Restored"]

_FILE = "query_model.json"

_TOLERANCE = 0.05
"""Largest difference from the saved vector, relative to its largest absolute value. Loose, as rounding
differs between backends, devices and dtypes; weights that were not restored differ far more."""


class QueryEncoder(Protocol):
    """Query model with a step before it, as the towers of the ready-made models have.

    Any callable from features to vectors is a query model. One that also has `prepare` takes raw features on
    backends whose tensors hold no text: `prepare` runs on the host, before the model.
    """

    def prepare(self, features: Any) -> Any:
        """Turn raw features, such as ids, into the numeric arrays that the model takes.

        Args:
            features: Raw features of a batch, as passed to the index.
        """

    def __call__(self, features: Any) -> Tensor:
        """Return query vectors `[batch, dim]` or `[batch, heads, dim]`.

        Args:
            features: Result of `prepare`.
        """


@final
@dataclasses.dataclass(frozen=True)
class QueryProbe:
    """One sample input of the query model.

    Keras restores weights only into layers that are built, and a layer without its own `build()` is built on
    its first call. So a loaded query model is called with this query before its weights are read, and once
    more afterwards to compare its output with the saved one.

    Args:
        features: Array `[1, ...]`, or a dict of such arrays.
    """

    features: Any

    @classmethod
    def of(cls, features: Any) -> Self | None:
        """Return the first query of a batch; None if the batch is empty or cannot be serialized.

        Args:
            features: Prepared features: an array or tensor `[batch, ...]`, or a dict of them.
        """
        leaves = features.values() if isinstance(features, Mapping) else [features]
        if not all(isinstance(leaf, np.ndarray) or keras.ops.is_tensor(leaf) for leaf in leaves):
            return None
        first = keras.tree.map_structure(lambda leaf: to_numpy(leaf)[:1], features)
        return cls(first) if all(map(_is_kept, keras.tree.flatten(first))) else None

    @classmethod
    def of_shapes(cls, query_model: keras.Layer) -> Self | None:
        """Return a query of ones in the input shapes of a query model; None if they are unknown.

        Args:
            query_model: Built model, such as one that was trained but not yet called by the index.
        """
        shapes = (query_model.get_build_config() or {}).get("input_shape")
        if isinstance(shapes, Mapping):
            return cls({name: _ones(shape) for name, shape in shapes.items()})
        is_one = isinstance(shapes, list | tuple) and all(isinstance(size, int | None) for size in shapes)
        return cls(_ones(shapes)) if is_one else None

    def to_config(self) -> Any:
        """Return plain values for JSON: `[dtype, values]` for an array, by name for a dict."""
        if isinstance(self.features, Mapping):
            return {name: QueryProbe(array).to_config() for name, array in self.features.items()}
        array = self.features
        if array.dtype.kind not in "OSU":
            return [array.dtype.name, array.tolist()]
        is_bytes = any(isinstance(value, bytes) for value in array.flat)
        values = array.astype(object)
        return (
            ["bytes", np.vectorize(bytes.hex, "O")(values).tolist()] if is_bytes else ["str", values.tolist()]
        )

    @classmethod
    def from_config(cls, config: Any) -> Self:
        """Return the probe that `to_config` described."""
        if isinstance(config, Mapping):
            return cls({name: cls.from_config(array).features for name, array in config.items()})
        dtype, values = config
        if dtype == "bytes":
            return cls(np.vectorize(bytes.fromhex, "O")(np.array(values, dtype=object)))
        return cls(np.array(values, dtype=object if dtype == "str" else dtype))

    def answer(self, query_model: Any) -> np.ndarray | None:
        """Return the query's vector, or None if the query model raises an error."""
        try:
            vectors = query_model(as_features(self.features))
        except Exception:  # the user's own layer, called with a query that may be made up
            return None
        return np.asarray(to_numpy(vectors), "float32")


@final
@dataclasses.dataclass(frozen=True)
class Restored:
    """Expected state of a query model after loading.

    Args:
        shapes: Shapes of its weights.
        answer: Its vector for the probe; None if there is no probe or the model is not deterministic.
    """

    shapes: list[list[int]]
    answer: list[Any] | None

    @classmethod
    def of(cls, query_model: keras.Layer, probe: QueryProbe | None) -> Self:
        """Record the current state of a query model."""
        first, second = (None if probe is None else probe.answer(query_model) for _ in range(2))
        is_kept = first is not None and second is not None and np.array_equal(first, second)
        return cls(_shapes(query_model), first.tolist() if first is not None and is_kept else None)

    def save(self, directory: Path) -> None:
        """Write to the assets folder of a saved model."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / _FILE).write_text(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def load(cls, directory: Path) -> Self | None:
        """Load the file that `save` wrote; None if the index has no query model."""
        file = directory / _FILE
        return cls(**json.loads(file.read_text())) if file.exists() else None

    def check(self, query_model: keras.Layer, probe: QueryProbe | None) -> None:
        """Raise ArtifactError unless a loaded query model matches the saved one."""
        fix = "Give its layers a build() that makes all their weights, and save the index again"
        if (shapes := _shapes(query_model)) != self.shapes:
            requirement = f"load with {len(self.shapes)} weights of shapes {self.shapes}"
            raise ArtifactError(must(f"query_model {query_model.name!r}", requirement, got=shapes, fix=fix))
        if self.answer is None or probe is None:
            return
        expected, found = np.array(self.answer, "float32"), probe.answer(query_model)
        tolerance = _TOLERANCE * float(np.abs(expected).max(initial=0))
        if found is None or found.shape != expected.shape or not np.allclose(found, expected, 0, tolerance):
            raise ArtifactError(
                must(
                    f"query_model {query_model.name!r}",
                    "compute the same vector for the saved sample query as before saving",
                    got="an error"
                    if found is None
                    else f"a vector that starts with {found.flat[:3].tolist()} "
                    f"instead of {expected.flat[:3].tolist()}",
                    fix=fix,
                )
            )


def _shapes(query_model: keras.Layer) -> list[list[int]]:
    return [list(weight.shape) for weight in query_model.weights]


def _ones(shape: Any) -> np.ndarray:
    return np.ones([1, *(size or 1 for size in shape[1:])], "float32")


def _is_kept(array: np.ndarray) -> bool:
    if array.dtype == object:
        types = {type(value) for value in array.flat}
        return len(array) > 0 and (types <= {str} or types <= {bytes})
    return len(array) > 0 and array.dtype.kind in "biufSU"

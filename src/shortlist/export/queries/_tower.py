"""Query side of an index whose query model is a tower."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
import tensorflow as tf

from shortlist.export.graph import FeatureGraphEncoder
from shortlist.export.queries._base import QueryGraphEncoder, one_a_row
from shortlist.features import _source as source
from shortlist.ids import as_array
from shortlist.models import Tower
from shortlist.models._catalog import ModelQueryEncoder
from shortlist.typing import Features, Tensor

__all__ = ["TowerQueries"]

_NUM_EXAMPLES = 5


@final
class TowerQueries(QueryGraphEncoder):
    """Encode the raw features of a tower's columns, inside the graph.

    Args:
        tower: Built tower with fitted columns.
        example_inputs: Raw features to compare results with; known values of the columns if None.
    """

    def __init__(self, tower: Tower | ModelQueryEncoder, example_inputs: Features | None = None) -> None:
        self._tower = tower
        self._encode = FeatureGraphEncoder(tower.columns)
        self._example_inputs = example_inputs

    def resources(self) -> list[Any]:
        """Return the tower and the tables of its columns."""
        return [self._tower, self._encode]

    def input_signature(self) -> dict[str, tf.TensorSpec]:
        """Return the raw feature specs: unknown shape for single values, `[batch, length]` for lists."""
        return {name: _open(spec) for name, spec in self._encode.input_signature().items()}

    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        signature = self._encode.input_signature()
        return self._tower(
            self._encode({name: _checked(features[name], spec) for name, spec in signature.items()})
        )

    def examples(self) -> dict[str, np.ndarray]:
        """Return some known and unknown values of each column."""
        columns = self._tower.columns
        if self._example_inputs is None:
            return {column.column: as_array(column.examples(_NUM_EXAMPLES)) for column in columns}
        given = self._example_inputs
        if len(columns) == 1 and not source.has_columns(given):
            given = {columns[0].column: given}
        return {column.column: as_array(source.values(given, column.column)) for column in columns}

    def as_queries(self, features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the features by name."""
        return dict(features)


def _open(spec: tf.TensorSpec) -> tf.TensorSpec:
    return tf.TensorSpec(None, spec.dtype, name=spec.name) if spec.shape.rank == 1 else spec


def _checked(values: Tensor, spec: tf.TensorSpec) -> Tensor:
    # NaN would silently give wrong scores.
    if spec.dtype.is_floating:
        values = tf.debugging.assert_all_finite(values, f"input '{spec.name}': expected finite numbers")
    return one_a_row(values, spec.name) if spec.shape.rank == 1 else values

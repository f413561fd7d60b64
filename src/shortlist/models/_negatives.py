"""Negatives drawn from a model's catalog and encoded inside the training step."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from shortlist.errors import FeatureError, must
from shortlist.features import Categories, Column, Vocabulary
from shortlist.features import _source as columns_of
from shortlist.features.columns._base import naming
from shortlist.losses import DrawContext, NegativeSource, Vectors
from shortlist.typing import Tensor

__all__ = ["CatalogNegatives", "log_frequency_of"]


class CatalogNegatives(keras.layers.Layer):
    """Draw rows of a catalog with a `NegativeSource` and encode them. Its seed is saved with the model.

    Args:
        source: Source of negatives; None draws none.
        id_column: Name of the candidate id's column.
    """

    def __init__(self, source: NegativeSource | None, id_column: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source, self.id_column = source, id_column
        self.item_columns = dict(getattr(source, "item_columns", {}))
        self.seed_generator = None if source is None else keras.random.SeedGenerator()
        self.uses_candidate_vectors = bool(getattr(source, "uses_candidate_vectors", False))
        self.candidate_vectors: keras.Variable | None = None
        self.built = True  # the seed is the only state from the start
        object.__setattr__(self, "_tables", None)

    def set_features(self, features: Mapping[str, np.ndarray]) -> None:
        """Set the candidates to draw from.

        Args:
            features: Encoded features of the catalog by column name, `[num_candidates, ...]` each.
        """
        if self.source is not None:
            tables = {name: ops.convert_to_tensor(array) for name, array in features.items()}
            object.__setattr__(self, "_tables", tables)  # no state of the layer
        if self.candidate_vectors is not None:
            del self.candidate_vectors  # so that Keras does not track it any longer
            self.candidate_vectors = None

    def set_candidate_vectors(self, vectors: np.ndarray) -> None:
        """Set the vectors of the catalog, `[num_candidates, dim]`, for sources that use them."""
        if self.candidate_vectors is None:
            self.candidate_vectors = self.add_weight(
                vectors.shape, "zeros", "float32", trainable=False, autocast=False, name="candidate_vectors"
            )
        self.candidate_vectors.assign(vectors)

    def fit_columns(self, data: Any, ids: Vocabulary, name: str) -> list[Column]:
        """Return the columns of item ids that the source reads, fitted to encode ids as 1 + catalog rows.

        Args:
            data: A table or files.
            ids: Ids of the catalog, in its order.
            name: What errors call the data.

        Raises:
            FeatureError: If a column is missing or does not hold lists.
        """
        names = columns_of.names(data)
        for column in self.item_columns:
            if column not in names:
                fix = "Add a list of item ids per row, or pass the column's name to the source of negatives"
                requirement = f"have the column {column!r}"
                raise FeatureError(must(name, requirement, got=f"columns {names}", fix=fix))
        return [_fitted(Categories(*each, ids), data) for each in self.item_columns.items()]

    # Keras does not save seed generators. Candidate vectors are encoded again instead.
    def save_own_variables(self, store: Any) -> None:
        if self.seed_generator is not None:
            store["seed"] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store: Any) -> None:
        if self.seed_generator is not None:
            self.seed_generator.state.assign(store["seed"])

    def draw(
        self,
        inputs: Mapping[str, Tensor],
        queries: Tensor,
        encoder: Callable[[Any], Tensor],
        log_q: keras.layers.Layer | None,
        *,
        training: bool,
    ) -> dict[str, Any]:
        """Return arguments for `tasks.Retrieval`: encoded negatives and the size of the catalog.

        Evaluation draws the same negatives for each batch and leaves the state of the seed alone.

        Args:
            inputs: Encoded features of the batch.
            queries: `[batch, dim]`, the encoded queries.
            encoder: Encodes features of candidates.
            log_q: Log frequencies of candidate ids, such as `layers.StreamingFrequency`; None if not known.
            training: Whether this is a training step.
        """
        if self.source is None:
            return {}
        # A model that is loaded is built before its catalog is there, on a batch that is thrown away.
        tables = {name: part[:1] for name, part in inputs.items()} if self._tables is None else self._tables
        ids = tables[self.id_column]
        listed = [name for name in self.item_columns if name in inputs]
        vectors: Any = self.candidate_vectors
        if vectors is None and self._tables is None:
            vectors = ops.zeros((1, queries.shape[-1]))
        batch = DrawContext(
            query_shape=tuple(ops.shape(queries)[:-1]),
            num_candidates=int(ids.shape[0]),
            features={**inputs, **{name: inputs[name] - 1 for name in listed}},
            queries=queries,
            log_frequency=None if log_q is None else lambda: log_frequency_of(log_q, ids),
            candidate_vectors=None if vectors is None else lambda: ops.convert_to_tensor(vectors),
        )
        drawn = self.source.sample(batch, self.seed_generator if training else 0)
        if drawn is None:
            return {}
        rows, log_probability, *mask = drawn
        shape = tuple(ops.shape(rows))
        flat = ops.reshape(rows, (-1,))
        features = {name: ops.take(table, flat, axis=0) for name, table in tables.items()}
        encoded = encoder(features)
        encoded = ops.reshape(encoded, (*shape, encoded.shape[-1]))
        ids = ops.reshape(features[self.id_column], shape)
        name = "shared" if len(shape) == 1 else "per_query"
        return {name: Vectors(encoded, log_probability, ids, *mask), "num_candidates": batch.num_candidates}


def _fitted(column: Categories, data: Any) -> Column:
    fitter = column.fitter()

    def measure(part: Any) -> None:
        with naming(column.column):
            fitter.add(columns_of.values(part, column.column))

    if column.max_length is None:
        for _ in columns_of.map_parts(data, measure, [column.column], progress="measuring lists"):
            pass
    return fitter.fitted()


def log_frequency_of(log_q: keras.layers.Layer, ids: Tensor) -> Tensor:
    if not log_q.built:
        log_q.build(ids.shape)
    # `log_q(...)` would pass training=False on to all later layers of the step.
    return log_q.call(ids, training=False)

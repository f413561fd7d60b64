"""A catalog model as a user writes one, for tests that save it and load it in another process."""

from typing import Any

import keras

import shortlist as sl


@keras.saving.register_keras_serializable(package="tests")
class BiasedFactorization(sl.models.CatalogModel):
    """Matrix factorization with a bias for each item."""

    def __init__(self, spec: Any, items: Any = None, *, dim: int = 4, **kwargs: Any) -> None:
        super().__init__(spec, items, **kwargs)
        self.dim = dim
        self.users = sl.features.FeatureEncoder(spec.query, dim)
        self.items = sl.features.FeatureEncoder(spec.candidate, dim)
        self.bias = sl.features.FeatureEncoder(spec.candidate, 1)
        self.task = sl.tasks.Retrieval(metrics=self.metric)

    def query_vectors(self, features: Any) -> Any:
        vectors = self.users(features)
        return keras.ops.concatenate([vectors, keras.ops.ones_like(vectors[:, :1])], axis=1)

    def candidate_vectors(self, features: Any) -> Any:
        return keras.ops.concatenate([self.items(features), self.bias(features)], axis=1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dim": self.dim}

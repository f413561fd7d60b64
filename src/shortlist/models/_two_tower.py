"""Two-tower retrieval."""

from collections.abc import Mapping
from typing import Any, Self

import keras

from shortlist.errors import ArgumentError, must
from shortlist.features import Column, FeatureSpec
from shortlist.layers import StreamingFrequency
from shortlist.losses import InBatchSoftmax, NegativeSource, RetrievalLoss
from shortlist.models._catalog import CatalogModel
from shortlist.models._item_catalog import Catalog
from shortlist.models._tower import Tower
from shortlist.tasks import Retrieval
from shortlist.typing import Tensor

__all__ = ["TwoTower"]


@keras.saving.register_keras_serializable(package="shortlist")
class TwoTower(CatalogModel):
    """Two-tower retrieval: the score is the dot product of a query tower and a candidate tower.

    By default, it trains with an in-batch softmax, with logQ correction (frequencies are counted during
    training) and false-negative masking. Metrics rank its whole catalog.

    Args:
        spec: Fitted features of both towers, with a `candidate_id`.
        items: The catalog: a table with one row per item and the candidate columns. By default the items of
            the candidate id's vocabulary, if the id is the only candidate column.
        embedding_dim: Width of the embeddings and of the vectors.
        hidden_units: Widths of dense layers between embeddings and vectors, in both towers.
        temperature: Temperature of the default loss, such as 0.05. If it is given, vectors are scaled to
            length 1, so that scores are cosines. With `loss`, set the temperature there too.
        l2: Weight of the mean squared length of the batch's vectors in the loss.
        loss: Retrieval loss, by default `losses.InBatchSoftmax(temperature=temperature)`.
        negatives: Source of negatives, as in `CatalogModel`; by default the `negative_source` of the loss.
        **kwargs: `metric`, as in `CatalogModel`.

    Raises:
        FeatureError: If the spec is not fitted.
        ArgumentError: If the spec has no `candidate_id`, or has other candidate columns and `items` is None.

    Example:
        >>> import keras, shortlist as sl
        >>> keras.utils.set_random_seed(0)
        >>> data = {"user": ["ann", "ann", "bob", "bob"], "film": ["Up", "Heat", "Up", "Alien"]}
        >>> train = sl.data.Interactions.from_table(data, user="user", item="film")
        >>> model = sl.models.TwoTower.from_interactions(train, embedding_dim=8)
        >>> model.compile()
        >>> history = model.fit(train, epochs=2, verbose=0)
        >>> scores, films = model.recommend(["ann"], k=1, exclude=[["Up", "Heat"]])
        >>> films.tolist()
        [['Alien']]

    Reference: Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations",
        RecSys 2019.
    """

    def __init__(  # noqa: PLR0913 - the options of both towers and of the loss
        self,
        spec: FeatureSpec,
        items: Any = None,
        *,
        embedding_dim: int = 64,
        hidden_units: tuple[int, ...] = (),
        temperature: float | None = None,
        l2: float = 0.03,
        loss: RetrievalLoss | None = None,
        negatives: NegativeSource | None = None,
        **kwargs: Any,
    ) -> None:
        of_loss = getattr(loss, "negative_source", None)
        negatives = of_loss if negatives is None else negatives
        if getattr(loss, "num_negatives", None) is not None and negatives != of_loss:
            fix, got = "Give the number to one of them", repr(negatives)
            raise ArgumentError(must("negatives", "be None if the loss has num_negatives", got=got, fix=fix))
        if getattr(loss, "uses_unit_vectors", False) and temperature is None:
            fix = "Pass temperature=1.0, which scales vectors to length 1"
            raise ArgumentError(must("temperature", f"be given with {type(loss).__name__}", fix=fix))
        super().__init__(spec, items, negatives=negatives, **kwargs)
        self.temperature, self.loss_object = temperature, loss
        sizes: dict[str, Any] = {"hidden_units": hidden_units, "normalize": temperature is not None, "l2": l2}
        self.query_model = Tower(spec.query, embedding_dim, **sizes, name="query_tower")
        self.candidate_model = Tower(spec.candidate, embedding_dim, **sizes, name="candidate_tower")
        self.task = Retrieval(
            InBatchSoftmax(temperature=temperature) if loss is None else loss,
            self.metric,
            log_q=StreamingFrequency(self.num_candidate_rows),
            name="retrieval",
        )

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Configure training, by default with Adam and a learning rate of 0.003.

        Keras' Adam updates every row of an embedding table at each step. For large vocabularies use
        `shortlist.optimizers.Adam(0.003)`, which updates the rows of the batch only.

        Args:
            optimizer: A Keras optimizer or its name.
            loss: Must be None; pass the loss to the constructor.
            **kwargs: As in `keras.Model.compile`.
        """
        super().compile(keras.optimizers.Adam(0.003) if optimizer is None else optimizer, loss, **kwargs)

    def query_vectors(self, features: Mapping[str, Tensor]) -> Tensor:
        return self.query_model(features)

    def candidate_vectors(self, features: Mapping[str, Tensor]) -> Tensor:
        return self.candidate_model(features)

    def query_encoder(self) -> Tower:
        return self.query_model

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns of both towers."""
        return self.query_model.columns + self.candidate_model.columns

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "embedding_dim": self.query_model.embedding_dim,
            "hidden_units": list(self.query_model.hidden_units),
            "temperature": self.temperature,
            "l2": self.query_model.l2,
            "loss": keras.saving.serialize_keras_object(self.loss_object),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        loss = keras.saving.deserialize_keras_object(config["loss"], custom_objects=custom_objects)
        return super().from_config({**config, "loss": loss}, custom_objects)

    def save_assets(self, directory: str) -> None:
        self.catalog.save(directory)  # the towers save the vocabularies

    def load_assets(self, directory: str | None) -> None:
        self.set_catalog(Catalog.load(str(directory), self.candidate_id))

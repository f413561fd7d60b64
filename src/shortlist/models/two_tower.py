"""The ready-made two-tower retrieval model."""

import os
from typing import Any

import keras
import numpy as np
import pyarrow as pa
from keras import ops

from shortlist.data import Histories, Interactions
from shortlist.errors import ArgumentError, FeatureError
from shortlist.features import FeatureSpec, Vocabulary
from shortlist.features import source as columns_of
from shortlist.indexes import BruteForce
from shortlist.layers import StreamingFrequency
from shortlist.metrics import FactorizedTopK
from shortlist.models.batches import EXCLUDED, SAMPLE_WEIGHT, InteractionBatches
from shortlist.models.model import Model
from shortlist.models.tower import Tower
from shortlist.tasks import Retrieval
from shortlist.tasks.task import as_list
from shortlist.typing import Tensor

__all__ = ["TwoTower"]

_CATALOGUE_FILE = "catalogue.npz"
_ENCODING_BATCH = 4096


@keras.saving.register_keras_serializable(package="shortlist")
class TwoTower(Model):
    """A query tower and a candidate tower whose dot product is the score.

    It learns by softmax over the candidates of a batch, corrected by how often each candidate comes up, which
    is counted while training; a negative that is the positive, or another known positive of the same query,
    is left out.

    Args:
        spec: The features of both towers, fitted; with a `candidate_id`.
        items: The catalogue, one row an item, with the candidate columns: what is judged over and recommended
            from. When None, the candidate id must be the only candidate column, and the catalogue is its
            vocabulary.
        embedding_dim: Width of the embeddings and of the vectors.
        hidden_units: Widths of dense layers between the embeddings and the vectors, in both towers.
        normalize: Whether vectors have length 1; give a temperature then, such as 0.05.
        temperature: What scores are divided by.
        l2: Weight of the mean squared length of the batch's vectors in the loss.
        ks: Lengths of the lists that metrics judge.
        measures: The metrics, as in `FactorizedTopK`.
        seed: Of the order of the training data.

    Raises:
        FeatureError: When the spec is not fitted.
        ArgumentError: When it has no candidate id, or no catalogue can be made.

    Example:
        >>> import keras, shortlist as sl
        >>> keras.utils.set_random_seed(0)
        >>> data = {"user": ["ann", "ann", "bob", "bob"], "film": ["Up", "Heat", "Up", "Alien"]}
        >>> train = sl.data.Interactions.from_table(data, user="user", item="film")
        >>> model = sl.models.TwoTower.from_interactions(train, embedding_dim=8)
        >>> model.compile()
        >>> history = model.fit(train, epochs=2, verbose=0)
        >>> scores, films = model.build_index()(["ann"], k=1, exclude=[["Up", "Heat"]])
        >>> films.tolist()
        [['Alien']]

    Source: Yi et al., Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations, 2019.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        items: Any = None,
        *,
        embedding_dim: int = 64,
        hidden_units: tuple[int, ...] = (),
        normalize: bool = False,
        temperature: float | None = None,
        l2: float = 0.03,
        ks: tuple[int, ...] = (10, 100),
        measures: tuple[str, ...] = ("recall", "ndcg", "mrr"),
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_spec(spec)
        self._options = {
            "embedding_dim": embedding_dim,
            "hidden_units": tuple(hidden_units),
            "normalize": normalize,
            "temperature": temperature,
            "l2": l2,
            "ks": tuple(ks),
            "measures": tuple(measures),
            "seed": seed,
        }
        self.query_id, self.candidate_id = spec.query_id, spec.candidate_id
        sizes: dict[str, Any] = {"hidden_units": hidden_units, "normalize": normalize, "l2": l2}
        self.query_model = Tower(spec.query, embedding_dim, **sizes, name="query_tower")
        self.candidate_model = Tower(spec.candidate, embedding_dim, **sizes, name="candidate_tower")
        num_rows = next(column.num_rows for column in spec.candidate if column.column == spec.candidate_id)
        assert num_rows is not None  # a candidate id is a Category
        self.task = Retrieval(
            metrics=FactorizedTopK(ks=ks, measures=measures),
            temperature=temperature,
            frequencies=StreamingFrequency(num_rows),
        )
        self._catalogue: dict[str, np.ndarray] = {}
        if spec.is_fitted:
            self.set_catalogue(_items_of(spec) if items is None else items)

    @classmethod
    def from_interactions(
        cls, interactions: Interactions, items: pa.Table | None = None, **options: Any
    ) -> "TwoTower":
        """A model that knows users and items by their ids.

        Args:
            interactions: What to learn the ids from; usually the training part.
            items: The catalogue with the column of item ids; when None, the items of the interactions.
            **options: As in the constructor.

        Returns:
            A model to compile and fit.
        """
        spec = FeatureSpec.ids(user=interactions.user, item=interactions.item).fit(interactions, items)
        return cls(spec, items, **options)

    @property
    def spec(self) -> FeatureSpec:
        """The features of both towers."""
        return FeatureSpec(
            self.query_model.columns,
            self.candidate_model.columns,
            query_id=self.query_id,
            candidate_id=self.candidate_id,
        )

    @property
    def seed(self) -> int:
        """Seed of the order of the training data."""
        return int(self._options["seed"])

    def set_catalogue(self, items: Any) -> None:
        """Judge over, and recommend from, these items from now on.

        Args:
            items: One row an item, with the candidate columns: an Arrow table, a data frame or arrays by
                name. Items that training never met are welcome when they have features.

        Raises:
            FeatureError: When a column is missing or its values do not fit.
            ArgumentError: When an id stands twice.
        """
        encoded = self.candidate_model.prepare(items)
        self._item_ids = Vocabulary(columns_of.values(items, self.candidate_id))
        self._catalogue = encoded
        self._follow_catalogue()

    def compile(self, optimizer: Any = None, **kwargs: Any) -> None:
        """Keras' `compile`, with Adam and a learning rate of 0.003 unless told otherwise.

        Args:
            optimizer: A Keras optimizer or its name.
            **kwargs: As in `keras.Model.compile`.
        """
        super().compile(optimizer=keras.optimizers.Adam(0.003) if optimizer is None else optimizer, **kwargs)

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Keras' `fit`, which also takes `Interactions`.

        Args:
            x: `Interactions`, or whatever Keras takes, with encoded features by column name.
            *args: As in `keras.Model.fit`.
            **kwargs: As in `keras.Model.fit`. `batch_size` is 1024 unless told otherwise. `validation_data`
                may be `Interactions`; what their users did in `x` is then left out of the metrics.

        Returns:
            Keras' history.
        """
        if not isinstance(x, Interactions):
            return super().fit(x, *args, **kwargs)
        batch_size = kwargs.pop("batch_size", None) or 1024
        validation = kwargs.pop("validation_data", None)
        if isinstance(validation, Interactions):
            validation = self._batches(validation, kwargs.pop("validation_batch_size", batch_size), exclude=x)
        batches = self._batches(x, batch_size, seed=self.seed)
        callbacks = [batches.ordering(), *as_list(kwargs.pop("callbacks", None))]
        return super().fit(batches, *args, validation_data=validation, callbacks=callbacks, **kwargs)

    def evaluate(self, x: Any = None, *args: Any, exclude: Interactions | None = None, **kwargs: Any) -> Any:
        """Keras' `evaluate`, which also takes `Interactions`.

        Args:
            x: `Interactions`, or whatever Keras takes, with encoded features by column name.
            *args: As in `keras.Model.evaluate`.
            exclude: Interactions, such as the training part, whose items are not in the catalogue for their
                users.
            **kwargs: As in `keras.Model.evaluate`; `return_dict` is True for `Interactions`.

        Returns:
            The metrics by name.
        """
        if isinstance(x, Interactions):
            x = self._batches(x, kwargs.pop("batch_size", None) or 1024, exclude=exclude)
            kwargs.setdefault("return_dict", True)
        elif exclude is not None:
            raise ArgumentError(
                f"exclude came with data of type {type(x).__name__}; it goes with Interactions only."
            )
        return super().evaluate(x, *args, **kwargs)

    def compute_loss(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """The retrieval loss of a batch.

        Args:
            inputs: Encoded features by column name.
            training: Whether this is a training step.

        Returns:
            The loss, a scalar.
        """
        return self.task(
            self.query_model(inputs),
            self.candidate_model(inputs),
            candidate_ids=inputs[self.candidate_id],
            query_ids=None if self.query_id is None else inputs[self.query_id],
            excluded_ids=inputs.get(EXCLUDED),
            sample_weight=inputs.get(SAMPLE_WEIGHT),
        )

    def candidate_embeddings(self) -> tuple[np.ndarray, np.ndarray]:
        """The ids and vectors of the catalogue.

        Returns:
            Ids `[num_items]` and vectors `[num_items, embedding_dim]`, row by row.
        """
        vectors = [
            ops.convert_to_numpy(self.candidate_model(batch)) for _, batch in self._catalogue_batches()
        ]
        return self._item_ids.known_ids, np.concatenate(vectors)

    def build_index(self, k: int = 10) -> BruteForce:
        """An exact index over the catalogue that takes raw query features.

        Args:
            k: How many items it returns unless told otherwise.

        Returns:
            An index; it shares the query tower, and keeps the item vectors as they are now.
        """
        ids, vectors = self.candidate_embeddings()
        return BruteForce(self.query_model, k=k).index(vectors, ids)

    def get_config(self) -> dict[str, Any]:
        """What makes the model again.

        Returns:
            The constructor's arguments.
        """
        return {"name": self.name, "spec": self.spec.get_config(), **self._options}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "TwoTower":
        """Make the model from its configuration; vocabularies and catalogue are loaded afterwards.

        Args:
            config: What `get_config` returned.
            custom_objects: Classes by name, as in Keras.

        Returns:
            A model.
        """
        return cls(**{**config, "spec": FeatureSpec.from_config(config["spec"])})

    def save_assets(self, directory: str) -> None:
        """Write the catalogue into a saved model (called by Keras).

        Args:
            directory: Where to.
        """
        np.savez(os.path.join(directory, _CATALOGUE_FILE), **self._catalogue)
        self._item_ids.save(os.path.join(directory, "item_ids.parquet"))

    def load_assets(self, directory: str) -> None:
        """Read what `save_assets` wrote (called by Keras).

        Args:
            directory: Where from.
        """
        with np.load(os.path.join(directory, _CATALOGUE_FILE)) as catalogue:
            self._catalogue = dict(catalogue)
        self._item_ids = Vocabulary.load(os.path.join(directory, "item_ids.parquet"))
        self._follow_catalogue()

    def _follow_catalogue(self) -> None:
        self.task.factorized_metrics[0].set_candidates(
            _Again(self._catalogue_batches), encoder=self.candidate_model
        )

    def _catalogue_batches(self) -> Any:
        """Pairs of the candidates' id rows and their encoded features.

        Two items whose ids training never met share row 0, which no true candidate can be told by; the first
        keeps it.
        """
        rows = self._catalogue[self.candidate_id]
        rows = np.where(rows == 0, -1 - np.arange(len(rows)), rows)
        for start in range(0, len(rows), _ENCODING_BATCH):
            part = slice(start, start + _ENCODING_BATCH)
            yield rows[part], {name: array[part] for name, array in self._catalogue.items()}

    def _batches(
        self,
        interactions: Interactions,
        batch_size: int,
        *,
        seed: int | None = None,
        exclude: Interactions | None = None,
    ) -> InteractionBatches:
        arrays = {**self.query_model.prepare(interactions), **self.candidate_model.prepare(interactions)}
        excluded = None if exclude is None else (self._query_column(), self._histories(exclude))
        return InteractionBatches(
            arrays, batch_size=batch_size, seed=seed, exclude=excluded
        )

    def _histories(self, interactions: Interactions) -> Histories:
        query, candidate = self._query_column(), self.candidate_id
        rows = {
            "query": self.query_model.prepare(interactions)[query].astype("int64"),
            "candidate": self.candidate_model.prepare(interactions)[candidate].astype("int64"),
        }
        return Histories.from_interactions(Interactions.from_table(rows, user="query", item="candidate"))

    def _query_column(self) -> str:
        if self.query_id is None:
            raise ArgumentError("exclude needs a spec with a query_id, to tell whose items to leave out.")
        return self.query_id


class _Again:
    """An iterable that starts anew each time, from a function that returns an iterator."""

    def __init__(self, start: Any) -> None:
        self._start = start

    def __iter__(self) -> Any:
        return iter(self._start())


def _check_spec(spec: FeatureSpec) -> None:
    if spec.candidate_id is None:
        raise ArgumentError("the spec has no candidate_id; name the Category that tells items apart.")
    for column in (*spec.query, *spec.candidate):
        if not column.is_fitted and getattr(column, "vocabulary", None) is None:
            raise FeatureError(
                f"column {column.column!r} has learnt nothing yet; call spec.fit(interactions, items) first."
            )


def _items_of(spec: FeatureSpec) -> dict[str, np.ndarray]:
    if [column.column for column in spec.candidate] != [
        spec.candidate_id
    ] or spec.candidate_vocabulary is None:
        names = [column.column for column in spec.candidate]
        raise ArgumentError(
            f"the candidates have features {names}; give items, a table with these columns, one row an item."
        )
    return {spec.candidate_id: spec.candidate_vocabulary.known_ids}

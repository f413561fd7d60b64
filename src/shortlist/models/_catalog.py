"""Base class of models that recommend items of a catalog."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

import keras
import numpy as np
import pyarrow.compute as pc
from keras import ops

from shortlist import backend
from shortlist.data import Histories, InteractionFiles, Interactions
from shortlist.data._exclusions import as_histories, exclusions, repeats_warning
from shortlist.data.encoded import ArrayRows, EncodedRows
from shortlist.errors import ArgumentError, must
from shortlist.features import Column, FeatureSpec
from shortlist.features import _source as columns_of
from shortlist.indexes import BruteForce, StoredIndex
from shortlist.indexes._candidates import read_candidates
from shortlist.losses import NegativeSource
from shortlist.metrics import CatalogMetric, FactorizedTopK
from shortlist.models._batches import EXCLUDED, SAMPLE_WEIGHT, InteractionBatches
from shortlist.models._encoded_files import encode, encode_files
from shortlist.models._item_catalog import Catalog
from shortlist.models._negatives import CatalogNegatives, log_frequency_of
from shortlist.models._tabular import TabularModel, check_is_unused, checked_batch_size, warn_caller
from shortlist.models._tower import encode_raw
from shortlist.ops import pairwise_scores, true_scores, weighted_mean
from shortlist.tasks._task import as_list
from shortlist.typing import Features, Tensor

__all__ = ["CatalogModel", "ModelQueryEncoder"]

_ROWS_PER_COUNT = 2**16
_ROWS_OF_UNKNOWN = 128
"""Rows of a batch that are also trained with an unknown query id, if queries have other features."""
_CONSEQUENCE = {
    "users": "They share one vector, and count as one user.",
    "items": "They share one vector, and metrics never find them; pass all items when creating the model.",
}


class CatalogModel(TabularModel):
    """Model that scores items of a catalog by the dot product of a query and a candidate vector. Abstract.

    Subclasses define `query_vectors` and `candidate_vectors`, and set `self.task`, a `tasks.Retrieval` with
    `metrics=self.metric`; instead of a task they may define `compute_loss`. They get training, evaluation
    over the whole catalog, saving, `build_index` and `recommend`. To save a model, register its class with
    Keras and add its own arguments to those of this class in `get_config`.

    Args:
        spec: Fitted features of queries and candidates, with a `candidate_id`.
        items: The catalog: a table with one row per item and the candidate columns. By default the items of
            the candidate id's vocabulary, if the id is the only candidate column.
        negatives: Source of negatives drawn from the catalog in addition to those of the batch, such as
            `losses.UniformNegatives(1024)`.
        metric: Metric over the catalog, by default `FactorizedTopK()`: recall, NDCG and MRR at 10 and 100.
        train_unknown: Whether to also train the vector of unknown query ids, if the task has a `log_q`. New
            users then get popular items instead of random ones. Embeddings of known ids do not change; hidden
            layers are trained for both. The loss is logged as part of the regularization loss.

    Raises:
        FeatureError: If the spec is not fitted.
        ArgumentError: If it has no `candidate_id`, candidates have other columns and `items` is None, or
            `negatives` read a column that is a feature.

    Example:
        >>> import keras, shortlist as sl
        >>> from shortlist.features import FeatureEncoder
        >>> class BiasedFactorization(sl.models.CatalogModel):
        ...     def __init__(self, spec, items=None, **kwargs):
        ...         super().__init__(spec, items, **kwargs)
        ...         self.users = FeatureEncoder(spec.query, embedding_dim=4)
        ...         self.items = FeatureEncoder(spec.candidate, embedding_dim=4)
        ...         self.bias = FeatureEncoder(spec.candidate, embedding_dim=1)
        ...         self.task = sl.tasks.Retrieval(metrics=self.metric)
        ...
        ...     def query_vectors(self, features):
        ...         vectors = self.users(features)
        ...         return keras.ops.concatenate([vectors, keras.ops.ones_like(vectors[:, :1])], axis=1)
        ...
        ...     def candidate_vectors(self, features):
        ...         return keras.ops.concatenate([self.items(features), self.bias(features)], axis=1)
        >>> data = {"user": ["ann", "ann", "bob", "bob"], "film": ["Up", "Heat", "Up", "Alien"]}
        >>> train = sl.data.Interactions.from_table(data, user="user", item="film")
        >>> model = BiasedFactorization.from_interactions(train)
        >>> model.compile("adam")
        >>> history = model.fit(train, epochs=2, verbose=0)
        >>> scores, films = model.recommend(["ann"], k=1, exclude=train)
        >>> films.tolist()
        [['Alien']]
    """

    task: Any
    """Task that `compute_loss` calls; set by the subclass."""

    def __init__(
        self,
        spec: FeatureSpec,
        items: Any = None,
        *,
        negatives: NegativeSource | None = None,
        metric: CatalogMetric | None = None,
        train_unknown: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__((*spec.query, *spec.candidate), **kwargs)
        if spec.candidate_id is None:
            fix = "Name the Category that tells items apart: FeatureSpec(..., candidate_id=...)"
            raise ArgumentError(must("spec", "have a candidate_id", fix=fix))
        self.query_id, self.candidate_id = spec.query_id, spec.candidate_id
        self._num_query_columns = len(spec.query)
        self.train_unknown = train_unknown
        self.num_candidate_rows = _num_rows(spec.candidate, spec.candidate_id)
        self.metric = FactorizedTopK() if metric is None else metric
        self.negatives = CatalogNegatives(negatives, self.candidate_id, name="negatives")
        features = {column.column for column in (*spec.query, *spec.candidate)}
        if taken := sorted(features.intersection(self.negatives.item_columns)):
            fix = "Give the lists of item ids a column of their own"
            raise ArgumentError(must("negatives", "read no column that is a feature", got=taken, fix=fix))
        if spec.is_fitted:  # the spec of a saved model is fitted when its vocabularies are loaded
            items = _items_of(spec) if items is None else items
            self.set_catalog(Catalog.of_items(items, spec.candidate, spec.candidate_id))

    @classmethod
    def from_interactions(
        cls, interactions: Interactions | InteractionFiles, items: Any = None, **options: Any
    ) -> Self:
        """Return a model whose only features are user and item ids.

        Args:
            interactions: Source of the ids, usually the training part. Files are read in one pass.
            items: The catalog: a table with the column of item ids named as in the interactions. By default
                the items of the interactions.
            **options: Options of the constructor.

        Raises:
            ArgumentError: If `interactions` is of another type, or has no item in common with `items`.
        """
        if not isinstance(interactions, Interactions | InteractionFiles):
            got = f"a {type(interactions).__name__}"
            fix = "Make them with Interactions.from_table(frame, user=..., item=...)"
            raise ArgumentError(must("interactions", "be Interactions or InteractionFiles", got=got, fix=fix))
        spec = FeatureSpec.ids(user=interactions.user, item=interactions.item).fit(interactions, items)
        model = cls(spec, items, **options)
        if items is not None and isinstance(interactions, Interactions):
            _check_any_in_common(model.catalog.ids, interactions, spec)
        return model

    @property
    def spec(self) -> FeatureSpec:
        """Features of queries and candidates."""
        columns, split = self.columns, self._num_query_columns
        return FeatureSpec(
            columns[:split], columns[split:], query_id=self.query_id, candidate_id=self.candidate_id
        )

    def query_vectors(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return query vectors, `[batch, dim]`. Defined by the subclass.

        Args:
            features: Encoded columns by name: those of `spec.query`, and maybe others.
        """
        raise NotImplementedError(must(type(self).__name__, "define query_vectors(self, features)"))

    def candidate_vectors(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return candidate vectors, `[batch, dim]`. Defined by the subclass.

        Args:
            features: Encoded columns by name: those of `spec.candidate`, and maybe others.
        """
        raise NotImplementedError(must(type(self).__name__, "define candidate_vectors(self, features)"))

    def compute_loss(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Return the loss of `self.task` for a batch in which each row is a query and its true candidate.

        Args:
            inputs: Encoded columns by name.
            training: Whether this is a training step.
        """
        queries, log_q = self.query_vectors(inputs), self.task.log_q
        drawn = self.negatives.draw(inputs, queries, self.candidate_vectors, log_q, training=training)
        candidates = self.candidate_vectors(inputs)
        if training and self.train_unknown and self.query_id is not None and log_q is not None:
            self.add_loss(self._loss_of_unknown(inputs, candidates, log_q))
        return self.task(
            queries,
            candidates,
            **drawn,
            candidate_ids=inputs[self.candidate_id],
            query_ids=None if self.query_id is None else inputs[self.query_id],
            excluded_ids=inputs.get(EXCLUDED),
            sample_weight=inputs.get(SAMPLE_WEIGHT),
            training=training,
        )

    def _loss_of_unknown(self, inputs: Mapping[str, Tensor], candidates: Tensor, log_q: Any) -> Tensor:
        """Return the softmax loss of the batch as if its query ids were unknown.

        Without other query features, all rows share one query. With features, the first rows of the batch
        count. Candidates are constants: the loss must not move items.
        """
        assert self.query_id is not None  # checked by the caller
        number = 1 if self._num_query_columns == 1 else _ROWS_OF_UNKNOWN
        first = {name: values[:number] for name, values in inputs.items()}
        queries = self.query_vectors({**first, self.query_id: ops.zeros_like(first[self.query_id])})
        logits = pairwise_scores(queries, ops.stop_gradient(candidates))
        logits = logits / (getattr(self.task.loss, "temperature", None) or 1.0)
        logits = logits - log_frequency_of(log_q, inputs[self.candidate_id])
        partitions = ops.logsumexp(logits, axis=1)
        if number == 1:
            return partitions[0] - weighted_mean(logits[0], inputs.get(SAMPLE_WEIGHT))
        return weighted_mean(partitions - ops.diagonal(logits), first.get(SAMPLE_WEIGHT))

    def call(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return the score of each row's query and candidate, `[batch]`; `predict` returns these."""
        return true_scores(self.query_vectors(inputs), self.candidate_vectors(inputs))

    def encode(
        self, data: Any, *, name: str = "the data", trains: bool = False
    ) -> dict[str, np.ndarray] | EncodedRows:
        """Encode raw features; warn about rows whose users or items the model does not know.

        Args:
            data: As in `TabularModel.encode`.
            name: As in `TabularModel.encode`.
            trains: As in `TabularModel.encode`.

        Raises:
            FeatureError: As in `TabularModel.encode`, also for columns that the source of negatives reads.
            ArgumentError: If the users, or the items, of all rows are unknown.
        """
        listed = self.negatives.fit_columns(data, self.catalog.vocabulary, name)
        columns = *self.columns, *listed
        encoded = encode_files(columns, data) if isinstance(data, InteractionFiles) else encode(columns, data)
        rows = encoded if isinstance(encoded, EncodedRows) else ArrayRows(encoded)
        roles = {self.candidate_id: "items"} | ({} if self.query_id is None else {self.query_id: "users"})
        counts, num_ids = _count_unknown(rows, [*roles, *self.negatives.item_columns])
        for column, role in roles.items():
            # New users with features of their own can be evaluated, but not told apart in training.
            is_needed = role == "items" or trains or self._num_query_columns == 1
            if counts[column] == len(rows) and is_needed:
                got = f"{len(rows)} rows whose {column!r} are all unknown"
                fix = "Write ids as in the data that the model was created from"
                raise ArgumentError(must(name, f"have {role} known to this model", got=got, fix=fix))
            if counts[column]:
                warn_caller(
                    f"{counts[column]} of {len(rows)} rows of {name} have {role} unknown to this model. "
                    + _CONSEQUENCE[role]
                )
        for column in self.negatives.item_columns:
            if counts[column]:
                warn_caller(
                    f"{counts[column]} of {num_ids[column]} items listed in column {column!r} of {name} "
                    "are not in the catalog and are left out. Add them to the catalog with items=."
                )
        return encoded

    def evaluation_dataset(
        self,
        data: Any,
        batch_size: int | None = None,
        *,
        name: str = "the data",
        exclude: Interactions | Histories | None = None,
        weighted: bool = True,
    ) -> Any:
        """Encode raw features into a dataset of batches for `evaluate`, in the order of the rows.

        Args:
            data: A table or files.
            batch_size: Rows per batch, 1024 by default.
            name: Name of the data in errors and warnings.
            exclude: As in `evaluate`.
            weighted: As in `evaluate`.
        """
        excluded, users = None, None
        if exclude is not None and isinstance(data, InteractionFiles):
            excluded = self._query_column(), self._exclusions_of_rows(exclude)
        elif exclude is not None:
            users, histories = self._exclusions(exclude, data)
            excluded = EXCLUDED, histories
        rows = self.encode(data, name=name)
        if users is not None:
            assert isinstance(rows, dict)  # files are encoded to disk, tables to arrays
            rows[EXCLUDED] = users
        batches = InteractionBatches(
            rows, batch_size=checked_batch_size(batch_size), exclude=excluded, weighted=weighted
        )
        return backend.as_dataset(batches)

    def fit(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Train like `TabularModel.fit`; validation excludes the items that users have in `x`.

        Args:
            x: As in `TabularModel.fit`.
            y: None.
            *args: As in `keras.Model.fit`.
            **kwargs: As in `TabularModel.fit`. If `x` is `Interactions` and `validation_data` a table, items
                of `x` are excluded for their users, as with `exclude` in `evaluate`.

        Returns:
            Keras' history.

        Raises:
            ArgumentError: As `TabularModel.fit`; or if the users, or the items, of all rows are unknown.
        """
        if isinstance(x, Interactions) and columns_of.has_columns(kwargs.get("validation_data")):
            batch_size = kwargs.pop("validation_batch_size", None) or kwargs.get("batch_size")
            kwargs["validation_data"] = self.evaluation_dataset(
                kwargs["validation_data"], batch_size, name="validation_data", exclude=x
            )
        if self.negatives.uses_candidate_vectors:
            if self.negatives.candidate_vectors is None:
                self._encode_negatives()  # the model is built before the first epoch starts
            before_epoch = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: self._encode_negatives())
            kwargs["callbacks"] = [before_epoch, *as_list(kwargs.get("callbacks"))]
        return super().fit(x, y, *args, **kwargs)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        *args: Any,
        exclude: Interactions | Histories | None = None,
        weighted: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Evaluate over the whole catalog. Each row is one query with one true item.

        Items of `exclude` are left out of the catalog for their users, unless the user also has them in `x`.
        Repeated rows count once per row. `shortlist.evaluation` follows the same rules and returns the same
        numbers. If `x` is read from files, items are left out even if the user has them in another row,
        with a warning.

        Args:
            x: As in `TabularModel.evaluate`.
            y: None.
            *args: As in `keras.Model.evaluate`.
            exclude: `Interactions` or `Histories`, such as the training part.
            weighted: Whether to use the column `sample_weight` of `x`.
            **kwargs: As in `keras.Model.evaluate`. `return_dict` is True by default for tables and files.

        Returns:
            Metrics by name.

        Raises:
            ArgumentError: If `exclude` or `weighted` comes with a dataset, `exclude` is of another type, or
                the users, or the items, of all rows are unknown.
        """
        if exclude is not None or not weighted:
            if not columns_of.has_columns(x):
                argument = "weighted=False" if exclude is None else "exclude"
                got = f"data of type {type(x).__name__}"
                fix = "Make the dataset with evaluation_dataset(data, exclude=..., weighted=...)"
                raise ArgumentError(must(argument, "be given with a table or files", got=got, fix=fix))
            check_is_unused("evaluate", y=y, sample_weight=kwargs.get("sample_weight"))
            x = self.evaluation_dataset(x, kwargs.pop("batch_size", None), exclude=exclude, weighted=weighted)
            kwargs.setdefault("return_dict", True)
        self._encode_negatives()
        return super().evaluate(x, y, *args, **kwargs)

    def _encode_negatives(self) -> None:
        if self.negatives.uses_candidate_vectors:
            self.negatives.set_candidate_vectors(self.candidate_embeddings()[1])

    def _exclusions(self, exclude: Interactions | Histories, table: Any) -> tuple[np.ndarray, Histories]:
        """Return the user id of each row, and for each user the candidate rows to leave out."""
        ids = {
            "user": columns_of.values(table, self._query_column()),
            "item": columns_of.values(table, self.candidate_id),
        }
        evaluated, exclude = Interactions.from_table(ids, user="user", item="item"), self._by_columns(exclude)
        if repeats := repeats_warning(evaluated, exclude, "exclude"):
            warn_caller(repeats)
        return evaluated.users, self._with_candidate_rows(exclusions(exclude, evaluated))

    def _exclusions_of_rows(self, exclude: Interactions | Histories) -> Histories:
        """Return the candidate rows to leave out for each query row, ignoring the evaluated rows."""
        histories = as_histories(self._by_columns(exclude), "exclude")
        warn_caller(
            "x is read from files, so items of exclude are left out even if the user has them in other rows "
            "of x. Load x as Interactions to keep them, as evaluation.compare does."
        )
        rows = self._encode_ids(self._query_column(), histories.user_ids).astype("int64")
        # Users the model does not know share row 0: nothing is left out for them.
        rows = np.where(rows == 0, -1 - np.arange(len(rows)), rows)
        return self._with_candidate_rows(dataclasses.replace(histories, user_ids=rows, user_kind="int64"))

    def _by_columns(self, exclude: Interactions | Histories) -> Interactions | Histories:
        """Return interactions whose users and items are the columns that the model knows them by."""
        roles = {"user": self._query_column(), "item": self.candidate_id}
        if isinstance(exclude, Interactions) and set(roles.values()) <= set(exclude.columns):
            return Interactions.from_table(exclude.table, **roles)
        return exclude

    def _with_candidate_rows(self, histories: Histories) -> Histories:
        rows = self._encode_ids(self.candidate_id, histories.item_ids)
        return dataclasses.replace(histories, item_ids=rows.astype("int32"), item_kind="int64")

    def _encode_ids(self, name: str, ids: np.ndarray) -> np.ndarray:
        return next(column for column in self.columns if column.column == name).encode(ids)

    def _query_column(self) -> str:
        if self.query_id is None:
            fix = "Name the Category that tells users apart: FeatureSpec(..., query_id=...)"
            raise ArgumentError(must("spec", "have a query_id if exclude is given", fix=fix))
        return self.query_id

    def set_catalog(self, items: Any) -> None:
        """Replace the catalog that the model recommends from and is evaluated over.

        Args:
            items: A table with one row per item and the candidate columns, or a `Catalog`. Items that are
                new since training can be recommended if they have features.

        Raises:
            FeatureError: If a column is missing or its values do not fit.
            ArgumentError: If an id is duplicated.
        """
        if not isinstance(items, Catalog):
            items = Catalog.of_items(items, self.spec.candidate, self.candidate_id)
        self.catalog = items
        if self.negatives.source is not None:  # compiled steps draw from the previous catalog
            self.train_function = self.test_function = None
        self.negatives.set_features(items.features)
        self.metric.set_candidates(items, encoder=self.candidate_vectors)

    def candidate_embeddings(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids `[num_items]` and vectors `[num_items, dim]` of the catalog."""
        return self.catalog.ids, read_candidates(self.catalog, self.candidate_vectors).vectors

    def query_encoder(self) -> keras.layers.Layer:
        """Return the layer that encodes queries in an index; its method `prepare` encodes raw features.

        By default it wraps the whole model, which is saved with the index. Override it to return the layer
        that `query_vectors` uses.
        """
        return ModelQueryEncoder(self)

    def build_index(
        self,
        k: int = 10,
        *,
        kind: type[StoredIndex] = BruteForce,
        attributes: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Return an index over the catalog that takes raw query features.

        The index shares the query encoder with the model and keeps the candidate vectors as they are now.

        Args:
            k: Number of items to return by default.
            kind: Class of the index, such as `sl.indexes.Partitioned`.
            attributes: As in `StoredIndex.index`, in the order of the catalog.
            **options: Options of that class.

        Raises:
            ArgumentError: If `kind` is not a subclass of `StoredIndex`; and as for its `index`.
        """
        if not (isinstance(kind, type) and issubclass(kind, StoredIndex)):
            requirement = "be a subclass of StoredIndex, such as sl.indexes.Partitioned"
            fix = "Pass the options of its constructor to build_index"
            raise ArgumentError(must("kind", requirement, got=repr(kind), fix=fix))
        ids, vectors = self.candidate_embeddings()
        return kind(self.query_encoder(), k=k, **options).index(vectors, ids, attributes)

    def recommend(
        self, queries: Features, k: int = 10, *, exclude: Any = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the k highest-scoring items for each query.

        The whole catalog is encoded at each call; for many calls, call an index made by `build_index`.

        Args:
            queries: Raw features of queries: a table with the query columns, or a list of ids if the id is
                the only column.
            k: Number of items.
            exclude: Items to leave out: `Interactions` or `Histories`, whose items are left out for their
                users; or ids as an index takes them, a list for all queries or one per query.

        Returns:
            Scores and ids, both `[num_queries, k]`, best first.
        """
        if isinstance(exclude, Interactions):
            exclude = Histories.from_interactions(exclude)
        if isinstance(exclude, Histories):
            has_columns = columns_of.has_columns(queries)
            users = columns_of.values(queries, self._query_column()) if has_columns else queries
            exclude = exclude.items_of(users)
        scores, ids = self.build_index(k)(queries, exclude=exclude)
        return scores, ids

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "spec": self.spec.get_config(),
            "negatives": keras.saving.serialize_keras_object(self.negatives.source),
            "metric": keras.saving.serialize_keras_object(self.metric),
            "train_unknown": self.train_unknown,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        objects = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("negatives", "metric")
        }
        return cls(**{**config, "spec": FeatureSpec.from_config(config["spec"]), **objects})

    def save_assets(self, directory: str) -> None:
        super().save_assets(directory)
        self.catalog.save(directory)

    def load_assets(self, directory: str | None) -> None:
        super().load_assets(directory)
        self.set_catalog(Catalog.load(str(directory), self.candidate_id))


@keras.saving.register_keras_serializable(package="shortlist")
class ModelQueryEncoder(keras.layers.Layer):
    """Query encoder of an index that calls `query_vectors` of a whole `CatalogModel`.

    Args:
        model: A `CatalogModel`. It is saved with the layer.
    """

    def __init__(self, model: CatalogModel, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.built = True  # the model builds itself

    @property
    def columns(self) -> tuple[Column, ...]:
        """Fitted columns of queries."""
        return self.model.spec.query

    def prepare(self, raw: Features) -> dict[str, np.ndarray]:
        """Encode raw features for `call`; ids alone if the id is the only column."""
        return encode_raw(self.columns, raw)

    def call(self, features: Mapping[str, Tensor]) -> Tensor:
        return self.model.query_vectors(features)

    def get_config(self) -> dict[str, Any]:
        model = keras.saving.serialize_keras_object(self.model)
        model.pop("compile_config", None)  # an index needs no optimizer
        return {**super().get_config(), "model": model}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ModelQueryEncoder":
        return cls(**{**config, "model": keras.saving.deserialize_keras_object(config["model"])})


def _count_unknown(rows: Any, columns: list[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the number of unknown ids of encoded columns, and of all their ids but padding, in one pass."""
    unknown, ids, take = dict.fromkeys(columns, 0), dict.fromkeys(columns, 0), rows.in_order(None)
    for start in range(0, len(rows), _ROWS_PER_COUNT):
        part = take(start, min(start + _ROWS_PER_COUNT, len(rows)))
        for column in columns:
            unknown[column] += int(np.count_nonzero(part[column] == 0))
            ids[column] += int(np.count_nonzero(part[column] >= 0))
    return unknown, ids


def _num_rows(columns: tuple[Column, ...], name: str) -> int:
    num_rows = next(column.num_rows for column in columns if column.column == name)
    assert num_rows is not None  # a candidate id is a Category
    return num_rows


def _items_of(spec: FeatureSpec) -> dict[str, np.ndarray]:
    names = [column.column for column in spec.candidate]
    if names != [spec.candidate_id] or spec.candidate_vocabulary is None:
        fix = f"Pass a table with the columns {names} and one row per item"
        raise ArgumentError(must("items", "be given if candidates have features", fix=fix))
    return {names[0]: spec.candidate_vocabulary.known_ids}


def _check_any_in_common(items: np.ndarray, interactions: Interactions, spec: FeatureSpec) -> None:
    """Raise if no item of the catalog is in the interactions: nothing would be learned about it."""
    interacted = pc.unique(interactions.table[interactions.item])
    assert spec.candidate_vocabulary is not None  # FeatureSpec.ids names a candidate id
    if len(interacted) and len(spec.candidate_vocabulary) == len(items) + len(interacted):
        got = f"{len(items)} items, such as {items[:1].tolist()}, and interactions with {len(interacted)} "
        got += f"others, such as {interacted[:1].to_pylist()}"
        fix = "Check that both use the same ids, written in the same way"
        raise ArgumentError(must("items", "have ids in common with the interactions", got=got, fix=fix))

"""The ready-made two-tower retrieval model."""

import dataclasses
import warnings
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pyarrow.compute as pc

from shortlist import backend
from shortlist.data import Histories, InteractionFiles, Interactions
from shortlist.data._exclusions import as_histories, exclusions, repeats_warning
from shortlist.data.encoded import ArrayRows, EncodedRows
from shortlist.errors import ArgumentError, must
from shortlist.features import FeatureSpec
from shortlist.features import _source as columns_of
from shortlist.indexes import BruteForce, StoredIndex
from shortlist.indexes._base import check_k
from shortlist.indexes._candidates import read_candidates
from shortlist.layers import StreamingFrequency
from shortlist.losses import InBatchSoftmax, NegativeSource, RetrievalLoss
from shortlist.metrics import FactorizedTopK
from shortlist.models._batch_spec import batch_like, spec_of
from shortlist.models._batches import EXCLUDED, SAMPLE_WEIGHT, InteractionBatches
from shortlist.models._encoded_files import encode, encode_files
from shortlist.models._item_catalog import Catalog
from shortlist.models._model import Model
from shortlist.models._negatives import CatalogNegatives
from shortlist.models._tower import Tower
from shortlist.tasks import Retrieval
from shortlist.tasks._task import as_list
from shortlist.typing import Tensor

__all__ = ["TwoTower"]

_BATCH_SIZE = 1024
_ROWS_PER_COUNT = 2**16
_UNKNOWN = {
    "users": "They share one vector, and count as one user.",
    "items": "They share one vector, and metrics never find them; pass all items when making the model.",
}


@keras.saving.register_keras_serializable(package="shortlist")
class TwoTower(Model):
    """A query tower and a candidate tower whose dot product is the score.

    It learns by softmax over the candidates of a batch, corrected by how often each candidate comes up, which
    is counted while training; a negative that is the positive, or another false negative of the same query,
    is left out. It is evaluated over its catalog, and `build_index` makes it answer.

    Args:
        spec: The features of both towers, fitted; with a `candidate_id`.
        items: The catalog, one row an item, with the candidate columns. When None, the candidate id must be
            the only candidate column, and the catalog is its vocabulary.
        embedding_dim: Width of the embeddings and of the vectors.
        hidden_units: Widths of dense layers between the embeddings and the vectors, in both towers.
        temperature: When None, scores are dot products. A number such as 0.05 gives vectors of length 1, and
            the softmax sees their cosine divided by it.
        l2: Weight of the mean squared length of the batch's vectors in the loss.
        loss: Retrieval loss; `losses.InBatchSoftmax(temperature=temperature)` when None.
        negatives: Source of further negatives, drawn from the catalog, such as
            `losses.UniformNegatives(1024)`; None for those of the batch alone.
        metric: How it is evaluated: a `FactorizedTopK` without candidates; recall, NDCG and MRR at 10 and 100
            when None.

    Raises:
        FeatureError: When the spec is not fitted.
        ArgumentError: When it has no candidate id, or no catalog can be made.

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

    def __init__(  # noqa: PLR0913 - what a model is made of
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
        metric: FactorizedTopK | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.query_id, self.candidate_id = spec.query_id, _candidate_id(spec)
        sizes: dict[str, Any] = {"hidden_units": hidden_units, "normalize": temperature is not None, "l2": l2}
        self.query_model = Tower(spec.query, embedding_dim, **sizes, name="query_tower")
        self.candidate_model = Tower(spec.candidate, embedding_dim, **sizes, name="candidate_tower")
        self.metric = FactorizedTopK() if metric is None else metric
        self.temperature, self.loss_object = temperature, loss
        self.negatives = CatalogNegatives(negatives, self.candidate_id, name="negatives")
        self.task = Retrieval(
            InBatchSoftmax(temperature=temperature) if loss is None else loss,
            self.metric,
            log_q=StreamingFrequency(_num_rows(spec, self.candidate_id)),
            name="retrieval",
        )
        if spec.is_fitted:  # that of a saved model is fitted when its vocabularies are loaded
            self.set_catalog(_items_of(spec) if items is None else items)

    @classmethod
    def from_interactions(
        cls, interactions: Interactions | InteractionFiles, items: Any = None, **options: Any
    ) -> "TwoTower":
        """Return a model with one id column per tower.

        Args:
            interactions: What to learn the ids from; usually the training part. Files are read in one pass.
            items: The catalog, an Arrow table, a data frame or arrays by name, with the column of item ids
                named as in the interactions; when None, the items of the interactions.
            **options: As in the constructor.

        Returns:
            A model to compile and fit.

        Raises:
            ArgumentError: When the interactions are something else, or, in memory, with none of the items.
        """
        if not isinstance(interactions, Interactions | InteractionFiles):
            raise ArgumentError(
                must(
                    "interactions",
                    "be an Interactions or InteractionFiles",
                    got=type(interactions).__name__,
                    fix="Make them with Interactions.from_table(frame, user=..., item=...)",
                )
            )
        spec = FeatureSpec.ids(user=interactions.user, item=interactions.item).fit(interactions, items)
        model = cls(spec, items, **options)
        if items is not None and isinstance(interactions, Interactions):
            _check_any_is_met(model.catalog.ids, interactions, spec)
        return model

    @property
    def spec(self) -> FeatureSpec:
        """The features of both towers."""
        sides = self.query_model.columns, self.candidate_model.columns
        return FeatureSpec(*sides, query_id=self.query_id, candidate_id=self.candidate_id)

    def set_catalog(self, items: Any) -> None:
        """Evaluate over, and recommend from, these items from now on.

        Args:
            items: One row an item, with the candidate columns: an Arrow table, a data frame or arrays by
                name. Items that training never met are welcome when they have features.

        Raises:
            FeatureError: When a column is missing or its values do not fit.
            ArgumentError: When an id is duplicated.
        """
        self._use(Catalog.of_items(items, self.candidate_model, self.candidate_id))

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Keras' `compile`, with Adam and a learning rate of 0.003 unless told otherwise.

        Keras' Adam changes every row at each step. For large vocabularies take
        `shortlist.optimizers.Adam(0.003)`, whose step does not grow with them.

        Args:
            optimizer: A Keras optimizer or its name.
            loss: None.
            **kwargs: As in `keras.Model.compile`.
        """
        super().compile(keras.optimizers.Adam(0.003) if optimizer is None else optimizer, loss, **kwargs)

    def fit(self, x: Any = None, y: Any = None, *args: Any, seed: int = 0, **kwargs: Any) -> Any:
        """Keras' `fit`, which also takes `Interactions`, another table of raw features, or files.

        Args:
            x: `Interactions`, `InteractionFiles`, a data frame, an Arrow table or a dict of arrays, with raw
                features, and weights in a column `sample_weight` if there is one; or a dataset of batches
                that are encoded already, by column name. Raw features are encoded once, before training.
            y: None for tables; labels of a dataset are part of it.
            *args: As in `keras.Model.fit`.
            seed: Of the order of the rows, which differs from epoch to epoch.
            **kwargs: As in `keras.Model.fit`. `batch_size` is 1024 unless told otherwise. `validation_data`
                may be a table or files too; where both are `Interactions`, what users did in `x` is left out
                of the metrics. With `steps_per_epoch`, an epoch begins where the one before ended.

        Returns:
            Keras' history.

        Raises:
            ArgumentError: If all rows have users, or all have items, unknown to the model. A warning counts
                them where some are.
        """
        _check_unused("fit", class_weight=kwargs.get("class_weight"))
        if not columns_of.has_columns(x):
            return super().fit(x, y, *args, **kwargs)
        _check_unused(
            "fit", **{name: kwargs.get(name) for name in ("sample_weight", "validation_split")}, y=y
        )
        batch_size = _batch_size(kwargs.pop("batch_size", None))
        if columns_of.has_columns(kwargs.get("validation_data")):
            validation_batch_size = kwargs.pop("validation_batch_size", None) or batch_size
            exclude = x if isinstance(x, Interactions) else None
            rows, excluded = self._encode(kwargs["validation_data"], exclude)
            self._report_unknown(rows, "validation_data")
            kwargs["validation_data"] = backend.as_dataset(
                self._batches(rows, validation_batch_size, exclude=excluded)
            )
        rows, _ = self._encode(x)
        self._report_unknown(rows, "the training data", trains=True)
        batches = self._batches(rows, batch_size, seed=seed, steps=kwargs.pop("steps_per_epoch", None))
        callbacks = [batches.ordering(), *as_list(kwargs.pop("callbacks", None))]
        if not self.built:
            self._build_on(batch_like(spec_of(batches[0])))  # callbacks such as BackupAndRestore need it
        return super().fit(backend.as_dataset(batches), None, *args, callbacks=callbacks, **kwargs)

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        *args: Any,
        exclude: Interactions | Histories | None = None,
        weighted: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Keras' `evaluate`, which also takes `Interactions`, another table of raw features, or files.

        Each row is one query with one true item. Items of `exclude` are left out for their users, except all
        of a user's items in `x`. Repeated rows count once per row. `shortlist.evaluation` follows the same
        rules and gives the same numbers. Where `x` is read from files, a user's items in other rows are not
        known and not kept, which a warning says.

        Args:
            x: As in `fit`.
            y: None for tables.
            *args: As in `keras.Model.evaluate`.
            exclude: `Interactions` or `Histories`, such as the training part, whose items are not in the
                catalog for their users; no files, because what each user met is kept in memory.
            weighted: Whether to use the column `sample_weight` of `x`.
            **kwargs: As in `keras.Model.evaluate`; `return_dict` is True for tables.

        Returns:
            The metrics by name.

        Raises:
            ArgumentError: If `exclude` or `weighted` comes with a dataset of batches, `exclude` has another
                type, or all rows have users, or all have items, unknown to the model.
        """
        if columns_of.has_columns(x):
            _check_unused("evaluate", sample_weight=kwargs.get("sample_weight"), y=y)
            batch_size = _batch_size(kwargs.pop("batch_size", None))
            rows, excluded = self._encode(x, exclude)
            self._report_unknown(rows, "the data")
            x = backend.as_dataset(self._batches(rows, batch_size, exclude=excluded, weighted=weighted))
            kwargs.setdefault("return_dict", True)
        elif exclude is not None or not weighted:
            name = "weighted=False" if exclude is None else "exclude"
            fix = "Build the batches of a dataset the way you want them evaluated"
            raise ArgumentError(
                must(name, "be given with a table or files", got=f"data of type {type(x).__name__}", fix=fix)
            )
        return super().evaluate(x, y, *args, **kwargs)

    def compute_loss(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Return the retrieval loss of a batch.

        Args:
            inputs: Encoded features by column name.
            training: Whether this is a training step.

        Returns:
            The loss, a scalar.
        """
        queries, task = self.query_model(inputs), self.task
        drawn = self.negatives.draw(inputs, queries, self.candidate_model, task.log_q, training=training)
        return task(
            queries,
            self.candidate_model(inputs),
            **drawn,
            candidate_ids=inputs[self.candidate_id],
            query_ids=None if self.query_id is None else inputs[self.query_id],
            excluded_ids=inputs.get(EXCLUDED),
            sample_weight=inputs.get(SAMPLE_WEIGHT),
            training=training,
        )

    def candidate_embeddings(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids and vectors of the catalog.

        Returns:
            Ids `[num_items]` and vectors `[num_items, embedding_dim]`, row by row.
        """
        return self.catalog.ids, read_candidates(self.catalog, self.candidate_model).vectors

    def build_index(
        self,
        k: int = 10,
        *,
        kind: type[StoredIndex] = BruteForce,
        attributes: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Return an index over the catalog that is queried with raw features.

        Args:
            k: How many items it returns unless told otherwise.
            kind: Its class, such as `sl.indexes.Partitioned`; exact when left out.
            attributes: As in `StoredIndex.index`, in the order of the catalog: of `items`, or of
                `candidate_embeddings()`.
            **options: Of the class.

        Returns:
            An index of that kind; it shares the query tower, and keeps the item vectors as they are now.

        Raises:
            ArgumentError: When the kind is no class, or one that holds no candidates, and as its `index`.
        """
        if not (isinstance(kind, type) and issubclass(kind, StoredIndex)):
            raise ArgumentError(
                must(
                    "kind",
                    "be an index class that holds its candidates, such as sl.indexes.Partitioned",
                    got=repr(kind),
                    fix="Pass arguments of its constructor to build_index",
                )
            )
        ids, vectors = self.candidate_embeddings()
        return kind(self.query_model, k=k, **options).index(vectors, ids, attributes)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "spec": self.spec.get_config(),
            "embedding_dim": self.query_model.embedding_dim,
            "hidden_units": list(self.query_model.hidden_units),
            "temperature": self.temperature,
            "l2": self.query_model.l2,
            "loss": keras.saving.serialize_keras_object(self.loss_object),
            "negatives": keras.saving.serialize_keras_object(self.negatives.source),
            "metric": keras.saving.serialize_keras_object(self.metric),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "TwoTower":
        """Make the model from its configuration; vocabularies and catalog are loaded afterwards.

        Args:
            config: What `get_config` returned.
            custom_objects: Classes by name, as in Keras.

        Returns:
            A model.
        """
        objects = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects=custom_objects)
            for name in ("metric", "loss", "negatives")
        }
        return cls(**{**config, "spec": FeatureSpec.from_config(config["spec"]), **objects})

    def save_assets(self, directory: str) -> None:
        """Write the catalog into a saved model (called by Keras).

        Args:
            directory: Where to.
        """
        self.catalog.save(directory)

    def load_assets(self, directory: str) -> None:
        """Read what `save_assets` wrote (called by Keras).

        Args:
            directory: Where from.
        """
        self._use(Catalog.load(directory, self.candidate_id))

    def _use(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.negatives.set_features(catalog.features)
        self.metric.set_candidates(catalog, encoder=self.candidate_model)

    def _encode(
        self, table: Any, exclude: Interactions | Histories | None = None
    ) -> tuple[EncodedRows, tuple[str, Histories] | None]:
        """Return encoded rows, and the candidates to leave out with the array that they are looked up by."""
        columns = self.query_model.columns + self.candidate_model.columns
        if isinstance(table, InteractionFiles):
            by_row = None if exclude is None else (self._query_column(), self._exclusions_of_files(exclude))
            return encode_files(columns, table), by_row
        arrays, by_user = encode(columns, table), None
        if exclude is not None:
            arrays[EXCLUDED], histories = self._exclusions(exclude, table)
            by_user = EXCLUDED, histories
        return ArrayRows(arrays), by_user

    def _batches(
        self,
        rows: EncodedRows,
        batch_size: int,
        *,
        seed: int | None = None,
        exclude: tuple[str, Histories] | None = None,
        weighted: bool = True,
        steps: int | None = None,
    ) -> InteractionBatches:
        return InteractionBatches(
            rows,
            batch_size=batch_size,
            seed=seed,
            exclude=exclude,
            weighted=weighted,
            steps_per_epoch=steps,
        )

    def _report_unknown(self, rows: EncodedRows, name: str, *, trains: bool = False) -> None:
        """Warn of rows with unknown users or items; raise where none can be trained on or found."""
        roles = {self.candidate_id: "items"} | ({} if self.query_id is None else {self.query_id: "users"})
        counts, take = dict.fromkeys(roles, 0), rows.in_order(None)
        for start in range(0, len(rows), _ROWS_PER_COUNT):
            part = take(start, min(start + _ROWS_PER_COUNT, len(rows)))
            for column in roles:
                counts[column] += int(np.count_nonzero(part[column] == 0))
        for column, role in roles.items():
            # Unknown users with features of their own can be evaluated, but not told apart in training.
            is_needed = role == "items" or trains or len(self.query_model.columns) == 1
            if counts[column] == len(rows) and is_needed:
                raise ArgumentError(
                    must(
                        name,
                        f"have {role} known to this model",
                        got=f"{len(rows)} rows whose {column!r} are all unknown",
                        fix="Compare how ids are written here and where the model was made",
                    )
                )
            if counts[column]:
                warnings.warn(
                    f"{counts[column]} of {len(rows)} rows of {name} have {role} unknown to this model. "
                    + _UNKNOWN[role],
                    stacklevel=3,
                )

    def _exclusions(self, exclude: Interactions | Histories, table: Any) -> tuple[np.ndarray, Histories]:
        """Return the user id of each row, and for each user the candidate rows to leave out."""
        ids = {
            "user": columns_of.values(table, self._query_column()),
            "item": columns_of.values(table, self.candidate_id),
        }
        evaluated, exclude = Interactions.from_table(ids, user="user", item="item"), self._by_columns(exclude)
        if repeats := repeats_warning(evaluated, exclude, "exclude"):
            warnings.warn(repeats, stacklevel=4)
        return evaluated.users, self._with_candidate_rows(exclusions(exclude, evaluated))

    def _exclusions_of_files(self, exclude: Interactions | Histories) -> Histories:
        """Return for each query row the candidate rows to leave out, whatever else the files hold."""
        histories = as_histories(self._by_columns(exclude), "exclude")
        warnings.warn(
            "exclude came with rows that are read from files: a user's items in other rows are not known, so "
            "they are left out where exclude holds them. Load the rows as Interactions to keep them, as "
            "evaluation.compare does.",
            stacklevel=4,
        )
        rows = self._encoded(self.query_model, self._query_column(), histories.user_ids).astype("int64")
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
        rows = self._encoded(self.candidate_model, self.candidate_id, histories.item_ids)
        return dataclasses.replace(histories, item_ids=rows.astype("int32"), item_kind="int64")

    @staticmethod
    def _encoded(tower: Tower, name: str, ids: np.ndarray) -> np.ndarray:
        return next(column for column in tower.columns if column.column == name).encode(ids)

    def _query_column(self) -> str:
        if self.query_id is None:
            raise ArgumentError(
                must("exclude", "come with a spec that has a query_id, which tells users apart")
            )
        return self.query_id


_INSTEAD = {
    "sample_weight": "Add a column 'sample_weight' to the table",
    "y": "Leave it out: each row is a positive pair",
    "validation_split": "Split first, for example with sl.data.random_split, and pass validation_data",
    "class_weight": "Rows have no classes; add a column 'sample_weight' to the table",
}


def _check_unused(method: str, **arguments: Any) -> None:
    """Refuse what Keras takes with arrays and labels, and would drop here."""
    for name, value in arguments.items():
        if value is not None and not (name == "validation_split" and value == 0):
            raise ArgumentError(
                must(f"{name} of {method}", "be None for a two-tower model", fix=_INSTEAD[name])
            )


def _batch_size(batch_size: int | None) -> int:
    return _BATCH_SIZE if batch_size is None else check_k(batch_size, "batch_size")


def _check_any_is_met(items: np.ndarray, interactions: Interactions, spec: FeatureSpec) -> None:
    """Refuse a catalog of which nothing would be learned: its items and those met have no id in common."""
    met = pc.unique(interactions.table[interactions.item])
    assert spec.candidate_vocabulary is not None  # FeatureSpec.ids names a candidate id
    if len(met) and len(spec.candidate_vocabulary) == len(items) + len(met):
        raise ArgumentError(
            must(
                "items",
                "share ids with the interactions",
                got=f"{len(items)} items such as {items[:1].tolist()}, and interactions with {len(met)} "
                f"others such as {met[:1].to_pylist()}",
                fix="Look for another id column, or for ids written in another way",
            )
        )


def _candidate_id(spec: FeatureSpec) -> str:
    if spec.candidate_id is None:
        raise ArgumentError(
            must("spec", "have a candidate_id", fix="Name the Category that identifies items")
        )
    return spec.candidate_id


def _num_rows(spec: FeatureSpec, name: str) -> int:
    """Rows of a candidate column's vocabulary; raises where the column has learned nothing."""
    num_rows = next(column.num_rows for column in spec.candidate if column.column == name)
    assert num_rows is not None  # a candidate id is a Category
    return num_rows


def _items_of(spec: FeatureSpec) -> dict[str, np.ndarray]:
    names = [column.column for column in spec.candidate]
    if names != [spec.candidate_id] or spec.candidate_vocabulary is None:
        raise ArgumentError(must("items", f"be a table with the candidate columns {names}", got="None"))
    return {names[0]: spec.candidate_vocabulary.known_ids}

"""Base class of models that read tables of raw features."""

import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from shortlist import backend
from shortlist.data import InteractionFiles
from shortlist.data.encoded import EncodedRows
from shortlist.errors import ArgumentError, must
from shortlist.features import Column
from shortlist.features import _source as columns_of
from shortlist.features._spec import load_columns, save_columns
from shortlist.features.columns._base import deserialize_columns, serialize_columns
from shortlist.models._batch_spec import spec_of
from shortlist.models._batches import InteractionBatches
from shortlist.models._encoded_files import encode, encode_files
from shortlist.models._model import Model
from shortlist.search._requests import check_k
from shortlist.tasks._task import as_list

__all__ = ["TabularModel", "check_is_unused", "warn_caller"]

_BATCH_SIZE = 1024
_INSTEAD = {
    "y": "Leave it out: compute_loss finds labels in columns of the table",
    "sample_weight": "Add a column 'sample_weight' to the table",
    "class_weight": "Add a column 'sample_weight' to the table, with the weight of each row's class",
    "validation_split": "Split first, for example with sl.data.random_split, and pass validation_data",
}


class TabularModel(Model):
    """Model that trains on, evaluates and predicts tables of raw features. Abstract.

    A table is `Interactions`, a data frame, an Arrow table or a dict of arrays; `InteractionFiles` are read
    from disk. Raw features are encoded once, before training. Batches come in an order that depends only on
    the seed and the epoch, so a resumed run sees the same batches as an uninterrupted one. Vocabularies are
    saved with the model.

    Subclasses define `compute_loss(inputs, training)`, and `call(inputs)` to support `predict`. `inputs`
    holds the encoded columns by name, and row weights as `"sample_weight"` if the table has such a column.

    Args:
        columns: Fitted columns that encode a row, labels included.

    Example:
        >>> import keras, shortlist as sl
        >>> from shortlist.features import Category, FeatureEncoder, Number
        >>> class Ratings(sl.models.TabularModel):
        ...     def __init__(self, columns, **kwargs):
        ...         super().__init__(columns, **kwargs)
        ...         self.encoder = FeatureEncoder(columns[:2], embedding_dim=4)
        ...         self.head = keras.layers.Dense(1)
        ...         self.task = sl.tasks.Ranking("MeanSquaredError")
        ...
        ...     def call(self, inputs):
        ...         return self.head(self.encoder(inputs))
        ...
        ...     def compute_loss(self, inputs, training=False):
        ...         return self.task(inputs["stars"], self(inputs))
        >>> table = {"user": ["ann", "bob"], "film": ["Up", "Heat"], "stars": [4.0, 2.0]}
        >>> model = Ratings([kind(name).fit(table[name]) for kind, name in
        ...                  [(Category, "user"), (Category, "film"), (Number, "stars")]])
        >>> model.compile("adam")
        >>> history = model.fit(table, epochs=2, verbose=0)
        >>> model.predict({"user": ["ann"], "film": ["Heat"], "stars": [0.0]}, verbose=0).shape
        (1, 1)
    """

    def __init__(self, columns: Sequence[Column], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._columns = tuple(columns)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Fitted columns that encode a row. Override it if layers of the model keep and save the columns."""
        return self._columns

    def encode(
        self, data: Any, *, name: str = "the data", trains: bool = False
    ) -> dict[str, np.ndarray] | EncodedRows:
        """Encode raw features: a table to arrays by column name, files to disk, in random order.

        Override it to check the encoded rows.

        Args:
            data: A table or files.
            name: What errors and warnings call the data.
            trains: Whether the model is trained on the data.

        Raises:
            FeatureError: If a column is missing or its values do not fit, or a weight is negative or not
                finite.
            DataError: If files cannot be read.
        """
        if isinstance(data, InteractionFiles):
            return encode_files(self.columns, data)
        return encode(self.columns, data)

    def evaluation_dataset(self, data: Any, batch_size: int | None = None, *, name: str = "the data") -> Any:
        """Encode raw features into a dataset of batches for `evaluate`, in the order of the rows.

        Args:
            data: A table or files.
            batch_size: Rows per batch, 1024 by default.
            name: What errors and warnings call the data.
        """
        rows = self.encode(data, name=name)
        return backend.as_dataset(InteractionBatches(rows, batch_size=checked_batch_size(batch_size)))

    def fit(self, x: Any = None, y: Any = None, *args: Any, seed: int = 0, **kwargs: Any) -> Any:
        """Train like `keras.Model.fit`, also on tables and files.

        Args:
            x: A table or files, with row weights in an optional column `sample_weight`; or a dataset of
                encoded batches by column name.
            y: None.
            *args: As in `keras.Model.fit`.
            seed: Seed of the order of the rows, which differs from epoch to epoch.
            **kwargs: As in `keras.Model.fit`. `batch_size` is 1024 by default. `validation_data` may be a
                table or files. With `steps_per_epoch`, an epoch continues where the previous one ended.

        Returns:
            Keras' history.

        Raises:
            ArgumentError: If an argument has no meaning for tables.
        """
        check_is_unused("fit", class_weight=kwargs.get("class_weight"))
        batch_size = kwargs.get("batch_size")
        if columns_of.has_columns(kwargs.get("validation_data")):
            kwargs["validation_data"] = self.evaluation_dataset(
                kwargs["validation_data"],
                kwargs.pop("validation_batch_size", None) or batch_size,
                name="validation_data",
            )
        if not columns_of.has_columns(x):
            return super().fit(x, y, *args, **kwargs)
        check_is_unused("fit", y=y, **{one: kwargs.get(one) for one in ("sample_weight", "validation_split")})
        kwargs.pop("batch_size", None)
        batches = InteractionBatches(
            self.encode(x, name="the training data", trains=True),
            batch_size=checked_batch_size(batch_size),
            seed=seed,
            steps_per_epoch=kwargs.pop("steps_per_epoch", None),
        )
        if self.get_build_config() is None:  # callbacks such as BackupAndRestore require it
            self.build_from_config({"batch": spec_of(batches[0])})
        callbacks = [batches.ordering(), *as_list(kwargs.pop("callbacks", None))]
        return super().fit(backend.as_dataset(batches), None, *args, callbacks=callbacks, **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Evaluate like `keras.Model.evaluate`, also on tables and files.

        Args:
            x: As in `fit`.
            y: None.
            *args: As in `keras.Model.evaluate`.
            **kwargs: As in `keras.Model.evaluate`. `return_dict` is True by default for tables and files.

        Returns:
            Metrics by name.

        Raises:
            ArgumentError: If an argument has no meaning for tables.
        """
        if columns_of.has_columns(x):
            check_is_unused("evaluate", y=y, sample_weight=kwargs.get("sample_weight"))
            x = self.evaluation_dataset(x, kwargs.pop("batch_size", None))
            kwargs.setdefault("return_dict", True)
        return super().evaluate(x, y, *args, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs of `call` for each row of a table, or of a dataset as in `keras.Model.predict`.

        Args:
            x: A table in memory, or a dataset of encoded batches.
            *args: As in `keras.Model.predict`.
            **kwargs: As in `keras.Model.predict`.

        Raises:
            ArgumentError: If the model has no `call`, or `x` are files, whose rows come in random order.
        """
        if isinstance(x, InteractionFiles):
            fix = "Read them with Interactions.from_parquet or from_csv"
            raise ArgumentError(
                must("x", "be in memory, since rows of files are shuffled", got=repr(x), fix=fix)
            )
        if columns_of.has_columns(x):
            self._check_has_call()
            x = self.evaluation_dataset(x, kwargs.pop("batch_size", None))
        return super().predict(x, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "columns": serialize_columns(self.columns)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "TabularModel":
        return cls(**{**config, "columns": deserialize_columns(config["columns"])})

    def save_assets(self, directory: str) -> None:
        save_columns(self.columns, directory)

    def load_assets(self, directory: str | None) -> None:
        if directory is not None:  # None if no column has a vocabulary
            self._columns = load_columns(self._columns, directory)


def checked_batch_size(batch_size: int | None) -> int:
    """Return the batch size, 1024 for None; raise `ArgumentError` if it is below 1."""
    return _BATCH_SIZE if batch_size is None else check_k(batch_size, "batch_size")


def check_is_unused(method: str, **arguments: Any) -> None:
    """Raise `ArgumentError` if an argument is given that Keras takes with arrays and labels only."""
    for name, value in arguments.items():
        if value is not None and not (name == "validation_split" and value == 0):
            raise ArgumentError(
                must(f"{name} of {method}", "be None for tables of features", fix=_INSTEAD[name])
            )


def warn_caller(message: str) -> None:
    """Warn with the line of the user's code that called Shortlist."""
    level, frame = 1, sys._getframe()
    while frame.f_globals["__name__"].startswith("shortlist.") and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)

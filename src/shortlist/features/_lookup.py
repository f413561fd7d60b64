"""The layer that looks up the rows of ids."""

import os
from pathlib import Path
from typing import Any, Self, final

import keras
from keras import ops

from shortlist import backend
from shortlist.errors import BackendError, FeatureError, must
from shortlist.ids import Vocabulary, VocabularySize
from shortlist.typing import Tensor

__all__ = ["Lookup"]

_ASSET = "vocabulary.parquet"


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Lookup(keras.layers.Layer):
    """Look up the rows of ids, as the first layer of a tower: `rows[i] = vocabulary.rows(ids[i])`.

    On TensorFlow it takes tensors of text or integers, also in `tf.data` and compiled functions. On JAX and
    PyTorch, whose tensors hold no text, it takes arrays and lists on the host; encode ids before they reach a
    compiled function there, with `Vocabulary.rows` or `FeatureSpec.encode_queries`.

    The vocabulary is saved with the model.

    Args:
        vocabulary: Known ids; a `VocabularySize` if they are loaded later.

    Example:
        >>> lookup = Lookup(Vocabulary(["Heat", "Alien"]))
        >>> tower = keras.Sequential([lookup, keras.layers.Embedding(lookup.num_rows, 8)])
        >>> ops.convert_to_numpy(lookup(["Alien", "new film"]))
        array([2, 0], dtype=int32)
    """

    def __init__(self, vocabulary: Vocabulary | VocabularySize, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Ids are compared, never computed with: they reach `call` as they are, and no compiler takes text.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.supports_jit = False
        self._set_vocabulary(vocabulary)

    def _set_vocabulary(self, vocabulary: Vocabulary | VocabularySize) -> None:
        self._vocabulary = vocabulary
        if isinstance(vocabulary, Vocabulary) and keras.config.backend() == "tensorflow":
            # Imported here, so that the other backends never load TensorFlow.
            from shortlist.backend.tensorflow._lookup import RowsGraphEncoder

            self._graph_rows = RowsGraphEncoder(vocabulary.known_ids)

    @property
    def vocabulary(self) -> Vocabulary:
        """Known ids.

        Raises:
            FeatureError: If they are not loaded yet.
        """
        if isinstance(self._vocabulary, Vocabulary):
            return self._vocabulary
        requirement = "have its vocabulary before it is called"
        raise FeatureError(must(f"lookup {self.name!r}", requirement, fix="Load it with load_assets"))

    @property
    def num_rows(self) -> int:
        """Number of rows that an embedding after this layer needs."""
        return self._vocabulary.num_rows

    @property
    def compute_dtype(self) -> str:
        """Type of the ids as Keras names it, which a `Sequential` gives its input."""
        return "int64" if self._vocabulary.kind == "int64" else "string"

    @property
    def variable_dtype(self) -> str:
        """Same as `compute_dtype`, which Keras takes for a layer that casts nothing."""
        return self.compute_dtype

    def call(self, ids: Any) -> Tensor:
        """Return the rows of ids, int32 in the shape of `ids`; 0 for unknown ids.

        Raises:
            FeatureError: If the ids are of another kind than the vocabulary.
            BackendError: If the ids are traced by JAX or PyTorch.
        """
        vocabulary = self.vocabulary
        if keras.config.backend() == "tensorflow" and ops.is_tensor(ids):
            return self._graph_rows(ids)
        if backend.is_symbolic(ids):
            requirement = f"be called outside compiled functions of {keras.config.backend()}"
            fix = "Encode ids before, with Vocabulary.rows or FeatureSpec.encode_queries"
            raise BackendError(must(f"lookup {self.name!r}", requirement, fix=fix))
        return ops.convert_to_tensor(vocabulary.rows(ids))

    def compute_output_spec(self, ids: Any) -> keras.KerasTensor:
        return keras.KerasTensor(ids.shape, dtype="int32")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "vocabulary": self._vocabulary.get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**{**config, "vocabulary": VocabularySize(**config["vocabulary"])})

    def save_assets(self, dir_path: str | os.PathLike[str]) -> None:
        self.vocabulary.save(Path(dir_path) / _ASSET)

    def load_assets(self, dir_path: str | os.PathLike[str]) -> None:
        self._set_vocabulary(Vocabulary.load(Path(dir_path) / _ASSET))

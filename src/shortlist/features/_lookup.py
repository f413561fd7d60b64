"""The layer that finds the rows of ids."""

import os
from pathlib import Path
from typing import Any, Self, final

import keras
from keras import ops

from shortlist import backend
from shortlist.errors import BackendError, FeatureError
from shortlist.ids import Vocabulary, VocabularySize
from shortlist.typing import Tensor

__all__ = ["Lookup"]

_ASSET = "vocabulary.parquet"


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Lookup(keras.layers.Layer):
    """The first layer of a tower of ids: `rows[i] = vocabulary.rows(ids[i])`.

    Under TensorFlow it takes tensors of text or integers, in `tf.data` and in compiled functions too. Under
    JAX and PyTorch, whose tensors hold no text, it takes arrays and lists on the host; encode ids before they
    reach a compiled function there, with `Vocabulary.rows` or `FeatureSpec.encode_queries`.

    The vocabulary is saved with the model.

    Args:
        vocabulary: The known ids; a `VocabularySize` where they are loaded later.

    Example:
        >>> lookup = Lookup(Vocabulary(["Heat", "Alien"]))
        >>> tower = keras.Sequential([lookup, keras.layers.Embedding(lookup.num_rows, 8)])
        >>> ops.convert_to_numpy(lookup(["Alien", "new film"]))
        array([2, 0], dtype=int32)
    """

    def __init__(self, vocabulary: Vocabulary | VocabularySize, **kwargs: Any) -> None:
        # Ids are compared, never computed with: they reach `call` as they are, and no compiler takes text.
        super().__init__(**kwargs)
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
        """The known ids.

        Raises:
            FeatureError: They are not loaded yet.
        """
        if isinstance(self._vocabulary, Vocabulary):
            return self._vocabulary
        raise FeatureError(
            f"lookup {self.name!r} was made from a config: load its vocabulary before it is called"
        )

    @property
    def num_rows(self) -> int:
        """Rows that an embedding behind this layer needs."""
        return self._vocabulary.num_rows

    @property
    def compute_dtype(self) -> str:
        """The type of the ids as Keras names it, which a `Sequential` gives its input."""
        return "int64" if self._vocabulary.kind == "int64" else "string"

    @property
    def variable_dtype(self) -> str:
        """The same as `compute_dtype`: what Keras takes for a layer that casts nothing."""
        return self.compute_dtype

    def call(self, ids: Any) -> Tensor:
        """The rows of ids.

        Args:
            ids: Of any shape, and of the vocabulary's kind.

        Returns:
            int32, of the shape of `ids`; 0 for unknown ids.

        Raises:
            FeatureError: The ids are of another kind.
            BackendError: The ids are traced by JAX or PyTorch.
        """
        vocabulary = self.vocabulary
        if keras.config.backend() == "tensorflow" and ops.is_tensor(ids):
            return self._graph_rows(ids)
        if backend.is_symbolic(ids):
            raise BackendError(
                f"lookup {self.name!r} was called in a compiled function of {keras.config.backend()}, which "
                "holds no host values: encode ids before, with Vocabulary.rows or FeatureSpec.encode_queries"
            )
        return ops.convert_to_tensor(vocabulary.rows(ids))

    def compute_output_spec(self, ids: Any) -> keras.KerasTensor:
        """int32, of the shape of `ids`."""
        return keras.KerasTensor(ids.shape, dtype="int32")

    def get_config(self) -> dict[str, Any]:
        """The size of the vocabulary; its ids are an asset."""
        return {**super().get_config(), "vocabulary": self._vocabulary.get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer, whose vocabulary is to be loaded."""
        return cls(**{**config, "vocabulary": VocabularySize(**config["vocabulary"])})

    def save_assets(self, dir_path: str | os.PathLike[str]) -> None:
        """Writes the vocabulary into a folder; Keras calls it when a model is saved."""
        self.vocabulary.save(Path(dir_path) / _ASSET)

    def load_assets(self, dir_path: str | os.PathLike[str]) -> None:
        """Reads the vocabulary from a folder; Keras calls it when a model is loaded."""
        self._set_vocabulary(Vocabulary.load(Path(dir_path) / _ASSET))

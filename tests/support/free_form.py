"""A model as a user writes one, for tests that train it, save it, and load it in another process."""

from typing import Any

import keras
import numpy as np

import shortlist as sl

NUM_USERS, NUM_ITEMS = 9, 12


@keras.saving.register_keras_serializable(package="tests")
class FreeForm(sl.Model):
    """Two embeddings; the rest is switched on by arguments."""

    def __init__(self, dim: int = 4, *, l2: float = 0.0, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = {"dim": dim, "l2": l2, "dropout": dropout}
        regularizer = keras.regularizers.L2(l2) if l2 else None
        self.user_model = keras.layers.Embedding(NUM_USERS, dim, embeddings_regularizer=regularizer)
        self.item_model = keras.layers.Embedding(NUM_ITEMS, dim, embeddings_regularizer=regularizer)
        self.dropout = keras.layers.Dropout(dropout)
        items = np.arange(NUM_ITEMS, dtype="int32")
        metric = sl.metrics.FactorizedTopK(
            [(items, items)], encoder=self.item_model, ks=(1, 10), metrics=("recall",)
        )
        self.task = sl.tasks.Retrieval(sl.losses.InBatchSoftmax(remove_false_negatives=False), metric)

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        return self.task(
            self.dropout(self.user_model(inputs["user"])),
            self.item_model(inputs["item"]),
            candidate_ids=inputs["item"],
        )

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self.options}


def interactions(num_rows: int = 40, seed: int = 0) -> dict[str, np.ndarray]:
    """Users and the items they like: those near their own number."""
    generator = np.random.default_rng(seed)
    users = generator.integers(0, NUM_USERS, num_rows)
    return {
        "user": users.astype("int32"),
        "item": ((users + generator.integers(0, 3, num_rows)) % NUM_ITEMS).astype("int32"),
    }

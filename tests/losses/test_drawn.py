"""What losses over drawn negatives have in common: options, default sources, refusals."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist.data import Interactions
from shortlist.errors import ArgumentError
from shortlist.losses import (
    BPR,
    GBCE,
    CosineContrastive,
    FrequencyNegatives,
    Negatives,
    SampledSoftmax,
    UniformNegatives,
)
from shortlist.models import TwoTower, load_model

pytestmark = pytest.mark.contract
LOSSES = [BPR, CosineContrastive, GBCE, SampledSoftmax]


@pytest.mark.parametrize("kind", LOSSES)
def test_config_options_and_no_negatives(kind: Any) -> None:
    loss = kind(num_negatives=7, remove_accidental_hits=False, reduction="sum")
    assert kind.from_config(loss.get_config()) == loss
    assert loss.negative_source == UniformNegatives(7)
    assert kind().negative_source == UniformNegatives(1024)
    with pytest.raises(ArgumentError, match="negatives must be drawn"):
        loss(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"), Negatives())
    for options, message in (
        ({"num_negatives": 0}, "num_negatives must be None or >= 1, got 0"),
        ({"reduction": "max"}, "reduction must be 'mean' or 'sum'"),
    ):
        with pytest.raises(ArgumentError, match=message):
            kind(**options)


@pytest.mark.parametrize("kind", LOSSES)
def test_a_model_draws_the_negatives_that_the_loss_asks_for(kind: Any, tmp_path: Any) -> None:
    table = {"user": ["ann", "ann", "bob"], "film": ["Up", "Heat", "Alien"]}
    train = Interactions.from_table(table, user="user", item="film")
    keras.utils.set_random_seed(0)
    model = TwoTower.from_interactions(train, embedding_dim=4, temperature=1.0, loss=kind(num_negatives=2))
    assert model.negatives.source == UniformNegatives(2)
    model.compile()
    assert np.isfinite(model.fit(train, epochs=1, verbose=0).history["loss"][0])
    model.save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").negatives.source == UniformNegatives(2)

    drawn = TwoTower.from_interactions(train, temperature=1.0, loss=kind(), negatives=FrequencyNegatives(3))
    assert drawn.negatives.source == FrequencyNegatives(3)
    with pytest.raises(ArgumentError, match="negatives must be None if the loss has num_negatives"):
        TwoTower.from_interactions(train, loss=kind(num_negatives=2), negatives=UniformNegatives(3))


def test_vectors_of_any_length_are_refused_where_scores_must_be_cosines() -> None:
    train = Interactions.from_table({"user": ["ann"], "film": ["Up"]}, user="user", item="film")
    with pytest.raises(ArgumentError, match=r"temperature must be given with CosineContrastive\. Pass"):
        TwoTower.from_interactions(train, loss=CosineContrastive())

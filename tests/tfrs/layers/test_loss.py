"""TensorFlow Recommenders' loss layers, in their argument order."""

import keras
import numpy as np
import pytest
from tests.oracles import softmax

from shortlist.tfrs.layers.loss import HardNegativeMining, RemoveAccidentalHits, SamplingProbablityCorrection

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(2)
QUERIES = GENERATOR.normal(size=(3, 4)).astype("float32")
CANDIDATES = GENERATOR.normal(size=(5, 4)).astype("float32")
LOGITS, LABELS = QUERIES @ CANDIDATES.T, np.eye(3, 5, dtype="float32")


def array(tensor: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def test_hard_negatives_are_the_positive_and_the_highest() -> None:
    logits, labels = HardNegativeMining(2)(LOGITS, LABELS)
    for row in range(3):
        negatives = sorted(np.delete(LOGITS[row], row), reverse=True)[:2]
        assert sorted(array(logits)[row]) == pytest.approx(sorted([LOGITS[row, row], *negatives]))
    np.testing.assert_allclose(array(logits)[array(labels) == 1], np.diag(LOGITS[:, :3]))


def test_hard_negatives_follow_the_labels() -> None:
    columns = [4, 0, 3]  # the positives, none of them on the diagonal
    logits, labels = HardNegativeMining(2)(LOGITS, np.eye(5, dtype="float32")[columns])
    for row, column in enumerate(columns):
        negatives = sorted(np.delete(LOGITS[row], column), reverse=True)[:2]
        np.testing.assert_allclose(array(logits)[row], [LOGITS[row, column], *negatives])
        np.testing.assert_array_equal(array(labels)[row], [1, 0, 0])


def test_every_negative_is_kept_when_there_are_fewer() -> None:
    logits, labels = HardNegativeMining(9)(LOGITS, LABELS)
    assert array(logits).shape == array(labels).shape == LOGITS.shape


def test_accidental_hits_follow_the_labels() -> None:
    ids, columns = [4, 9, 4, 9, 1], [2, 1, 4]
    logits = array(RemoveAccidentalHits()(np.eye(5, dtype="float32")[columns], LOGITS, np.int32(ids)))
    for row, column in enumerate(columns):
        is_hit = [ids[other] == ids[column] and other != column for other in range(5)]
        np.testing.assert_array_equal(np.exp(logits[row].astype("float64")) == 0, is_hit)
        np.testing.assert_array_equal(
            logits[row][np.logical_not(is_hit)], LOGITS[row][np.logical_not(is_hit)]
        )


def test_accidental_hits_carry_no_mass() -> None:
    ids = np.int32([4, 9, 4, 9, 1])
    logits = array(RemoveAccidentalHits()(LABELS, LOGITS, ids)).astype("float64")
    expected = softmax.in_batch_softmax(
        QUERIES, CANDIDATES, candidate_ids=ids.tolist(), remove_accidental_hits=True
    )["logits"]
    np.testing.assert_array_equal(np.exp(logits) == 0, np.isneginf(expected))
    np.testing.assert_allclose(logits[np.isfinite(expected)], expected[np.isfinite(expected)], rtol=1e-5)


def test_correction_takes_the_log_off_with_the_bounds_of_the_original() -> None:
    probability = np.float32([0.5, 0.25, 1e-9, 2.0, 1e-6])
    corrected = array(SamplingProbablityCorrection()(LOGITS, probability))
    np.testing.assert_allclose(corrected, LOGITS - np.log([0.5, 0.25, 1e-6, 1.0, 1e-6]), rtol=1e-5)


@pytest.mark.parametrize(
    "layer", [HardNegativeMining(4), RemoveAccidentalHits(), SamplingProbablityCorrection()]
)
def test_config_round_trip(layer: keras.layers.Layer) -> None:
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()

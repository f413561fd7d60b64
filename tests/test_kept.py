"""Files of earlier versions, in tests/kept/, load with the same answers, or are refused with what to do."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.support.kept import KEPT, QUERIES, answers_of_index, answers_of_model

import shortlist as sl
from shortlist.errors import ArtifactError

VERSIONS = sorted(path.parent for path in KEPT.glob("*/answers.json"))
of_each_version = pytest.mark.parametrize("folder", VERSIONS, ids=lambda folder: folder.name)


def loaded_or_refused(path: Path, load: Callable[[Path], Any]) -> Any:
    """Return what `load` loads; None where the file is refused with its version and what to do."""
    try:
        return load(path)
    except ArtifactError as error:
        message = str(error)
    assert path.parent.name in message, "name the version that wrote the file"
    assert " must " in message
    assert message.count(". ") >= 1, "say what to do"
    return None


def assert_same(answers: dict[str, Any], expected: dict[str, Any]) -> None:
    assert answers.keys() == expected.keys()
    for name, value in answers.items():
        if name.endswith("ids"):
            assert value == expected[name]
        else:
            np.testing.assert_allclose(value, expected[name], atol=1e-5)


def expected_of(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / "answers.json").read_text())[name]


@pytest.mark.contract
@of_each_version
def test_model_of_an_earlier_version(folder: Path) -> None:
    model = loaded_or_refused(folder / "model.keras", sl.load_model)
    if model is not None:
        assert_same(answers_of_model(model), expected_of(folder, "model"))


@pytest.mark.contract
@of_each_version
def test_index_of_an_earlier_version(folder: Path) -> None:
    index = loaded_or_refused(folder / "index.keras", sl.load_model)
    if index is not None:
        assert_same(answers_of_index(index), expected_of(folder, "index"))


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="exports run on TensorFlow")
@of_each_version
def test_export_of_an_earlier_version(folder: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    zipfile.ZipFile(folder / "export.zip").extractall(tmp_path)
    if loaded_or_refused(folder / "export.zip", lambda path: sl.artifacts.verify(tmp_path)) is None:
        return
    served = tf.saved_model.load(tmp_path).signatures["serving_default"]
    specs = served.structured_input_signature[1]
    answer = served(**{name: tf.constant(values, specs[name].dtype) for name, values in QUERIES.items()})
    expected = expected_of(folder, "index")
    assert answer["ids"].numpy().tolist() == expected["ids"]
    np.testing.assert_allclose(answer["scores"], expected["scores"], atol=1e-5)

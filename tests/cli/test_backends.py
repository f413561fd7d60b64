import importlib.util
import os

import keras
import pytest

from shortlist.cli._backends import BACKENDS, configured_backend, start_backend
from shortlist.errors import BackendError, MissingExtraError

OTHER = next(name for name in BACKENDS if name != keras.backend.backend())


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "tensorflow"),
        ('{"backend": "jax"}', "jax"),
        ("{}", "tensorflow"),
        ("{", "tensorflow"),
        ("[]", "tensorflow"),
    ],
)
def test_the_configuration_file_of_keras_is_asked(keras_home, text, expected):
    if text is not None:
        (keras_home / "keras.json").write_text(text)
    assert configured_backend() == expected


def test_the_environment_comes_before_the_file(keras_home, monkeypatch):
    (keras_home / "keras.json").write_text('{"backend": "jax"}')
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert configured_backend() == "torch"


def test_a_backend_that_is_not_installed_names_its_extra(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shortlist\[torch\]'"):
        start_backend("torch")


def test_a_backend_that_keras_alone_knows_is_refused(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    with pytest.raises(BackendError, match="must be one of .*'numpy'"):
        start_backend(None)


@pytest.mark.skipif(importlib.util.find_spec(OTHER) is None, reason=f"{OTHER} is not installed")
def test_a_process_keeps_its_backend():
    before = dict(os.environ)
    with pytest.raises(BackendError, match=f"Start a new process with KERAS_BACKEND={OTHER}"):
        start_backend(OTHER)
    assert dict(os.environ) == before
    assert start_backend(keras.backend.backend()) == keras.backend.backend()


@pytest.mark.parametrize("name", [name for name in BACKENDS if importlib.util.find_spec(name)])
def test_a_backend_is_chosen_before_keras_is_imported_and_starts_in_silence(name, run_python):
    code = f"""
import os
os.dup2(1, 2)
os.environ.pop("KERAS_BACKEND", None)
from shortlist.cli._backends import start_backend
print(start_backend({name!r}))
import keras
print(keras.backend.backend())
"""
    assert run_python(code).split() == [name, name]

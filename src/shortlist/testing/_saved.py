"""Save checked objects, and load them again here or all at once in a new process."""

import contextlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from shortlist.features import FeatureSpec
from shortlist.features import _source as columns_of
from shortlist.models import CatalogModel, Model, load_model
from shortlist.testing._clauses import check_close, require, to_numpy

__all__ = ["answer_of", "check_reload", "check_saved", "fit_once", "keep_spec", "uncompiled"]

_LOAD_ALL = """
import json, sys
folder, paths, modules = json.loads(sys.argv[1])
sys.path[:0] = paths
import importlib
for module in modules:
    importlib.import_module(module)
from shortlist.testing._saved import failures_of
print("\\n" + json.dumps(failures_of(folder)))
"""


def check_reload(model: Any, data: Any, how: str, folder: str | os.PathLike[str] | None = None) -> Any:
    """Save a model or an index, load it in this process, and compare what both answer.

    Args:
        model: A Keras model or an index.
        data: What it answers to.
        how: As in `answer_of`.
        folder: Folder that keeps the file for `check_saved`.

    Returns:
        The loaded object, which has answered once if `how` is not `"fit"`.
    """
    with tempfile.TemporaryDirectory() as temporary:
        checked = getattr(model, "checked", model)
        path = Path(temporary, "saved.keras") if folder is None else _new_path(folder, checked, ".keras")
        model.save(path)
        loaded = load_model(path)
    expected = answer_of(model, data, how)
    with uncompiled(loaded):
        check_close(f"the {how} of the loaded object", answer_of(loaded, data, how), expected)
    if folder is not None:
        parts = [checked, *model.layers, getattr(model, "optimizer", None)]
        _keep(path, data, how, expected, [type(part) for part in parts])
    return loaded


def keep_spec(spec: FeatureSpec, raw: Any, classes: Sequence[type], folder: str | os.PathLike[str]) -> None:
    """Save a spec whose queries are encoded in a new process, by `check_saved`.

    Args:
        spec: A fitted spec.
        raw: Raw features of queries.
        classes: Classes that the spec needs.
        folder: Folder that keeps the spec for `check_saved`.
    """
    path = _new_path(folder, spec.query[0], ".spec")
    spec.save(path)
    _keep(path, raw, "encode", answer_of(spec, raw, "encode"), classes)


def _new_path(folder: str | os.PathLike[str], checked: Any, suffix: str) -> Path:
    number = len(list(Path(folder).glob("*.pickle")))
    return Path(folder, f"{type(checked).__name__}_{number}{suffix}")


def _keep(path: Path, data: Any, how: str, expected: Any, classes: Iterable[type]) -> None:
    modules = sorted({cls.__module__ for cls in classes})
    probe = {"file": path.name, "data": data, "how": how, "expected": to_numpy(expected), "modules": modules}
    path.with_suffix(".pickle").write_bytes(pickle.dumps(probe))


def check_saved(folder: str | os.PathLike[str]) -> None:
    """Load everything that checks saved into a folder in one new process, and compare its answers.

    Pass the same `folder` to several checks, then call this once: starting a process takes seconds.
    Classes of your own must be importable there, not defined in `__main__`.

    Args:
        folder: Folder that was passed to `check_loss`, `check_layer` and the others.

    Raises:
        AssertionError: If an object does not load, or answers otherwise. The message names the clause
            `saved` and the files.
    """
    probes = [pickle.loads(path.read_bytes()) for path in sorted(Path(folder).glob("*.pickle"))]
    require(probes, f"saved: {folder} holds no saved object.")
    modules = sorted({module for probe in probes for module in probe["modules"]})
    arguments = json.dumps([os.fspath(folder), sys.path, modules])
    environment = os.environ | {"KERAS_BACKEND": keras.config.backend()}
    command = [sys.executable, "-c", _LOAD_ALL, arguments]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    require(finished.returncode == 0, f"saved: the new process failed: {finished.stderr[-2000:]}")
    failures = json.loads(finished.stdout.splitlines()[-1])
    require(not failures, "saved: in a new process, " + "; ".join(failures))


def failures_of(folder: str) -> list[str]:
    """Load and try each saved object; called in the new process."""
    failures = []
    for path in sorted(Path(folder).glob("*.pickle")):
        probe = pickle.loads(path.read_bytes())
        try:
            saved = path.with_name(probe["file"])
            loaded = FeatureSpec.load(saved) if saved.suffix == ".spec" else load_model(saved)
            with uncompiled(loaded):
                found = answer_of(loaded, probe["data"], probe["how"])
            check_close(f"the {probe['how']}", found, probe["expected"])
        except Exception as error:  # reported with its file, next to the others
            failures.append(f"{path.stem}: {error}")
    return failures


def answer_of(loaded: Any, data: Any, how: str) -> Any:
    """Return what a model, an index or a spec answers to data.

    Args:
        loaded: The object.
        data: Rows for a model, queries for an index, raw features of queries for a spec.
        how: `"call"` for the outputs of a model, `"evaluate"` for its logs, `"answer"` for these with
            predictions and recommendations, `"fit"` for its weights after one more epoch; `"search"` for the
            3 best candidates of an index; `"encode"` for the encoded queries of a spec.
    """
    if how == "encode":
        return loaded.encode_queries(data)
    if how == "search":
        scores, ids = loaded(data, 3)
        return [scores, np.asarray(ids).astype(str)]
    if how == "call":
        return to_numpy(loaded(data, training=False))
    if how == "fit":
        fit_once(loaded, data)
        return loaded.get_weights()
    logs = loaded.evaluate(data, batch_size=1024, verbose=0, return_dict=True)
    if how == "evaluate":
        return logs
    answer = {"logs": logs}
    if type(loaded).call is not keras.Model.call:
        answer["predictions"] = loaded.predict(data, batch_size=1024, verbose=0)
    if isinstance(loaded, CatalogModel):
        names = [column.column for column in loaded.spec.query]
        scores, ids = loaded.recommend({name: columns_of.values(data, name)[:3] for name in names}, k=3)
        answer["recommendations"] = [scores, np.asarray(ids).astype(str)]
    return answer


@contextlib.contextmanager
def uncompiled(loaded: Any) -> Iterator[None]:
    """Run the steps of a model eagerly on TensorFlow, where tracing them takes longer than a few steps."""
    if not isinstance(loaded, Model) or keras.config.backend() != "tensorflow":
        yield
        return
    before, loaded.run_eagerly = loaded.run_eagerly, True
    try:
        yield
    finally:
        loaded.run_eagerly = before
        loaded.train_function = loaded.test_function = loaded.predict_function = None


def fit_once(model: Any, data: Any) -> dict[str, Any]:
    """Train one epoch of one batch from a fixed seed; return its logs."""
    keras.utils.set_random_seed(0)
    history = model.fit(data, batch_size=1024, epochs=1, shuffle=False, verbose=0).history
    return {name: np.float64(values[-1]) for name, values in history.items()}

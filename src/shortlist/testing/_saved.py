"""Save checked objects, and load them again here or all at once in a new process."""

import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from shortlist.models import load_model
from shortlist.testing._clauses import check_close, require, to_numpy

__all__ = ["answer_of", "check_reload", "check_saved", "fit_once"]

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


def check_reload(model: Any, data: Any, how: str, folder: str | os.PathLike[str] | None = None) -> None:
    """Save a model, load it in this process, and compare what both answer.

    Args:
        model: A Keras model.
        data: What it answers to.
        how: `"call"`, `"evaluate"`, or `"fit"` for the weights after one more epoch.
        folder: Folder that keeps the file for `check_saved`.
    """
    checked = getattr(model, "checked", model)
    with tempfile.TemporaryDirectory() as temporary:
        number = 0 if folder is None else len(list(Path(folder).glob("*.keras")))
        path = Path(temporary if folder is None else folder, f"{type(checked).__name__}_{number}.keras")
        model.save(path)
        loaded = load_model(path)
    expected = answer_of(model, data, how)
    check_close(f"the {how} of the loaded object", answer_of(loaded, data, how), expected)
    if folder is not None:
        modules = sorted({type(part).__module__ for part in [checked, *model.layers]})
        probe = {"data": data, "how": how, "expected": to_numpy(expected), "modules": modules}
        Path(folder, path.stem + ".pickle").write_bytes(pickle.dumps(probe))


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
            model = load_model(path.with_suffix(".keras"))
            found = answer_of(model, probe["data"], probe["how"])
            check_close(f"the {probe['how']}", found, probe["expected"])
        except Exception as error:  # reported with its file, next to the others
            failures.append(f"{path.stem}: {error}")
    return failures


def answer_of(model: Any, data: Any, how: str) -> Any:
    """Return what a model answers to data: its outputs, its logs, or its weights after one more epoch."""
    if how == "call":
        return to_numpy(model(data, training=False))
    if how == "evaluate":
        return model.evaluate(data, batch_size=1024, verbose=0, return_dict=True)
    fit_once(model, data)
    return model.get_weights()


def fit_once(model: Any, data: Any) -> dict[str, Any]:
    """Train one epoch of one batch from a fixed seed; return its logs."""
    keras.utils.set_random_seed(0)
    history = model.fit(data, batch_size=1024, epochs=1, shuffle=False, verbose=0).history
    return {name: np.float64(values[-1]) for name, values in history.items()}

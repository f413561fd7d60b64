"""What the project promises as a whole: its names, its version, its layout."""

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.api import BACKENDS, public_packages

import shortlist

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "shortlist"

# Modules that have no test file of their own name, each with the cause.
TESTED_ELSEWHERE = {
    "errors.py": "no behavior but a message, which its docstring's example tests",
    **{
        f"backend/{name}/_masks.py": "tests/backend/test_positive_mask.py and test_exclusion_mask.py"
        for name in BACKENDS
    },
    "losses/_softmax.py": "tests/losses/test_in_batch_softmax.py and test_sampled_softmax.py",
    "metrics/_catalog_metric.py": "a protocol; tests/models/test_catalog.py has a metric of its own",
    "metrics/_gini.py": "tests/metrics/test_spread.py, with coverage and novelty",
    "metrics/_map.py": "tests/metrics/test_ranking.py, with all ranking metrics",
    "metrics/_novelty.py": "tests/metrics/test_spread.py, with coverage and Gini",
    "testing/_clauses.py": "tests/testing/test_losses.py and its neighbors, clause by clause",
    "testing/_saved.py": "tests/test_contracts.py, in one new process for all kinds",
    "metrics/_true_ranks.py": "tests/metrics/test_ranking.py, with all ranking metrics",
}


@pytest.mark.parametrize("name", public_packages())
def test_each_public_name_is_importable_and_named_once(name: str) -> None:
    package = importlib.import_module(name)
    assert len(package.__all__) == len(set(package.__all__))
    for public in package.__all__:
        assert getattr(package, public) is not None


def test_versions_agree() -> None:
    assert shortlist.__version__ == importlib.metadata.version("shortlist")


@pytest.mark.parametrize("backend", [name for name in BACKENDS if importlib.util.find_spec(name)])
def test_no_backend_is_loaded_that_keras_has_not_loaded(backend: str, run_python: Callable[..., str]) -> None:
    code = f"""
import sys
import keras
of_keras = set(sys.modules)
import shortlist
for name in shortlist.__all__:
    getattr(shortlist, name)
print(*sorted({set(BACKENDS)!r} & (set(sys.modules) - of_keras)))
assert keras.backend.backend() == {backend!r}
"""
    assert run_python(code, backend=backend).split() == []


def test_data_is_read_without_keras(run_python: Callable[..., str]) -> None:
    code = "import sys, shortlist.data; print('keras' in sys.modules)"
    assert run_python(code) == "False\n"


def is_long(path: Path) -> bool:
    return path.name != "__init__.py" and len(path.read_text().splitlines()) > 30


def slots_of_test(module: Path) -> list[Path]:
    """Where the test of a module may be: graph encoders in backend/ share one, which each backend runs."""
    test = Path("tests") / module.with_name(f"test_{module.stem.lstrip('_')}.py")
    is_encoder = module.parts[0] == "backend" and len(module.parts) == 3
    return [test, test.parents[1] / test.name] if is_encoder else [test]


def test_each_module_has_its_test_file() -> None:
    modules = [path.relative_to(SOURCE) for path in sorted(SOURCE.rglob("*.py")) if is_long(path)]
    untested = {m.as_posix() for m in modules if not any((ROOT / t).is_file() for t in slots_of_test(m))}
    untested -= set(TESTED_ELSEWHERE)
    assert not untested, "no test file of their name:\n" + "\n".join(sorted(untested))


def test_no_exception_from_the_rule_has_outlived_its_cause() -> None:
    gone = [name for name in TESTED_ELSEWHERE if not (SOURCE / name).is_file()]
    tested = [name for name in TESTED_ELSEWHERE if (ROOT / slots_of_test(Path(name))[0]).is_file()]
    assert gone + tested == []

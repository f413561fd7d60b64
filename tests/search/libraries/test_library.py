"""Optional libraries are imported on first use."""

from collections.abc import Callable

import pytest

from shortlist.errors import MissingExtraError
from shortlist.search.libraries._library import library


def test_missing_and_broken_packages_raise_different_errors(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_package.py").write_text("import a_package_that_is_nowhere")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        MissingExtraError, match=r"nowhere_at_all must be installed to use x.*'shortlist\[some\]'"
    ):
        library("nowhere_at_all", "some", "x")
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_nowhere") as caught:
        library("broken_package", "some", "x")
    assert not isinstance(caught.value, MissingExtraError)


def test_importing_indexes_imports_no_library(run_python: Callable[..., str]) -> None:
    code = "import sys, shortlist.indexes; print({'faiss', 'scann', 'annoy', 'usearch'} & set(sys.modules))"
    assert run_python(code).strip() == "set()"

"""Hold the language: no banned words, and one grammar for error messages."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.support.language import Violation, banned_words, messages_without_must

from shortlist import errors

ROOT = Path(__file__).parents[1]
CHECKER = ROOT / "tests" / "support" / "language.py"
EXCEPTIONS = set(errors.__all__) - {"must", "MissingExtraError"}


def assert_none(violations: Iterable[Violation]) -> None:
    lines = [str(one._replace(path=one.path.relative_to(ROOT))) for one in violations]
    if lines:
        pytest.fail(f"{len(lines)} lines to rewrite:\n" + "\n".join(lines), pytrace=False)


def source_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def test_docs_have_no_banned_words() -> None:
    pages = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    assert_none(one for page in pages for one in banned_words(page))


@pytest.mark.parametrize("folder", ["src", "benchmarks", "examples"])
def test_code_has_no_banned_words(folder: str) -> None:
    assert_none(one for path in source_files(folder) for one in banned_words(path))


def test_tests_have_no_banned_words() -> None:
    files = [
        path
        for path in [ROOT / "conftest.py", *source_files("tests")]
        if path not in (CHECKER, Path(__file__))
    ]
    assert_none(one for path in files for one in banned_words(path, literals=False))


def test_error_messages_are_built_by_must() -> None:
    assert_none(one for path in source_files("src") for one in messages_without_must(path, EXCEPTIONS))


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("# learnt by heart", [1]),
        ('"""Doc.\n\nThe catalogue."""\nx = "judge"', [3, 4]),
        ("def find_fresh(): pass", [1]),
        ("class CatalogueModel: pass", [1]),
        ("x = 1  # a fresh clone, with its best effort", []),
        ("y = 'behaviour'\nz = normalise(y)", [1, 2]),
    ],
)
def test_banned_words_are_found(code: str, lines: list[int], tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text(code)
    assert [one.line for one in banned_words(path)] == lines


def test_literals_of_tests_are_not_prose(tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text('"""Judge."""\nx = "judge"')
    assert [one.line for one in banned_words(path, literals=False)] == [1]


@pytest.mark.parametrize(
    ("code", "is_built"),
    [
        ("raise ArgumentError(must('k', 'be > 0'))", True),
        ("raise errors.ArgumentError(errors.must('k', 'be > 0'))", True),
        ("message = must('k', 'be > 0')\nraise ArgumentError(message)", True),
        ("def text(k):\n    return must(k, 'be > 0')\nraise ArgumentError(text('k'))", True),
        ("raise ArgumentError('k must be > 0.')", False),
        ("raise ArgumentError(f'{k} must be > 0.')", False),
        ("raise errors.DataError", False),
        ("raise DataError()", False),
        ("def text(k):\n    return 'no'\nraise ArgumentError(text('k'))", False),
    ],
)
def test_messages_are_found_that_must_did_not_build(code: str, is_built: bool, tmp_path: Path) -> None:
    path = tmp_path / "code.py"
    path.write_text(code)
    assert (not list(messages_without_must(path, EXCEPTIONS))) == is_built

"""MovieLens, loaded once for the tests of data."""

from pathlib import Path

import pytest

from shortlist.data import Dataset, load_movielens


@pytest.fixture(scope="session")
def movielens_100k(movielens_directory: Path) -> Dataset:
    return load_movielens("100k", movielens_directory)


@pytest.fixture(scope="session")
def movielens_1m(movielens_directory: Path) -> Dataset:
    return load_movielens("1m", movielens_directory)

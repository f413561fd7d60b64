"""A catalog gives back its ids, the rows that training knows them by, and what the tower takes."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from shortlist.errors import FeatureError
from shortlist.features import Category, Vocabulary
from shortlist.models._item_catalog import Catalog

TRAINED = ["Up", "Heat", "Alien"]


COLUMNS = [Category("film").fit(TRAINED)]


@pytest.mark.contract
def test_items_have_their_rows_and_new_ones_numbers_of_their_own() -> None:
    films = ["Heat", "Solaris", "Up", "Dune"]
    ((rows, features),) = list(Catalog.of_items(pa.table({"film": films}), COLUMNS, "film"))
    known = Vocabulary(TRAINED).rows(films)
    np.testing.assert_array_equal(features["film"], known)
    np.testing.assert_array_equal(rows[known > 0], known[known > 0])
    new = rows[known == 0]
    assert len(set(new.tolist())) == 2
    assert max(new) < -1  # -1 is padding


@pytest.mark.contract
@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_batches_hold_every_item_once_as_often_as_they_are_read(batch_size: int) -> None:
    features = {"film": np.arange(1, 6, dtype="int32"), "year": np.arange(5, dtype="float32")}
    catalog = Catalog(Vocabulary(list("abcde")), features, "film", batch_size=batch_size)
    for _ in range(2):
        batches = list(catalog)
        assert max(len(rows) for rows, _ in batches) <= batch_size
        np.testing.assert_array_equal(np.concatenate([rows for rows, _ in batches]), features["film"])
        np.testing.assert_array_equal(np.concatenate([one["year"] for _, one in batches]), features["year"])
    assert catalog.ids.tolist() == list("abcde")


@pytest.mark.contract
def test_saved_and_loaded(tmp_path: Path) -> None:
    catalog = Catalog.of_items({"film": ["Heat", "Solaris"]}, COLUMNS, "film")
    catalog.save(str(tmp_path))
    loaded = Catalog.load(str(tmp_path), "film")
    assert loaded.ids.tolist() == ["Heat", "Solaris"]
    for (rows, features), (saved_rows, saved) in zip(loaded, catalog, strict=True):
        np.testing.assert_array_equal(rows, saved_rows)
        np.testing.assert_array_equal(features["film"], saved["film"])
        assert features["film"].dtype == saved["film"].dtype


@pytest.mark.contract
def test_items_without_the_column_and_items_that_are_duplicated_are_refused() -> None:
    with pytest.raises(FeatureError, match="film"):
        Catalog.of_items({"title": ["Heat"]}, COLUMNS, "film")
    with pytest.raises(ValueError, match="'Up'"):
        Catalog.of_items({"film": ["Up", "Up"]}, COLUMNS, "film")


def test_a_new_item_in_the_first_place_has_no_number_that_stands_for_padding() -> None:
    columns = [Category("film").fit(["Up"])]
    ((rows, _),) = list(Catalog.of_items({"film": ["Solaris", "Up", "Dune"]}, columns, "film"))
    assert rows[1] == 1
    assert max(rows[[0, 2]]) < -1
    assert rows[0] != rows[2]

"""Fitting to parts equals fitting to the whole."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shortlist.data import InteractionFiles
from shortlist.errors import FeatureError
from shortlist.features import Buckets, Categories, Category, FeatureSpec, Number, Text

NUM_ROWS, ROWS_OF_A_FILE = 90, 20
GENERATOR = np.random.default_rng(0)
TABLE = pa.table(
    {
        "user": [f"u{n % 7}" for n in range(NUM_ROWS)],
        "film": GENERATOR.integers(1, 30, NUM_ROWS),
        "genres": [["Drama", "War", "Sci-Fi"][: n % 4] for n in range(NUM_ROWS)],
        "title": [f"the {'big' if n % 3 else 'small'} {n % 5}" for n in range(NUM_ROWS)],
        "age": GENERATOR.integers(10, 80, NUM_ROWS),
        "price": GENERATOR.normal(1e9, 1.0, NUM_ROWS),
    }
)
QUERY = [Category("user"), Number("age"), Buckets("price", num_buckets=4)]
CANDIDATE = [Category("film"), Categories("genres"), Text("title"), Number("price")]
SPEC = FeatureSpec(QUERY, CANDIDATE, query_id="user", candidate_id="film")


@pytest.fixture
def files(tmp_path):
    for number, start in enumerate(range(0, NUM_ROWS, ROWS_OF_A_FILE)):
        pq.write_table(TABLE.slice(start, ROWS_OF_A_FILE), tmp_path / f"{number}.parquet")
    return InteractionFiles(tmp_path, user="user", item="film")


@pytest.mark.contract
def test_files_fit_like_the_table(files):
    whole, parts = SPEC.fit(TABLE), SPEC.fit(files)
    assert parts.is_fitted
    for side in ("query", "candidate"):
        for one, other in zip(getattr(whole, side), getattr(parts, side), strict=True):
            if isinstance(one, Number):
                assert other.mean == pytest.approx(one.mean, rel=1e-15)
                assert other.std == pytest.approx(one.std, rel=1e-7)
                assert other.is_integer == one.is_integer
            else:
                assert one == other


def test_numbers_keep_their_digits_far_from_zero():
    values = 1e9 + np.random.default_rng(1).normal(size=10_000)
    fitter = Number("x").fitter()
    for part in np.split(values, 100):
        fitter.add(part)
    fitted = fitter.fitted()
    assert fitted.mean == pytest.approx(values.mean(), rel=1e-15)
    assert fitted.std == pytest.approx(values.std(), rel=1e-8)


def test_equal_numbers_have_a_standard_deviation_of_one():
    fitter = Number("x").fitter()
    for _ in range(3):
        fitter.add([0.1, 0.1])
    assert (fitter.fitted().mean, fitter.fitted().std) == (0.1, 1.0)


def test_quantiles_of_many_values_are_those_of_a_fair_sample():
    values = np.random.default_rng(2).permutation(3_000_000)
    fitter = Buckets("x", num_buckets=10).fitter()
    for part in np.array_split(np.sort(values), 7):
        fitter.add(part)
    edges = np.array(fitter.fitted().edges)
    # In rank, the standard deviation is at most 0.5 / sqrt(2^20) = 0.05 % of all values.
    np.testing.assert_allclose(edges, np.arange(1, 10) * 300_000, atol=5 * 0.0005 * 3_000_000)


@pytest.mark.contract
def test_ids_come_from_the_items_first_and_features_from_the_items_alone(files):
    items = pa.table({"film": [77, 3], "genres": [["Noir"], []], "title": ["a", "b"], "price": [1.0, 3.0]})
    fitted = SPEC.fit(files, items)
    known = fitted.candidate_vocabulary.known_ids.tolist()
    assert known[:2] == [77, 3]
    assert set(known) == {77, 3, *TABLE["film"].to_pylist()}
    assert fitted.candidate[1].known.known_ids.tolist() == ["Noir"]
    assert fitted.candidate[3].mean == 2.0


def test_failures_name_the_file_the_rows_and_the_column(tmp_path):
    for name, ages in (("a", [1, 2]), ("b", [3, None])):
        pq.write_table(pa.table({"u": [1, 2], "i": [1, 2], "age": ages}), tmp_path / f"{name}.parquet")
    files = InteractionFiles(tmp_path, user="u", item="i")
    spec = FeatureSpec([Category("u"), Number("age")], [Category("i")])
    with pytest.raises(
        FeatureError,
        match=r"b.parquet, in 2 rows .*: column 'age': rows must have a value, got none in row 1",
    ):
        spec.fit(files)
    with pytest.raises(FeatureError, match="must have the column 'gender'"):
        FeatureSpec([Category("gender")], [Category("i")]).fit(files)


def test_fitted_columns_are_not_fitted_again():
    query, candidate = [Category("user").fit(["x"])], [Category("film").fit([1])]
    fitted = FeatureSpec(query, candidate, candidate_id="film").fit({"user": [], "film": []})
    assert (fitted.query, fitted.candidate) == (tuple(query), tuple(candidate))


@pytest.mark.parametrize("kind", [Number, Buckets])
@pytest.mark.parametrize(
    ("parts", "expected"), [([[1], [2]], True), ([[1.5], [2]], False), ([[1], [2.0]], False)]
)
def test_numbers_are_integers_when_those_of_all_parts_are(kind, parts, expected):
    fitter = kind("x").fitter()
    for part in parts:
        fitter.add(part)
    assert fitter.fitted().is_integer is expected

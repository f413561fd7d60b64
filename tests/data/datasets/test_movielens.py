import zipfile
from collections import Counter

import pyarrow as pa
import pytest

from shortlist.data import load_movielens
from shortlist.errors import ArgumentError, DataError

ODD_TITLE = '"Amélie", "The" Film: It\'s 50% | no, really (1999) (2001) '
SMALL_100K = {
    "u.data": "7\t1\t3\t881250949\n8\t2\t5\t891717742\n",
    "u.user": "7|24|M|technician|02139\n8|53|F|other|T8H1N\n",
    "u.genre": "unknown|0\nDrama|1\nWar|2\n\n",
    "u.item": f"1|{ODD_TITLE.replace('|', '/')}|01-Jan-1995||http://x|0|1|1\n2|unknown||||1|0|0\n",
}
SMALL_1M = {
    "ratings.dat": "7::1::3::978300760\n8::2::5::978302109\n",
    "users.dat": "7::F::1::10::02139\n8::M::56::16::70072-1\n",
    "movies.dat": f"1::{ODD_TITLE}::Drama|War\n2::Plain::War\n",
}
SMALL = {"100k": SMALL_100K, "1m": SMALL_1M}


def write(directory, size, **changes):
    files = SMALL[size] | {name.replace("_", "."): text for name, text in changes.items()}
    with zipfile.ZipFile(directory / f"ml-{size}.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(f"ml-{size}/{name}", text.encode("latin-1"))
    return directory


@pytest.mark.parametrize("size", ["100k", "1m"])
def test_a_small_archive_is_read_exactly(tmp_path, size):
    data = load_movielens(size, write(tmp_path, size))
    assert data.name == f"ml-{size}"
    assert data.interactions.users.tolist() == ["7", "8"]
    assert data.interactions.items.tolist() == ["1", "2"]
    assert data.interactions.ratings.tolist() == [3.0, 5.0]
    assert data.interactions.ratings.dtype == "float32"
    assert data.users["zip_code"].to_pylist()[0] == "02139"
    assert data.items["title"].to_pylist()[0] == (
        ODD_TITLE.replace("|", "/") if size == "100k" else ODD_TITLE
    )
    assert data.items["year"].to_pylist() == [2001, None]
    assert data.items["genres"].to_pylist()[0] == ["Drama", "War"]


@pytest.mark.parametrize("size", ["100k", "1m"])
def test_both_sizes_have_the_same_columns(tmp_path, size):
    data = load_movielens(size, write(tmp_path, size))
    text, number = pa.string(), pa.int64()
    assert data.interactions.table.schema == pa.schema(
        {"user_id": text, "movie_id": text, "rating": pa.float32(), "timestamp": number}
    )
    assert data.users.schema == pa.schema(
        {"user_id": text, "age": number, "gender": text, "occupation": text, "zip_code": text}
    )
    assert data.items.schema == pa.schema(
        {"movie_id": text, "title": text, "year": number, "genres": pa.list_(text)}
    )


@pytest.mark.parametrize(
    ("size", "changes", "message"),
    [
        (
            "100k",
            {"u_data": "7\t1\t3\n"},
            r"ml-100k.zip: ml-100k/u.data must be readable, .*Row #1.*Expected 4 columns",
        ),
        (
            "1m",
            {"ratings_dat": "7::1::good::1\n"},
            r"ml-1m.zip: ml-1m/ratings.dat must be readable, .*Row #1.*'good'",
        ),
    ],
)
def test_a_bad_row_is_named(tmp_path, size, changes, message):
    with pytest.raises(DataError, match=message):
        load_movielens(size, write(tmp_path, size, **changes))


def test_a_truncated_archive_is_named(movielens_directory, tmp_path):
    whole = (movielens_directory / "ml-100k.zip").read_bytes()
    (tmp_path / "ml-100k.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"ml-100k.zip.*must be readable.*get it again"):
        load_movielens("100k", tmp_path)


def test_an_unknown_size_lists_those_there_are():
    with pytest.raises(ArgumentError, match=r"size must be one of \['100k', '1m'\], got '20m'"):
        load_movielens("20m")


def test_movielens_100k_is_as_published(movielens_100k):
    data = movielens_100k
    assert len(data.interactions) == 100_000
    assert data.users.num_rows == len(set(data.interactions.users)) == 943
    assert data.items.num_rows == len(set(data.interactions.items)) == 1682
    assert len(set(data.items["title"].to_pylist())) == 1664
    assert Counter(data.interactions.ratings.tolist()) == {1: 6110, 2: 11370, 3: 27145, 4: 34174, 5: 21201}
    assert data.items.slice(0, 1).to_pylist() == [
        {
            "movie_id": "1",
            "title": "Toy Story (1995)",
            "year": 1995,
            "genres": ["Animation", "Children's", "Comedy"],
        }
    ]
    assert [row["movie_id"] for row in data.items.to_pylist() if row["year"] is None] == ["267"]


def test_movielens_1m_is_as_published(movielens_1m):
    data = movielens_1m
    assert len(data.interactions) == 1_000_209
    assert data.users.num_rows == 6040
    assert data.items.num_rows == 3883
    assert len(set(data.interactions.items)) == 3706
    assert min(Counter(data.interactions.users).values()) == 20
    titles = dict(zip(data.items["movie_id"].to_pylist(), data.items["title"].to_pylist(), strict=True))
    assert titles["73"] == "Misérables, Les (1995)"
    assert data.items["year"].null_count == 0


def test_joined_movielens_has_all_features(movielens_100k):
    joined = movielens_100k.joined()
    assert len(joined) == 100_000
    assert joined.columns == [
        *("user_id", "movie_id", "rating", "timestamp"),
        *("age", "gender", "occupation", "zip_code"),
        *("title", "year", "genres"),
    ]

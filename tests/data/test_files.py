import pytest

from shortlist.data._files import is_parquet, list_files
from shortlist.errors import DataError


@pytest.fixture
def folder(tmp_path):
    for name in ("b.parquet", "a.csv", "deep/c.PQ", "_SUCCESS", ".hidden.csv", "deep/d.csv.gz", "odd[1].csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


def names(files, folder):
    return [path.relative_to(folder).as_posix() for path in files]


def test_a_folder_means_all_data_files_in_it_and_below(folder):
    found = names(list_files(folder), folder)
    assert found == ["a.csv", "b.parquet", "deep/c.PQ", "deep/d.csv.gz", "odd[1].csv"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.csv", ["a.csv", "odd[1].csv"]),
        ("**/[bc].*", ["b.parquet", "deep/c.PQ"]),
        ("odd[1].csv", ["odd[1].csv"]),
        ("a.csv", ["a.csv"]),
    ],
)
def test_a_pattern_means_the_files_it_meets_sorted(folder, pattern, expected):
    assert names(list_files(f"{folder}/{pattern}"), folder) == expected


def test_a_list_keeps_its_order_and_paths_may_be_relative(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert names(list_files(["deep", "a.csv"]), folder) == ["deep/c.PQ", "deep/d.csv.gz", "a.csv"]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ("none*.csv", r"file none\*.csv must exist, got nothing at /"),
        ([], "empty list"),
        ("_SUCCESS", "_SUCCESS must have a name that ends in one of"),
        (["a.csv", "*.csv"], "paths must name each file once, got .*a.csv"),
        (["empty"], "folder .*empty must hold a file"),
    ],
)
def test_what_means_no_files_is_refused(folder, monkeypatch, paths, message):
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(DataError, match=message):
        list_files(paths)


def test_the_name_tells_the_kind(folder):
    assert [is_parquet(path) for path in list_files(folder)] == [False, True, True, False, False]

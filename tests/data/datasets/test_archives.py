import hashlib
import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from shortlist.data.datasets._archives import Archive, cache_directory, find_archive, read_member
from shortlist.errors import DataError, DatasetUnavailable


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


CONTENT = zip_of({"small/a.txt": bytes(range(256)) * 40})


class Handler(BaseHTTPRequestHandler):
    """Serves the archive whole, or breaks off in the middle."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2] if "half" in self.path else CONTENT)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    """A machine without archives, whose loopback no proxy stands before."""
    monkeypatch.setattr("shortlist.data.datasets._archives.pooch.os_cache", lambda name: tmp_path / name)
    monkeypatch.delenv("SHORTLIST_DATA_DIR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "shortlist"


def archive_at(url, content=CONTENT):
    return Archive("small.zip", url, hashlib.md5(content).hexdigest())


NOWHERE = archive_at("http://127.0.0.1:9/small.zip")


def put(directory, content=b"anything"):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "small.zip").write_bytes(content)
    return directory


def test_the_directory_comes_before_the_variable(tmp_path, monkeypatch):
    named, shared = put(tmp_path / "named"), put(tmp_path / "shared")
    monkeypatch.setenv("SHORTLIST_DATA_DIR", str(shared))
    assert find_archive(NOWHERE, named) == named / "small.zip"
    assert find_archive(NOWHERE) == shared / "small.zip"


def test_a_named_directory_without_the_archive_is_an_error_of_its_own(tmp_path, server):
    with pytest.raises(DatasetUnavailable, match="nothing-here, which does not exist"):
        find_archive(archive_at(f"{server}/small.zip"), tmp_path / "nothing-here")


def test_the_variable_comes_before_the_cache_and_the_cache_before_the_network(
    empty_cache, tmp_path, monkeypatch
):
    put(empty_cache, CONTENT)
    monkeypatch.setenv("SHORTLIST_DATA_DIR", str(tmp_path / "without"))
    assert find_archive(NOWHERE) == empty_cache / "small.zip"


def test_a_download_is_checked_and_kept(empty_cache, server):
    path = find_archive(archive_at(f"{server}/small.zip"))
    assert path == cache_directory() / "small.zip"
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in empty_cache.iterdir()] == ["small.zip"]


def test_a_download_with_another_checksum_is_not_kept(empty_cache, server):
    with pytest.raises(DataError, match=r"small.zip must be the published archive"):
        find_archive(archive_at(f"{server}/small.zip", b"other"))
    assert list(empty_cache.iterdir()) == []


def test_a_download_that_breaks_off_is_not_kept(empty_cache, server):
    with pytest.raises(DatasetUnavailable, match="a failed download"):
        find_archive(archive_at(f"{server}/half.zip"))
    assert list(empty_cache.iterdir()) == []


def test_a_changed_file_in_the_cache_is_downloaded_again(empty_cache, server):
    put(empty_cache, b"changed")
    assert find_archive(archive_at(f"{server}/small.zip")).read_bytes() == CONTENT


def test_without_a_network_the_error_names_the_three_ways(empty_cache):
    with pytest.raises(DatasetUnavailable) as caught:
        find_archive(NOWHERE)
    message = str(caught.value)
    for way in ("directory=", "SHORTLIST_DATA_DIR (not set)", str(empty_cache), NOWHERE.url):
        assert way in message
    assert "Connection refused. " in message
    assert caught.value.__suppress_context__


def test_a_variable_that_names_nothing_is_called_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("SHORTLIST_DATA_DIR", str(tmp_path / "typo"))
    with pytest.raises(DatasetUnavailable, match=r"SHORTLIST_DATA_DIR \(.*typo, which is missing\)"):
        find_archive(NOWHERE)
    with pytest.raises(DatasetUnavailable, match=f"the folder {tmp_path}, which does not hold it"):
        find_archive(NOWHERE, tmp_path)


def test_a_member_is_read_whole(tmp_path):
    put(tmp_path, CONTENT)
    assert read_member(tmp_path / "small.zip", "small/a.txt") == bytes(range(256)) * 40


def test_a_changed_byte_is_found_unless_it_changes_nothing(tmp_path):
    with zipfile.ZipFile(io.BytesIO(CONTENT)) as archive:
        (member,) = archive.infolist()
    # The compressed bytes stand behind a header of 30 bytes and the name.
    start = 30 + len(member.filename)
    for position in range(start, start + member.compress_size):
        changed = CONTENT[:position] + bytes([CONTENT[position] ^ 255]) + CONTENT[position + 1 :]
        path = put(tmp_path, changed) / "small.zip"
        try:
            content = read_member(path, "small/a.txt")
        except DataError:
            continue
        assert content == bytes(range(256)) * 40


@pytest.mark.parametrize(
    "content",
    [b"", CONTENT[: len(CONTENT) // 2], CONTENT[:-1], zip_of({"other": b""})],
    ids=["empty", "half", "one byte short", "another"],
)
def test_a_damaged_archive_is_named_with_what_to_do(tmp_path, content):
    path = put(tmp_path, content) / "small.zip"
    with pytest.raises(
        DataError, match=r"small.zip: small/a.txt must be readable.*delete it and get it again"
    ):
        read_member(path, "small/a.txt")

import http.server
import stat
import threading
import zipfile

import pytest

from tapnb.movies.downloads import check_sequences, download, fetch_sequences, sha256_of, unpack

TABLE = "1 0 1 0\n2 2 4 1\n3 2 3 1\n"
FACTS = {"01": (5, 1)}


class Server(http.server.ThreadingHTTPServer):
    """A loopback server of one file that answers ranges and can cut a transfer."""

    daemon_threads = True

    def __init__(self, content):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.cut, self.ranges, self.asked = content, None, True, []
        self.address = f"http://127.0.0.1:{self.server_port}/movie.zip"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content, asked = self.server.content, self.headers.get("Range", "")
        self.server.asked.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.server.ranges else 0
        if self.path != "/movie.zip":
            return self.send_error(404)
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if self.server.ranges else 200)
        if self.server.ranges:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:self.server.cut])

    def log_message(self, *args):
        pass


@pytest.fixture
def archive(tmp_path):
    """A tiny archive in the challenge's layout, five frames and one division."""
    path = tmp_path / "made.zip"
    with zipfile.ZipFile(path, "w") as file:
        for t in range(5):
            file.writestr(f"movie/01/t{t:03d}.tif", bytes(range(256)) * 40)
        file.writestr("movie/01_GT/TRA/man_track.txt", TABLE)
    return path


@pytest.fixture
def server(archive, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Server(archive.read_bytes())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_download(server, archive, tmp_path):
    path = download(server.address, tmp_path / "new" / "got.zip", progress=False)
    assert sha256_of(path) == sha256_of(archive)
    assert [file.name for file in path.parent.iterdir()] == ["got.zip"]


@pytest.mark.parametrize("ranges", [True, False])
def test_cut_transfer_is_continued(server, archive, tmp_path, ranges):
    server.cut, server.ranges = 30_000, ranges
    with pytest.raises(ConnectionError, match="stopped after .*run the same command again to continue"):
        download(server.address, tmp_path / "got.zip", progress=False)
    kept = (tmp_path / "got.zip.part").stat().st_size
    assert 0 < kept <= 30_000 and not (tmp_path / "got.zip").exists()
    server.cut = None
    download(server.address, tmp_path / "got.zip", progress=False)
    assert server.asked == ["bytes=0-", f"bytes={kept}-"]
    assert sha256_of(tmp_path / "got.zip") == sha256_of(archive)
    assert not (tmp_path / "got.zip.part").exists()


def test_whole_part_is_recognised_and_a_foreign_one_dropped(server, archive, tmp_path):
    part = tmp_path / "got.zip.part"
    part.write_bytes(archive.read_bytes())
    assert sha256_of(download(server.address, tmp_path / "got.zip", progress=False)) == sha256_of(archive)
    part.write_bytes(archive.read_bytes() + b"more")
    with pytest.raises(ConnectionError, match="not a part of it"):
        download(server.address, tmp_path / "got.zip", progress=False)
    assert not part.exists()


def test_server_errors(server, tmp_path):
    with pytest.raises(ConnectionError, match="HTTPError"):
        download(server.address + "x", tmp_path / "got.zip", progress=False)
    server.shutdown()
    server.server_close()
    with pytest.raises(ConnectionError, match="ConnectionError"):
        download(server.address, tmp_path / "got.zip", progress=False)


def link():
    member = zipfile.ZipInfo("movie/link")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize("member", ["../evil.txt", "movie/../../evil.txt", "/evil.txt", "..\\evil.txt",
                                    "C:\\evil.txt", "C:evil.txt", "\\\\host\\evil.txt", "movie/..", link()])
def test_hostile_archives_write_nothing(tmp_path, member):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as file:
        file.writestr("movie/good.txt", "good")
        file.writestr(member, "evil")
    with pytest.raises(ValueError, match="unsafe member"):
        unpack(tmp_path / "bad.zip", tmp_path / "inner" / "folder")
    assert [file.name for file in tmp_path.rglob("*")] == ["bad.zip"]


def test_damaged_archives(archive, tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"an error page")
    with pytest.raises(ValueError, match="not a sound zip archive"):
        unpack(tmp_path / "bad.zip", tmp_path / "folder")
    content = bytearray(archive.read_bytes())
    content[100] ^= 255  # within the first, stored member
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(ValueError, match="not a sound zip archive"):
        unpack(tmp_path / "bad.zip", tmp_path / "folder")


def test_fetch_sequences(server, tmp_path, capsys):
    folder = tmp_path / "data" / "movie"
    server.cut = 20_000
    with pytest.raises(ConnectionError):
        fetch_sequences(server.address, folder, FACTS, progress=False)
    server.cut = None
    assert fetch_sequences(server.address, folder, FACTS, progress=False) == folder
    assert sorted(file.name for file in folder.iterdir()) == ["01", "01_GT"]
    assert [file.name for file in folder.parent.iterdir()] == ["movie"]  # neither archive nor scratch stays
    assert "sha256" in capsys.readouterr().out
    asked = len(server.asked)
    fetch_sequences(server.address, folder, FACTS, progress=False)
    assert len(server.asked) == asked  # what is there is not fetched again


def test_unexpected_content_is_not_kept(server, tmp_path):
    folder = tmp_path / "movie"
    with pytest.raises(ValueError, match="5 frames and 1 divisions, expected 92 and 94"):
        fetch_sequences(server.address, folder, {"01": (92, 94)}, progress=False)
    assert not folder.exists()
    with pytest.raises(FileNotFoundError):
        check_sequences(folder, FACTS)

"""The files of MNIST: found, verified, downloaded. A tiny data set with hashes of its own stands for the real one."""

import gzip
import hashlib
import http.server
import io
import os
import socket
import struct
import threading
import time
import tracemalloc
import urllib.error
import urllib.request
import warnings
from pathlib import Path

import numpy as np
import pytest

from tinyvae.data import download, files

REAL = os.environ.get("TINYVAE_DATA", "")
real_files = pytest.mark.skipif(not os.path.isdir(REAL), reason="needs the real files: TINYVAE_DATA names no folder")
cache_folder = files.cache_folder  # before the fixture below replaces it

NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


def idx(array, magic=None):
    """The IDX file of an array of bytes, written from the format's description and not with the code under test."""
    magic = {1: 2049, 3: 2051}[array.ndim] if magic is None else magic
    return struct.pack(f">{1 + array.ndim}i", magic, *array.shape) + array.astype(np.uint8).tobytes()


def zipped(raw, mtime=0):
    return gzip.compress(raw, mtime=mtime)


def make(folder="tiny", seed=0, train=6, test=4, side=(4, 3)):
    """A fake data set: its arrays, its raw files by name, its Source with the true hashes."""
    rng = np.random.default_rng(seed)
    arrays = [part for n in (train, test) for part in (rng.integers(0, 256, (n, *side)), rng.integers(0, 10, n))]
    arrays[0][0, 0, :2] = 0, 255
    raw = {name: idx(array) for name, array in zip(NAMES, arrays)}
    table = tuple(files.File(name, array.shape, md5=hashlib.md5(raw[name]).hexdigest(),
                             sha256=hashlib.sha256(zipped(raw[name])).hexdigest())
                  for name, array in zip(NAMES, arrays))
    return arrays, raw, files.Source("Tiny", folder, (), table)


ARRAYS, RAW, TINY = make()


def put(folder, raw=RAW, suffix=".gz", change=lambda name: name):
    """Write the files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in raw.items():
        (folder / (change(name) + suffix)).write_bytes(zipped(content) if suffix else content)
    return folder


def check(dataset, arrays=ARRAYS):
    """The dataset is that of the arrays."""
    for split, images, labels in zip(dataset, arrays[::2], arrays[1::2]):
        assert split.images.dtype == np.float32 and split.labels.dtype == np.int64
        assert split.images.shape == (len(images), images[0].size)
        np.testing.assert_allclose(split.images, images.reshape(len(images), -1) / 255, rtol=1e-6)
        np.testing.assert_array_equal(split.labels, labels)


def names_in(folder):
    return sorted(path.name for path in Path(folder).rglob("*") if path.is_file())


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path):
    """A cache folder of the test's own, no TINYVAE_DATA, no proxy, and no connection but to this machine."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "TINYVAE_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "*")
    connect = socket.create_connection

    def local_only(address, *args, **options):
        assert address[0] == "127.0.0.1", f"a test tried to reach {address}"
        return connect(address, *args, **options)

    monkeypatch.setattr(socket, "create_connection", local_only)
    monkeypatch.setattr(files, "cache_folder", lambda: tmp_path / "cache" / "tinyvae")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache" / "tinyvae" / "tiny"


class Mirrors(http.server.BaseHTTPRequestHandler):
    """Plays mirrors: the first part of the path says how it behaves, the last which file is asked for."""

    def do_GET(self):
        behaviour, name = self.path.strip("/").split("/")
        self.server.asked.append((behaviour, name))
        body = zipped(RAW[name.removesuffix(".gz")])
        try:
            getattr(self, behaviour)(body)
        except ConnectionError:
            pass  # the client has had enough

    def answer(self, body, length=None):
        self.send_response(200)
        if length is not False:
            self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def good(self, body):
        self.answer(body)

    def renewed(self, body):
        self.answer(zipped(gzip.decompress(body), mtime=1))

    def plain(self, body):
        self.answer(gzip.decompress(body))

    def forbidden(self, body):
        self.send_error(403)

    def cut(self, body):
        self.answer(body[:-9], length=len(body))

    def cut_unannounced(self, body):
        self.answer(body[:-9], length=False)

    def wrong(self, body):
        self.answer(zipped(gzip.decompress(body)[:-1] + b"\xff"))

    def page(self, body):
        self.answer(b"<html>please log in</html>")

    def garbled(self, body):
        self.answer(body[:20] + bytes([body[20] ^ 255]) + body[21:])

    def magic(self, body):
        self.answer(zipped(self.server.wrong_magic))

    def large(self, body):
        self.answer(bytes(100_000))

    def large_unannounced(self, body):
        self.answer(bytes(100_000), length=False)

    def bomb(self, body):
        self.answer(zipped(gzip.decompress(body) + bytes(10_000_000)))

    def drips(self, body):
        self.answer(b"", length=len(body))
        for i in range(len(body)):
            self.wfile.write(body[i:i + 1])
            self.server.stop.wait(0.05)

    def silent(self, body):
        self.server.stop.wait(10)

    def loops(self, body):
        self.send_response(302)
        self.send_header("Location", self.path)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    """A server at 127.0.0.1; server.url(behaviour) is the address of a mirror, server.asked what came."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirrors) as server:
        server.asked, server.stop = [], threading.Event()
        server.wrong_magic = idx(ARRAYS[0], magic=2050)
        server.url = lambda behaviour: f"http://127.0.0.1:{server.server_port}/{behaviour}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.stop.set()
        server.shutdown()
        thread.join()


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


# Local files

@pytest.mark.parametrize("inside", ["tiny", "."])
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("change", [str, lambda name: name.replace("-idx", ".idx")], ids=["dash", "dot"])
def test_every_name_is_found(tmp_path, capsys, inside, suffix, change):
    put(tmp_path / "data" / inside, suffix=suffix, change=change)
    check(files.load(TINY, tmp_path / "data", download=False))
    check(files.load(TINY, str(tmp_path / "data"), download=False))
    assert capsys.readouterr() == ("", "")


def test_a_file_decompressed_under_its_gz_name_is_read(tmp_path):
    for path in put(tmp_path / "data").iterdir():
        path.write_bytes(gzip.decompress(path.read_bytes()))
    check(files.load(TINY, tmp_path / "data", download=False))


def test_either_hash_will_do(tmp_path):
    put(tmp_path / "data")
    by_sha = TINY._replace(files=tuple(file._replace(md5="0" * 32) for file in TINY.files))
    check(files.load(by_sha, tmp_path / "data", download=False))
    by_md5 = TINY._replace(files=tuple(file._replace(sha256=None) for file in TINY.files))
    check(files.load(by_md5, tmp_path / "data", download=False))


def test_search_order(tmp_path, monkeypatch, cache):
    """folder, or else TINYVAE_DATA; then the cache. Three data sets of the same shape tell which was read."""
    sets = {name: make(seed=seed) for seed, name in enumerate(["folder", "variable", "cache"])}
    put(tmp_path / "folder" / "tiny", sets["folder"][1])
    put(tmp_path / "variable", sets["variable"][1])
    put(cache, sets["cache"][1])
    monkeypatch.setenv("TINYVAE_DATA", str(tmp_path / "variable"))
    check(files.load(sets["folder"][2], tmp_path / "folder", download=False), sets["folder"][0])
    check(files.load(sets["variable"][2], download=False), sets["variable"][0])
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(files.DataError) as error:  # a folder given replaces TINYVAE_DATA
        files.load(sets["variable"][2]._replace(folder="other"), empty, download=False)
    assert str(tmp_path / "variable") not in str(error.value)
    check(files.load(sets["cache"][2], empty, download=False), sets["cache"][0])
    monkeypatch.chdir(tmp_path / "variable")  # an empty variable does not mean the current folder
    for value in ("", str(tmp_path / "nowhere")):
        monkeypatch.setenv("TINYVAE_DATA", value)
        check(files.load(sets["cache"][2], download=False), sets["cache"][0])


DAMAGE = {
    "cut": (lambda data: data[:-9], "damaged gzip file"),
    "flipped": (lambda data: data[:20] + bytes([data[20] ^ 255]) + data[21:], "damaged gzip file|wrong content"),
    "empty": (lambda data: b"", "wrong content: 0 bytes"),
    "page": (lambda data: b"<html>", "wrong content: 6 bytes"),
    "pixel": (lambda data: zipped(gzip.decompress(data)[:-1] + b"\xff"), "wrong content: .* with MD5"),
    "longer": (lambda data: zipped(gzip.decompress(data) + b"\x00"), "wrong content: 89 bytes"),
    "bomb": (lambda data: zipped(gzip.decompress(data) + bytes(10**7)), "wrong content: 89 bytes"),
    "huge": (lambda data: bytes(10**6), "wrong content: .* with MD5"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_named_and_the_next_source_is_used(tmp_path, monkeypatch, cache, damage):
    change, reason = DAMAGE[damage]
    bad = put(tmp_path / "data" / "tiny") / "train-images-idx3-ubyte.gz"
    bad.write_bytes(change(bad.read_bytes()))
    put(cache)
    monkeypatch.setenv("TINYVAE_DATA", str(tmp_path / "data"))
    with pytest.warns(UserWarning, match=reason) as caught:
        check(files.load(TINY, download=False))
    assert len(caught) == 1 and str(bad) in str(caught[0].message)


def test_a_damaged_file_in_the_cache_is_replaced_by_a_download(server, cache):
    bad = put(cache) / "t10k-labels-idx1-ubyte.gz"
    bad.write_bytes(b"half")
    with pytest.warns(UserWarning, match="t10k-labels"):
        check(files.load(TINY, mirrors=[server.url("good")]))
    assert server.asked == [("good", bad.name)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(files.load(TINY, download=False))


def test_an_unreadable_file_is_skipped(tmp_path, monkeypatch, cache):
    bad = put(tmp_path / "data") / "train-labels-idx1-ubyte.gz"
    put(cache)

    def refuse(path, *args, **options):
        if Path(path) == bad:
            raise PermissionError(13, "Permission denied", str(path))
        return open(path, *args, **options)

    monkeypatch.setattr(files, "open", refuse, raising=False)
    with pytest.warns(UserWarning, match="Permission denied"):
        check(files.load(TINY, tmp_path / "data", download=False))


def test_the_files_of_another_data_set_are_called_by_their_name(tmp_path, monkeypatch):
    monkeypatch.setitem(files.SOURCES, "tiny", TINY)
    other = make(folder="other", seed=1)[2]
    put(tmp_path / "data" / "other")
    with pytest.warns(UserWarning, match="which is Tiny"), pytest.raises(files.DataError, match="which is Tiny"):
        files.load(other, tmp_path / "data", download=False)


@pytest.mark.parametrize("change, reason", [
    (lambda a: idx(a, magic=2049), r"\(2049, 6, 4, 3\), expected \(2051, 6, 4, 3\)"),
    (lambda a: idx(a[:, :, ::-1].transpose(0, 2, 1)), r"\(2051, 6, 3, 4\), expected \(2051, 6, 4, 3\)"),
    (lambda a: idx(a[:5]), "76 bytes, expected 88"),
    (lambda a: idx(a) + b"\x00", "89 bytes, expected 88"),
    (lambda a: b"", "0 bytes, expected 88")])
def test_a_wrong_header_is_refused_even_with_the_right_hash(tmp_path, change, reason):
    raw = {**RAW, NAMES[0]: change(ARRAYS[0])}
    table = (TINY.files[0]._replace(md5=hashlib.md5(raw[NAMES[0]]).hexdigest()), *TINY.files[1:])
    put(tmp_path / "data", raw, suffix="")
    with pytest.warns(UserWarning, match=reason), pytest.raises(files.DataError, match=reason):
        files.load(TINY._replace(files=table), tmp_path / "data", download=False)


@pytest.mark.parametrize("public", [files.mnist, files.fashion_mnist])
def test_the_public_functions_accept_only_the_true_files(tmp_path, public):
    put(tmp_path / "data")
    with pytest.warns(UserWarning, match="wrong content"), pytest.raises(files.DataError, match="wrong content"):
        public(tmp_path / "data", download=False)


def test_the_table_of_files():
    for source in (files.MNIST, files.FASHION_MNIST):
        assert [file.name for file in source.files] == NAMES
        assert [file.size for file in source.files] == [47040016, 60008, 7840016, 10008]
        assert [file.header[0] for file in source.files] == [2051, 2049, 2051, 2049]
        assert all(mirror.endswith("/") and "lecun" not in mirror for mirror in source.mirrors)
    hashes = [h for source in files.SOURCES.values() for file in source.files for h in (file.md5, file.sha256) if h]
    assert len(set(hashes)) == len(hashes) == 12
    assert {len(bytes.fromhex(h)) for h in hashes} == {16, 32}


def test_memory_stays_near_that_of_the_images(tmp_path):
    """float32 of both parts, and the bytes of the training images (a quarter of theirs) while they are converted."""
    arrays, raw, source = make(train=6000, test=100, side=(28, 28))
    put(tmp_path / "data", raw)
    del raw
    tracemalloc.start()
    try:
        dataset = files.load(source, tmp_path / "data", download=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    check(dataset, arrays)
    assert peak < 1.35 * (dataset.train.images.nbytes + dataset.test.images.nbytes)


# Mirrors

def test_download_into_the_cache(server, cache, capsys):
    check(files.load(TINY, mirrors=[server.url("good")]))
    assert names_in(cache.parent.parent) == sorted(name + ".gz" for name in NAMES)
    out, err = capsys.readouterr()
    assert out == ""
    for name in NAMES:
        assert f"downloading {name}.gz (0.00 MB) from 127.0.0.1:{server.server_port}\n" in err
    check(files.load(TINY, mirrors=[server.url("good")]))  # the second time from the cache, without a word
    assert len(server.asked) == 4
    assert capsys.readouterr() == ("", "")


FAILURES = {
    "forbidden": "HTTP status 403 Forbidden",
    "cut": r"cut off after \d+ of \d+ bytes",
    "cut_unannounced": "damaged gzip file",
    "wrong": "wrong content",
    "page": "wrong content: 26 bytes",
    "garbled": "damaged gzip file|wrong content",
    "large": "too large",
    "large_unannounced": "too large",
    "bomb": "wrong content|too large",
    "drips": r"too slow: \d+ of \d+ bytes in 0.3 s",
    "silent": "no answer in time",
    "loops": "HTTP status 302",
    "unreachable": "refused",
    "magic": r"IDX header \(magic, sizes\) \(2050",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_the_second_mirror_is_tried_after(server, cache, capsys, failure):
    """One file is missing; the first mirror fails, the second is asked and its file kept, nothing else is."""
    put(cache)
    (cache / (NAMES[0] + ".gz")).unlink()
    sha256 = hashlib.sha256(zipped(server.wrong_magic)).hexdigest()  # the transport is right, the content is not
    source = TINY._replace(files=(TINY.files[0]._replace(sha256=sha256), *TINY.files[1:])) \
        if failure == "magic" else TINY
    bad = f"http://127.0.0.1:{closed_port()}/" if failure == "unreachable" else server.url(failure)
    start = time.monotonic()
    check(files.load(source, mirrors=[bad, server.url("good")], timeout=0.8 if failure == "silent" else 5,
                     time_limit=0.3 if failure == "drips" else 10))
    assert time.monotonic() - start < 2
    assert server.asked[-1] == ("good", NAMES[0] + ".gz")
    assert names_in(cache) == sorted(name + ".gz" for name in NAMES)
    assert zipped(RAW[NAMES[0]]) == (cache / (NAMES[0] + ".gz")).read_bytes()
    err = capsys.readouterr().err
    with pytest.raises(files.DataError, match=FAILURES[failure]):  # the reason, as the error gives it
        (cache / (NAMES[0] + ".gz")).unlink()
        files.load(source, mirrors=[bad], timeout=0.2 if failure == "silent" else 5,
                   time_limit=0.3 if failure == "drips" else 10)
    assert bad in err and names_in(cache) == sorted(name + ".gz" for name in NAMES[1:])


def test_a_refusal_leaves_no_connection_open(monkeypatch):
    body, errors = io.BytesIO(b"go away"), []

    def refuse(request, timeout):
        errors.append(urllib.error.HTTPError(request.full_url, 403, "Forbidden", {}, body))  # kept from collection
        raise errors[-1]

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(files.DataError, match="HTTP status 403 Forbidden"):
        files.load(TINY, mirrors=["http://127.0.0.1/"])
    assert body.closed


def test_another_gzip_header_and_plain_bytes_are_accepted(server, cache):
    check(files.load(TINY, mirrors=[server.url("renewed")]))
    assert names_in(cache) == sorted(name + ".gz" for name in NAMES)
    for path in cache.iterdir():
        path.unlink()
    check(files.load(TINY, mirrors=[server.url("plain")]))
    assert names_in(cache) == sorted(NAMES)


def test_the_address_may_lack_its_last_slash(server):
    check(files.load(TINY, mirrors=(server.url("good").rstrip("/"),)))


def test_the_error_lists_every_source_and_what_to_do(server, tmp_path, cache, monkeypatch):
    put(tmp_path / "data" / "tiny", {NAMES[0]: b"half"}, suffix="")
    monkeypatch.setenv("TINYVAE_DATA", str(tmp_path / "data"))
    mirrors = [server.url("forbidden"), server.url("cut")]
    with pytest.warns(UserWarning), pytest.raises(files.DataError) as error:
        files.load(TINY, mirrors=mirrors)
    lines = str(error.value).splitlines()
    assert lines[0] == f"Tiny: no source gave {NAMES[0]}"
    data = tmp_path / "data"
    tried = [str(data / "tiny" / NAMES[0]), str(data), str(cache), str(cache.parent), *mirrors]
    happened = ["wrong content: 4 bytes", "no such file", "no such folder", "no such folder", "403", "cut off"]
    for line, source, event in zip(lines[2:], tried, happened):
        assert line.startswith(f"  {source}: {event}") or (source in mirrors and source in line and event in line), line
    assert len(lines) == 2 + len(tried) + 1
    assert all(name + ".gz" in lines[-1] for name in NAMES) and "TINYVAE_DATA" in lines[-1]
    assert names_in(tmp_path / "cache") == []


def test_download_false_asks_nobody(server, cache):
    with pytest.raises(files.DataError, match="download=False"):
        files.load(TINY, mirrors=[server.url("good")], download=False)
    assert server.asked == [] and not cache.exists()


def test_the_mirrors_of_the_source_are_the_default(server):
    check(files.load(TINY._replace(mirrors=(server.url("forbidden"), server.url("good")))))


@pytest.mark.parametrize("public, source", [(files.mnist, files.MNIST), (files.fashion_mnist, files.FASHION_MNIST)])
def test_the_public_functions_ask_each_of_their_mirrors(monkeypatch, public, source):
    asked = []

    def refuse(url, *args):
        asked.append(url)
        raise TimeoutError

    monkeypatch.setattr(download, "download", refuse)
    with pytest.raises(files.DataError, match="no answer in time"):
        public()
    assert asked == [mirror + NAMES[0] + ".gz" for mirror in source.mirrors]


# The cache folder

def test_an_unwritable_cache_is_a_clear_error_before_any_download(server, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(files.DataError, match="cache folder .* cannot be written") as error:
        files.load(TINY, mirrors=[server.url("good")])
    assert str(tmp_path / "cache") in str(error.value) and "TINYVAE_DATA" in str(error.value)
    assert server.asked == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_is_a_clear_error(server, cache):
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    with pytest.raises(files.DataError, match="cannot be written"):
        files.load(TINY, mirrors=[server.url("good")])


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_half_written_stays(server, cache, monkeypatch, fault):
    def fail(*args):
        assert len(names_in(cache)) == 1  # the temporary file is there, beside its goal
        raise fault

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises((files.DataError, KeyboardInterrupt), match="No space left|^$"):
        files.load(TINY, mirrors=[server.url("good")])
    assert names_in(cache) == []


def test_a_refused_rename_is_fine_when_another_process_was_first(server, cache, monkeypatch):
    def busy(temporary, path):  # as Windows does while the other process reads the file
        Path(path).write_bytes(Path(temporary).read_bytes())
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(os, "replace", busy)
    check(files.load(TINY, mirrors=[server.url("good")]))
    assert names_in(cache) == sorted(name + ".gz" for name in NAMES)


def test_two_downloads_at_once_do_not_harm_each_other(server, cache, monkeypatch):
    """Both write their temporary file before either renames it."""
    replace, both, seen, results = os.replace, threading.Barrier(2, timeout=5), [], []

    def meet(temporary, path):
        seen.append((str(temporary), str(path)))
        both.wait()
        replace(temporary, path)

    monkeypatch.setattr(os, "replace", meet)
    workers = [threading.Thread(target=lambda: results.append(files.load(TINY, mirrors=[server.url("good")])))
               for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 2
    for result in results:
        check(result)
    assert len({temporary for temporary, _ in seen}) == 8 and len({path for _, path in seen}) == 4
    assert names_in(cache) == sorted(name + ".gz" for name in NAMES)


@pytest.mark.parametrize("platform, variable, expected", [
    ("linux", "XDG_CACHE_HOME", "{given}/tinyvae"), ("linux", None, "{home}/.cache/tinyvae"),
    ("linux", "relative", "{home}/.cache/tinyvae"), ("darwin", "XDG_CACHE_HOME", "{home}/Library/Caches/tinyvae"),
    ("win32", "LOCALAPPDATA", "{given}/tinyvae"), ("win32", None, "{home}/AppData/Local/tinyvae")])
def test_cache_folder_by_platform(monkeypatch, tmp_path, platform, variable, expected):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    if variable == "relative":
        monkeypatch.setenv("XDG_CACHE_HOME", "some/folder")
    elif variable:
        monkeypatch.setenv(variable, str(tmp_path / "given"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(files.sys, "platform", platform)
    assert cache_folder() == Path(expected.format(given=tmp_path / "given", home=tmp_path / "home"))


def test_without_a_home_folder_local_files_are_still_found(monkeypatch, tmp_path):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(files, "cache_folder", cache_folder)
    monkeypatch.setattr(files.sys, "platform", "linux")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    check(files.load(TINY, put(tmp_path / "data")))
    with pytest.raises(files.DataError, match="no cache folder: Could not determine home directory(.|\n)*TINYVAE_DATA"):
        files.load(TINY)


# fetch and bad arguments

def test_fetch_returns_the_folder(server, tmp_path, cache, monkeypatch):
    monkeypatch.setitem(files.SOURCES, "tiny", TINY)
    assert files.fetch("tiny", put(tmp_path / "data"), download=False) == tmp_path / "data"
    assert files.fetch("tiny", mirrors=[server.url("good")]) == cache
    check(files.load(TINY, download=False))


def test_fetch_gathers_what_is_scattered(server, tmp_path, cache, monkeypatch):
    monkeypatch.setitem(files.SOURCES, "tiny", TINY)
    put(tmp_path / "data", {name: RAW[name] for name in NAMES[:2]}, suffix="")
    put(tmp_path / "data" / "tiny", {NAMES[2]: RAW[NAMES[2]]})
    assert files.fetch("tiny", tmp_path / "data", mirrors=[server.url("good")]) == cache
    assert server.asked == [("good", NAMES[3] + ".gz")]
    assert names_in(cache) == sorted([NAMES[0], NAMES[1], NAMES[2] + ".gz", NAMES[3] + ".gz"])
    check(files.load(TINY, download=False))


@pytest.mark.parametrize("options, error, match", [
    ({"folder": 5}, TypeError, "folder: got 5"),
    ({"folder": "no/such/folder"}, ValueError, "folder: got 'no/such/folder', expected a folder that exists"),
    ({"timeout": 0}, ValueError, "timeout: got 0"),
    ({"timeout": None}, TypeError, "timeout: got None"),
    ({"time_limit": -1}, ValueError, "time_limit: got -1"),
    ({"mirrors": "http://127.0.0.1/"}, TypeError, "mirrors: got 'http://127.0.0.1/', expected a list"),
    ({"mirrors": [1]}, TypeError, r"mirrors: got \[1\]"),
    ({"mirrors": 5}, TypeError, "mirrors: got 5"),
    ({"mirrors": ["file:///etc/"]}, ValueError, "mirrors: got 'file:///etc/', expected .* http")])
def test_bad_arguments(options, error, match):
    for function in (files.mnist, files.fashion_mnist, lambda **options: files.fetch("mnist", **options)):
        with pytest.raises(error, match=match):
            function(**options)


def test_fetch_refuses_an_unknown_name():
    with pytest.raises(ValueError, match="name: got 'cifar', expected one of mnist, fashion-mnist"):
        files.fetch("cifar")


# The real files

@real_files
def test_real_mnist():
    train, test = files.mnist(REAL, download=False)
    assert train.images.shape == (60000, 784) and test.images.shape == (10000, 784)
    for split in (train, test):
        assert split.images.dtype == np.float32 and split.images.min() == 0 and split.images.max() == 1
        assert split.labels.dtype == np.int64 and split.labels.shape == (len(split.images),)
    assert np.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert round(float(train.images.mean(dtype=np.float64)), 4) == 0.1307


@real_files
def test_real_fashion_mnist():
    train, test = files.fashion_mnist(REAL, download=False)
    assert train.images.shape == (60000, 784) and test.images.shape == (10000, 784)
    assert np.bincount(train.labels).tolist() == [6000] * 10 and np.bincount(test.labels).tolist() == [1000] * 10
    assert train.images.min() == 0 and train.images.max() == 1
    assert round(float(train.images.mean(dtype=np.float64)), 4) == 0.2860


@real_files
def test_real_mnist_by_the_hash_of_its_content():
    """The files as others may have packed them: only the MD5 of the decompressed bytes can match."""
    by_md5 = files.MNIST._replace(files=tuple(file._replace(sha256=None) for file in files.MNIST.files))
    assert files.load(by_md5, REAL, download=False).test.labels[:5].tolist() == [7, 2, 1, 0, 4]


@real_files
@pytest.mark.parametrize("name", files.SOURCES)
def test_real_files_are_fetched(name):
    assert files.fetch(name, REAL, download=False) in (Path(REAL) / name, Path(REAL))

"""MNIST and Fashion-MNIST from their original files: found, checked, and downloaded when they are nowhere.

    train, test = mnist()            images (60000, 784) float32 in [0, 1], labels (60000,) int64

Each file is searched in `folder`, or else in the folder that the variable TINYVAE_DATA names; then in the user's
cache folder; then at the mirrors, one after another. Every file is verified each time it is read, since a silently
corrupted file makes a model that "just does not learn".

MNIST : Yann LeCun and Corinna Cortes, CC BY-SA 3.0, http://yann.lecun.com/exdb/mnist/ (refuses downloads today)
Fashion-MNIST : Zalando SE, MIT licence, https://github.com/zalandoresearch/fashion-mnist
"""

import gzip
import hashlib
import io
import math
import os
import struct
import sys
import tempfile
import warnings
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinyvae import checks, storage


class DataError(OSError):
    """No source gave a file, or the cache folder cannot be written; the text says what to do."""


class Split(NamedTuple):
    """images (N, 784) float32 in [0, 1], labels (N,) int64 in 0..9."""
    images: np.ndarray
    labels: np.ndarray


class Dataset(NamedTuple):
    """The training part and the test part, each a Split."""
    train: Split
    test: Split


class File(NamedTuple):
    """One IDX file: magic number, one big-endian int32 per dimension, then one unsigned byte per entry.

    name : without .gz       shape : (N, rows, columns) for images, (N,) for labels
    md5 : of the decompressed bytes       sha256 : of the original gzip file, None if not known
    """
    name: str
    shape: tuple
    md5: str
    sha256: str | None = None

    @property
    def header(self):
        """The header as numbers. Magic = 0x08 (unsigned byte) * 256 + dimensions: 2051 images, 2049 labels."""
        return (0x0800 + len(self.shape), *self.shape)

    @property
    def size(self):
        """Decompressed size in bytes."""
        return 4 * len(self.header) + math.prod(self.shape)

    @property
    def most_bytes(self):
        """No more bytes than this are read: gzip adds little to what it cannot compress."""
        return self.size + 65536

    @property
    def variants(self):
        """The names under which this file is found in the wild."""
        dotted = self.name.replace("-idx", ".idx")
        return self.name, self.name + ".gz", dotted, dotted + ".gz"


class Source(NamedTuple):
    """A data set. files : train images, train labels, test images, test labels."""
    title: str
    folder: str
    mirrors: tuple
    files: tuple


MNIST = Source(
    title="MNIST", folder="mnist",
    mirrors=("https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"),
    files=(File("train-images-idx3-ubyte", (60000, 28, 28), md5="6bbc9ace898e44ae57da46a324031adb",
                sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
           File("train-labels-idx1-ubyte", (60000,), md5="a25bea736e30d166cdddb491f175f624",
                sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
           File("t10k-images-idx3-ubyte", (10000, 28, 28), md5="2646ac647ad5339dbf082846283269ea",
                sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
           File("t10k-labels-idx1-ubyte", (10000,), md5="27ae3e4e09519cfbb04c329615203637",
                sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6")))

FASHION_MNIST = Source(
    title="Fashion-MNIST", folder="fashion-mnist",
    mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    files=(File("train-images-idx3-ubyte", (60000, 28, 28), md5="f4a8712d7a061bf5bd6d2ca38dc4d50a"),
           File("train-labels-idx1-ubyte", (60000,), md5="9018921c3c673c538a1fc5bad174d6f9"),
           File("t10k-images-idx3-ubyte", (10000, 28, 28), md5="8181f5470baa50b63fa0f6fddb340f0a"),
           File("t10k-labels-idx1-ubyte", (10000,), md5="15d484375f8d13e6eb1aabb0c3f46965")))

SOURCES = {source.folder: source for source in (MNIST, FASHION_MNIST)}


def mnist(folder=None, *, download=True, mirrors=None, timeout=30.0, time_limit=300.0):
    """MNIST, 60,000 + 10,000 grey images of handwritten digits, as a Dataset. Options as in `load`."""
    return load(MNIST, folder, download=download, mirrors=mirrors, timeout=timeout, time_limit=time_limit)


def fashion_mnist(folder=None, *, download=True, mirrors=None, timeout=30.0, time_limit=300.0):
    """Fashion-MNIST, 60,000 + 10,000 grey images of clothes in 10 classes, as a Dataset. Options as in `load`."""
    return load(FASHION_MNIST, folder, download=download, mirrors=mirrors, timeout=timeout, time_limit=time_limit)


def load(source, folder=None, *, download=True, mirrors=None, timeout=30.0, time_limit=300.0):
    """The Dataset of a Source.

    folder : searched instead of $TINYVAE_DATA       download : False stays off the network
    mirrors : list of http(s) addresses of folders that hold the .gz files, None for those of the source
    timeout : seconds without a byte, and time_limit : seconds per file, after which a mirror is given up
    Warns (UserWarning) of each damaged file it skips. DataError when a file is nowhere to be had.
    """
    find = _finder(source, folder, download, mirrors, timeout, time_limit)
    train_images, train_labels, test_images, test_labels = (_array(find, file) for file in source.files)
    return Dataset(Split(train_images, train_labels), Split(test_images, test_labels))


def fetch(name, folder=None, *, download=True, mirrors=None, timeout=30.0, time_limit=300.0):
    """Make sure that the four files of "mnist" or "fashion-mnist" are here and sound; the folder (Path) they are in.

    Options as in `load`. When the files lie in several folders, they are gathered in the cache folder.
    """
    source = checks.choice("name", name, SOURCES)
    find = _finder(source, folder, download, mirrors, timeout, time_limit)
    paths = [find(file)[0] for file in source.files]
    if len({path.parent for path in paths}) == 1:
        return paths[0].parent
    cache = _writable(cache_folder() / source.folder)
    for path in paths:
        if path.parent != cache:
            _store(path.read_bytes(), cache / path.name)
    return cache


def cache_folder():
    """The user's cache folder for tinyvae (Path), where the platform puts such things; it need not exist."""
    try:
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "tinyvae"
        windows = sys.platform == "win32"
        base = os.environ.get("LOCALAPPDATA" if windows else "XDG_CACHE_HOME", "")
        if not os.path.isabs(base):  # the XDG standard: a relative path is to be ignored
            base = Path.home() / ("AppData/Local" if windows else ".cache")
        return Path(base) / "tinyvae"
    except RuntimeError as error:
        raise DataError(f"no cache folder: {error}") from None


def _array(find, file):
    """The file as an array: images (N, rows * columns) float32 in [0, 1], or labels (N,) int64."""
    raw = np.frombuffer(find(file)[1], np.uint8, offset=4 * len(file.header))
    if len(file.shape) == 1:
        return raw.astype(np.int64)
    images = raw.reshape(file.shape[0], -1).astype(np.float32)
    images /= 255  # in place, for another copy would be 188 MB
    return images


def _finder(source, folder, download, mirrors, timeout, time_limit):
    """Check the options once; a function File -> (path, verified decompressed bytes)."""
    timeout, time_limit = checks.positive("timeout", timeout), checks.positive("time_limit", time_limit)
    base = _base(folder)
    mirrors = _mirrors(source.mirrors if mirrors is None else mirrors) if download else ()

    def find(file):
        tried = []
        try:
            found = _local(source, file, base, tried) or _remote(source, file, mirrors, timeout, time_limit, tried)
            if not found:
                raise DataError(f"{source.title}: no source gave {file.name}")
            return found
        except DataError as error:
            raise DataError(_advice(source, str(error), tried, download)) from None
    return find


def _base(folder):
    """folder, or else the folder $TINYVAE_DATA (Path); None when neither is given."""
    if folder is None:
        named = os.environ.get("TINYVAE_DATA", "")
        return Path(os.path.expanduser(named)) if named else None
    try:
        base = Path(os.path.expanduser(folder))
    except TypeError:
        raise TypeError(f"folder: got {folder!r} ({type(folder).__name__}), expected the path of a folder") from None
    if not os.path.isdir(base):
        raise ValueError(f"folder: got {str(folder)!r}, expected a folder that exists; create it and put the files "
                         "there, or leave folder out to use $TINYVAE_DATA and the cache folder")
    return base


def _mirrors(mirrors):
    """The mirrors as a list of http(s) addresses that end with one slash."""
    if not isinstance(mirrors, (list, tuple)) or not all(isinstance(mirror, str) for mirror in mirrors):
        raise TypeError(f"mirrors: got {mirrors!r}, expected a list of addresses such as ['https://host/folder/']")
    for mirror in mirrors:
        if not mirror.startswith(("http://", "https://")):
            raise ValueError(f"mirrors: got {mirror!r}, expected an address that starts with http:// or https://")
    return [mirror.rstrip("/") + "/" for mirror in mirrors]


def _local(source, file, base, tried):
    """(path, bytes) of the first sound file under any of its names, or None; adds to tried what was wrong."""
    for folder in _folders(source, base):
        paths = [folder / name for name in file.variants if os.path.isfile(folder / name)]
        if not paths:
            tried.append(f"{folder}: {'no such file' if os.path.isdir(folder) else 'no such folder'}")
        for path in paths:
            try:
                with open(path, "rb") as stream:
                    return path, _verified(file, stream.read(file.most_bytes + 1))
            except (OSError, ValueError) as error:
                tried.append(f"{path}: {_reason(error)}")
                warnings.warn(f"{path} is not used: {_reason(error)}. Delete or replace it.", stacklevel=2)
    return None


def _folders(source, base):
    """The folders to look in. The cache folder comes last: who has no home folder needs none if base has the files."""
    if base is not None:
        yield from (base / source.folder, base)
    yield from (cache_folder() / source.folder, cache_folder())


def _remote(source, file, mirrors, timeout, time_limit, tried):
    """(path, bytes) of the file, downloaded into the cache folder from the first mirror that gives it, or None."""
    if not mirrors:
        return None
    from tinyvae.data.download import download
    cache = _writable(cache_folder() / source.folder)  # before the download, not after it
    for mirror in mirrors:
        try:
            data = download(mirror + file.name + ".gz", file.most_bytes, timeout, time_limit, _say)
            raw = _verified(file, data)
        except (OSError, ValueError) as error:
            tried.append(f"{mirror}: {_reason(error)}")
            _say(f"{tried[-1]}; not used")
            continue
        # A server that decompresses on the way sends plain bytes: then the name must not end with .gz.
        path = cache / (file.name + ".gz" * (data is not raw))
        _store(data, path)
        return path, raw
    return None


def _store(data, path):
    """Write data under path, whole or not at all."""
    try:
        storage.write_bytes(path, lambda stream: stream.write(data))
    except OSError as error:
        # Windows refuses to replace a file that another process reads just now: then that one is as good.
        if not (path.is_file() and path.read_bytes() == data):
            raise DataError(f"the cache folder {path.parent} cannot be written: {error}") from None


def _verified(file, data):
    """data, decompressed if it is gzip: ValueError unless a hash and the IDX header are those of the file."""
    raw = data
    if data[:2] == b"\x1f\x8b":
        try:
            raw = gzip.GzipFile(fileobj=io.BytesIO(data)).read(file.size + 1)  # one more byte tells of an excess
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"damaged gzip file of {len(data)} bytes ({error})") from None
    # gzip headers differ (time, name), so the original gzip file or the right content will do
    if hashlib.sha256(data).hexdigest() != file.sha256:
        md5 = hashlib.md5(raw, usedforsecurity=False).hexdigest()
        if md5 != file.md5:
            owner = [f", which is {other.title}" for other in SOURCES.values() for f in other.files if f.md5 == md5]
            raise ValueError(f"wrong content: {len(raw)} bytes with MD5 {md5}{''.join(owner)}, expected {file.size} "
                             f"bytes with MD5 {file.md5}")
    if len(raw) != file.size:
        raise ValueError(f"{len(raw)} bytes, expected {file.size}")
    header = struct.unpack_from(f">{len(file.header)}i", raw)
    if header != file.header:
        raise ValueError(f"IDX header (magic, sizes) {header}, expected {file.header}")
    return raw


def _writable(folder):
    """folder, created if need be; DataError if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise DataError(f"the cache folder {folder} cannot be written: {error}") from None
    return folder


def _reason(error):
    """What happened, in a few words."""
    return "no answer in time" if isinstance(error, TimeoutError) else f"{error}" or type(error).__name__


def _advice(source, problem, tried, download):
    """The text of a DataError: the problem, each source tried with what happened, what to do."""
    names = ", ".join(file.name + ".gz" for file in source.files)
    tried = [f"  {line}" for line in tried] + ([] if download else ["  the mirrors: not asked, download=False"])
    advice = (f"What to do: put the four files {names} (or without .gz) into a folder named {source.folder}, and set "
              "the environment variable TINYVAE_DATA to the folder above it; or mend the network and try again.")
    return "\n".join([problem, "Tried:", *tried, advice])


def _say(text):
    print(f"tinyvae: {text}", file=sys.stderr, flush=True)

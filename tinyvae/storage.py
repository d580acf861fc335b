"""Files that a learner's work lies in: written whole or not at all, read with checks, never with pickle.

A file is an .npz: one JSON header (format, version, kind and what the kind needs) and plain numeric arrays.
"""

import json
import os
import pathlib
import tempfile

import numpy as np

FORMAT = "tinyvae"
VERSION = 1


def _explained(error, what, path):
    reason = error.strerror or str(error)
    return OSError(error.errno, f"{what}: {reason}; give a path in a folder that exists and that you may use",
                   str(path))


def write_bytes(path, write):
    """Call write(file) on a temporary file beside path, then rename it: path holds the old bytes or all the new ones.

    Raises OSError (its subclass by cause) that names the path.
    """
    path = pathlib.Path(path)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _explained(error, "cannot write", path) from None
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)                       # mkstemp makes private files: give this one the usual rights
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException as error:
        pathlib.Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _explained(error, "cannot write", path) from None
        raise


def write(path, kind, header, arrays):
    """Write a header (anything JSON can hold) and named arrays to path."""
    header = {"format": FORMAT, "version": VERSION, "kind": kind, **header}
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    write_bytes(path, lambda file: np.savez(file, header=text, **arrays))


def read(path, kinds):
    """The header and the arrays of path.

    Raises FileNotFoundError and its like when path cannot be opened, ValueError when it is damaged, foreign, of
    another kind, or written by a newer tinyvae.
    """
    try:
        file = open(path, "rb")
    except OSError as error:
        raise _explained(error, "cannot read", path) from None
    with file:
        try:
            archive = np.load(file, allow_pickle=False)
            arrays = {name: archive[name] for name in archive.files}
            header = json.loads(arrays.pop("header").tobytes())
            foreign = header["format"] != FORMAT
        # A damaged archive raises whatever the damaged byte leads to (BadZipFile, zlib.error, EOFError, KeyError ...).
        except Exception as error:
            raise ValueError(f"{path}: damaged, or not a tinyvae file ({type(error).__name__} while reading); "
                             "train and save again, or use a copy") from error
    if foreign:
        raise ValueError(f"{path}: not a tinyvae file (its format is {header['format']!r})")
    if not isinstance(header.get("version"), int) or header["version"] > VERSION:
        raise ValueError(f"{path}: written in format version {header.get('version')!r}, this tinyvae reads up to "
                         f"{VERSION}; update tinyvae")
    if header.get("kind") not in kinds:
        raise ValueError(f"{path}: holds a {header.get('kind')!r}, expected {' or '.join(map(repr, kinds))}")
    return header, arrays

"""The last good rules in a file, for the next process."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress


def read(path: str | os.PathLike[str]) -> str:
    """Read the file; where there is none, nothing.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no text.
    """
    try:
        with open(path, encoding="utf-8", newline="") as opened:
            return opened.read()
    except FileNotFoundError:
        return ""


def write(path: str | os.PathLike[str], text: str) -> None:
    """Write the file whole or not at all: beside it, flushed, and renamed.

    Raises:
        OSError: it cannot be written.
    """
    folder, name = os.path.split(os.fspath(path))
    handle, beside = tempfile.mkstemp(prefix=f".{name}.", dir=folder or ".")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(beside, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise

"""Rules from a file or a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

_SUFFIXES = (".yaml", ".yml", ".json")

Seen = tuple[str, int, int, int]
"""A file as it looks from outside: path, mtime in nanoseconds, size, inode."""


class FileSource:
    """A file, or a folder with all its ``*.yaml``, ``*.yml`` and ``*.json`` files.

    Folders are read with their subfolders, in the order of the paths; hidden files
    and folders are left out, and symbolic links are followed, so that a mounted
    ConfigMap works.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        """The file or the folder."""

    def __repr__(self) -> str:
        return f"sergo.file({self.path!r})"

    def look(self) -> tuple[Seen, ...]:
        """See which files there are, without reading them.

        Raises:
            OSError: the file or a folder cannot be read.
        """
        found = os.stat(self.path)
        if not stat.S_ISDIR(found.st_mode):
            return (_seen(self.path, found),)
        return tuple(sorted(_walk(self.path, frozenset([(found.st_dev, found.st_ino)]))))

    def read(self, files: tuple[Seen, ...]) -> list[tuple[str, str]]:
        """Read files that were seen: paths and texts.

        Raises:
            OSError: a file cannot be read.
            ValueError: a file is not UTF-8.
        """
        return [(path, _text(path)) for path, *_ in files]


def file(path: str | os.PathLike[str]) -> FileSource:
    """Name a file or folder of rules, for :meth:`sergo.Engine.subscribe`.

    >>> sergo.file("rules/")
    sergo.file('rules/')
    """
    return FileSource(path)


def _seen(path: str, found: os.stat_result) -> Seen:
    return (path, found.st_mtime_ns, found.st_size, found.st_ino)


def _walk(folder: str, above: frozenset[tuple[int, int]]) -> Iterator[Seen]:
    with os.scandir(folder) as entries:
        for entry in entries:
            is_rules = entry.name.lower().endswith(_SUFFIXES)
            if entry.name.startswith("."):
                continue
            try:
                found = entry.stat()
            except FileNotFoundError:
                # A link to nowhere: bad for a rule file, of no interest otherwise.
                if is_rules:
                    raise
                continue
            if stat.S_ISDIR(found.st_mode):
                identity = (found.st_dev, found.st_ino)
                if identity not in above:
                    yield from _walk(entry.path, above | {identity})
            elif stat.S_ISREG(found.st_mode) and is_rules:
                yield _seen(entry.path, found)


def _text(path: str) -> str:
    # Lines end as they are: positions in a report are those of the file.
    with open(path, encoding="utf-8", newline="") as opened:
        try:
            return opened.read()
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8") from error

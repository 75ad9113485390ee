"""Rules from a file or a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

_SUFFIXES = (".yaml", ".yml", ".json")

Seen = tuple[str, int, int, int]
"""A file as it looks from outside: path, mtime in nanoseconds, size, inode."""


@dataclass
class Place:
    """A folder in which changes would show."""

    identity: tuple[int, int]
    names: set[str] | None
    """The names in it that matter; None is all."""

    def same(self, other: Place | None) -> bool:
        """Whether another is the same folder."""
        return other is not None and other.identity == self.identity


class FileSource:
    """Files, and folders with all their ``*.yaml``, ``*.yml`` and ``*.json`` files.

    Folders are read with their subfolders, in the order of the paths; hidden files
    and folders are left out, and symbolic links are followed, so that a mounted
    ConfigMap works.
    """

    def __init__(self, *paths: str | os.PathLike[str]) -> None:
        self.paths = tuple(os.fspath(path) for path in paths)
        """The files and folders."""

    def __repr__(self) -> str:
        return f"sergo.file({', '.join(map(repr, self.paths))})"

    def look(self, places: dict[str, Place] | None = None) -> tuple[Seen, ...]:
        """See which files there are, without reading them.

        ``places`` gets the folders in which the next change would show, also where this fails.

        Raises:
            OSError: a file or a folder cannot be read.
        """
        known = {} if places is None else places
        for path in self.paths:
            _above(path, known)
        found: set[Seen] = set()
        for path in self.paths:
            status = os.stat(path)
            if stat.S_ISDIR(status.st_mode):
                found.update(_walk(path, status, (), known))
            else:
                found.add(_seen(path, status))
                _behind(path, known)
        return tuple(sorted(found))

    def read(self, files: tuple[Seen, ...]) -> list[tuple[str, str]]:
        """Read files that were seen: paths and texts.

        Raises:
            OSError: a file cannot be read.
            ValueError: a file is not UTF-8.
        """
        return [(path, _text(path)) for path, *_ in files]


def file(*paths: str | os.PathLike[str]) -> FileSource:
    """Name a file or folder of rules, or several, for :meth:`sergo.Engine.subscribe`.

    However many there are, their rules are one push.

    >>> sergo.file("rules/")
    sergo.file('rules/')
    """
    if not paths:
        raise ValueError("paths: found none, expected at least one file or folder, as in 'rules/'")
    return FileSource(*paths)


def _seen(path: str, found: os.stat_result) -> Seen:
    return (path, found.st_mtime_ns, found.st_size, found.st_ino)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return (found.st_dev, found.st_ino)


def _walk(
    folder: str, status: os.stat_result, above: tuple[tuple[int, int], ...], places: dict[str, Place]
) -> Iterator[Seen]:
    identity = _identity(status)
    if identity in above:
        return
    places[os.path.abspath(folder)] = Place(identity, None)
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
                yield from _walk(entry.path, found, (*above, identity), places)
            elif stat.S_ISREG(found.st_mode) and is_rules:
                if entry.is_symlink():
                    _behind(entry.path, places)
                yield _seen(entry.path, found)


def _above(path: str, places: dict[str, Place]) -> None:
    """Add the nearest folder above that is there: in it the source itself would come and go."""
    child = os.path.abspath(path)
    while (parent := os.path.dirname(child)) != child:
        if _add(parent, os.path.basename(child), places):
            return
        child = parent


def _behind(path: str, places: dict[str, Place]) -> None:
    """Add the folder that a link, or a link to a link, leads to in the end."""
    real = os.path.realpath(path)
    _add(os.path.dirname(real), os.path.basename(real), places)


def _add(folder: str, name: str, places: dict[str, Place]) -> bool:
    known = places.get(folder)
    if known is None:
        try:
            places[folder] = Place(_identity(os.stat(folder)), {name})
        except OSError:
            return False
    elif known.names is not None:
        known.names.add(name)
    return True


def _text(path: str) -> str:
    # Lines end as they are: positions in a report are those of the file.
    with open(path, encoding="utf-8", newline="") as opened:
        try:
            return opened.read()
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8") from error

"""What loading rules came to."""

from __future__ import annotations

import json
from dataclasses import dataclass

from . import _decode


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong with one field of one document."""

    kind: str
    """The document's kind; empty where it could not be read."""
    namespace: str
    """The document's namespace; empty where it could not be read."""
    name: str
    """The document's name; empty where it could not be read."""
    field: str
    """The path from the document's root, as in ``spec.targets[0].targetResourceName``."""
    found: str
    """What was found there."""
    expected: str
    """What would be right."""
    message: str
    """The whole sentence: document, field, what was found, what would be right."""
    source: str
    """The file that the document came from; empty for a text."""
    line: int
    """The line in the source, from 1; 0 is unknown."""
    column: int
    """The column in the line, from 1; 0 is unknown."""
    code: str
    """What kind of mistake it is, as in ``unknown-field``: what ``sergo check --explain`` knows it by."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Waiting:
    """A rule that takes effect when what it names arrives."""

    kind: str
    """The waiting document's kind."""
    namespace: str
    """The waiting document's namespace."""
    name: str
    """The waiting document's name."""
    field: str
    """The path of the reference, from the document's root."""
    missing: str
    """The name that is missing."""
    message: str
    """The whole sentence."""
    source: str
    """The file that the document came from; empty for a text, and where it came in an earlier push."""
    line: int
    """The line in the source, from 1; 0 is unknown."""
    column: int
    """The column in the line, from 1; 0 is unknown."""
    code: str
    """What kind of mistake it is, as in ``unknown-field``: what ``sergo check --explain`` knows it by."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Report:
    """What loading rules came to, in full: nothing is dropped silently.

    It is true when nothing was rejected.
    """

    version: int
    """The version of the rules now in force, counted from 1."""
    accepted: int
    """The valid documents, those that wait and those for other apps included."""
    rejected: tuple[Diagnostic, ...]
    """The mistakes; of a document with any, the last good version stays in force."""
    waiting: tuple[Waiting, ...]
    """What valid rules still miss, one entry per missing reference."""
    warnings: tuple[Diagnostic, ...]
    """What is most likely not meant: unknown fields, unknown kinds."""
    shadowed: tuple[Diagnostic, ...]
    """Routes that can never be reached, and why."""
    unserved: tuple[Diagnostic, ...]
    """Destinations that nothing serves: undefined subsets, and hosts of which discovery knows nobody healthy."""

    def __bool__(self) -> bool:
        return not self.rejected


def from_json(text: str) -> Report:
    """Read a report of the core."""
    data = json.loads(text)
    lists = ("rejected", "warnings", "shadowed", "unserved")
    diagnostics = {member: _decode.many(Diagnostic, data[member]) for member in lists}
    return _decode.one(Report, data, waiting=_decode.many(Waiting, data["waiting"]), **diagnostics)

"""From the JSON of the core to dataclasses: ``inFlight`` becomes ``in_flight``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")


def one(shape: type[T], data: Mapping[str, Any], **given: Any) -> T:
    """Make ``shape`` from the members of ``data`` that bear its fields' names.

    ``given`` goes before; a member that is not there is left to the field's default.
    """
    dataclass: Any = shape
    members = {field.name: member(field.name) for field in fields(dataclass)}
    found = {name: data[member] for name, member in members.items() if member in data}
    return shape(**{**found, **given})


def many(shape: type[T], data: list[Mapping[str, Any]]) -> tuple[T, ...]:
    """Make one ``shape`` of each element."""
    return tuple(one(shape, element) for element in data)


def member(name: str) -> str:
    """Name a field as the core does."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)

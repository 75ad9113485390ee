"""From the JSON of the core to dataclasses: ``inFlight`` becomes ``in_flight``."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


@cache
def _names(shape: Any) -> tuple[tuple[str, str], ...]:
    return tuple((f.name, re.sub(r"_([a-z])", lambda m: m[1].upper(), f.name)) for f in fields(shape))


def one(shape: type[T], data: Mapping[str, Any], **given: Any) -> T:
    """Make ``shape`` from the members of ``data`` that bear its fields' names.

    ``given`` goes before; a member that is not there is left to the field's default.
    """
    found = {name: data[member] for name, member in _names(cast(Hashable, shape)) if member in data}
    return shape(**{**found, **given})


def many(shape: type[T], data: list[Mapping[str, Any]]) -> tuple[T, ...]:
    """Make one ``shape`` of each element."""
    return tuple(one(shape, element) for element in data)

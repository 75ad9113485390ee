"""What rules look at."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Required:
    """Which parts of a request, beside its host, method, path and scheme, rules look at."""

    headers: tuple[str, ...]
    """The headers, in lower case and sorted."""
    parameters: tuple[str, ...]
    """The query parameters, sorted."""
    version: int
    """The version of the rules that this holds for."""


def from_json(text: str) -> Required:
    """Read what the core asks for."""
    data = json.loads(text)
    return Required(tuple(data["headers"]), tuple(data["parameters"]), data["version"])

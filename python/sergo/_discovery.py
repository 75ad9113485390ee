"""What discovery knows, and what came of calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ._errors import SergoError

Outcome = Literal["success", "error", "gateway-error", "local-error", "cancelled"]
"""What came of a call to an instance."""


@dataclass(frozen=True)
class Instance:
    """An instance of a host that discovery found."""

    id: str
    """Its identity."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Its labels."""
    healthy: bool = True
    """Whether discovery holds it for healthy."""
    weight: int = 1
    """Its weight among its like, 0 to 4,294,967,295."""
    zone: str | None = None
    """Its zone."""

    def __post_init__(self) -> None:
        if not 0 <= self.weight < 2**32:
            raise SergoError("argument", f"weight: found {self.weight}, expected 0 to {2**32 - 1}")


def instances_to_json(instances: Iterable[Instance]) -> str:
    """Write instances as the core reads them."""
    return json.dumps([{**vars(instance), "labels": dict(instance.labels)} for instance in instances])

"""The HTTP response to a block, for both adapters."""

from __future__ import annotations

from ._errors import Blocked

TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
NO_BODY = (204, 304)


def response(block: Blocked, method: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body: the rule's own, else 429 without a body.

    ``Retry-After`` is added, in whole seconds rounded up, where it is known and the
    rule does not set it; ``Content-Length`` where there is a body and no length.
    """
    fallback = block.fallback
    status = fallback.status if fallback else TOO_MANY_REQUESTS
    headers = list(fallback.headers) if fallback else []
    body = fallback.body.encode() if fallback else b""
    named = {name.lower() for name, _ in headers}
    if block.retry_after_ns is not None and "retry-after" not in named:
        headers.append(("Retry-After", str(-(-block.retry_after_ns // 1_000_000_000))))
    if status < 200 or status in NO_BODY:
        return status, headers, b""
    if not named & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(body))))
    return status, headers, b"" if method == "HEAD" else body

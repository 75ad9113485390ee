"""Streams to a control plane, over gRPC: whole messages as bytes, and nothing known of them."""

from __future__ import annotations

import os
import ssl
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Callable

from . import _fork
from ._control_plane import ControlPlaneSource, Tls

# Before gRPC is first imported: without it a forked child could not dial.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "1")

try:
    import grpc
except ImportError as error:
    raise ImportError("a control plane is reached by gRPC, which is missing: pip install 'sergo[grpc]'") from error

# Streams are closed before a fork. gRPC itself, which with its first channel sees to it
# that it hears of forks, closes none any more once it has: so it is asked after that.
grpc.insecure_channel("localhost:10246").close()
_fork.pause_first()

if TYPE_CHECKING:
    Tell = Callable[[str, int, Any], None]

METHOD = "/io.opensergo.proto.transport.v1.OpenSergoUniversalTransportService/SubscribeConfig"
REPORT = "/opensergo.proto.service_contract.v1.MetadataService/ReportMetadata"
MOST = 32 << 20
"""The most bytes in a message."""


class Stream:
    """A stream that is being opened, is there, or is over.

    ``tell`` is called on threads of the stream's own with what happens: ``connected``,
    ``received`` with a message, and at last ``closed`` with why.
    """

    def __init__(self, number: int, address: str, source: ControlPlaneSource, keepalive: float, tell: Tell) -> None:
        self._number = number
        self._source = source
        self._tell = tell
        self._outgoing: SimpleQueue[bytes | None] = SimpleQueue()
        self._channel = _channel(address, source.tls, keepalive)
        self._thread = threading.Thread(target=self._run, name="sergo-stream", daemon=True)
        self._thread.start()

    def send(self, message: bytes) -> None:
        """Send a message."""
        self._outgoing.put(message)

    def close(self) -> None:
        """Close it, whatever its state."""
        self._outgoing.put(None)
        self._channel.close()

    def join(self, timeout: float | None) -> None:
        """Wait until its thread has ended."""
        self._thread.join(timeout)

    def _run(self) -> None:
        reason = "the control plane ended the stream"
        try:
            begin: grpc.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(METHOD)
            call = begin(iter(self._outgoing.get, None), metadata=_metadata(self._source))
            # What is sent from now on waits for the connection; should there be none, the
            # call ends.
            self._tell("connected", self._number, None)
            for message in call:
                self._tell("received", self._number, message)
        except grpc.RpcError as error:
            reason = f"{error.code().name}: {error.details()}"
        except Exception as error:
            # A callback for a token that fails; a channel that was closed before it began.
            reason = f"{type(error).__name__}: {error}"
        self._outgoing.put(None)
        self._tell("closed", self._number, reason)


def report(address: str, source: ControlPlaneSource, message: bytes, timeout: float) -> None:
    """Report services to a control plane.

    Raises:
        ConnectionError: it does not answer, or refuses.
    """
    with _channel(address, source.tls, source.keepalive) as channel:
        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(REPORT)
        try:
            ask(message, timeout=timeout, metadata=_metadata(source))
        except grpc.RpcError as error:
            raise ConnectionError(f"{error.code().name}: {error.details()}") from error


def _channel(address: str, tls: Tls | None, keepalive: float) -> grpc.Channel:
    patience = round(min(keepalive, 10) * 1000)
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", MOST),
        ("grpc.keepalive_time_ms", round(keepalive * 1000)),
        ("grpc.keepalive_timeout_ms", patience),
        ("grpc.http2.ping_timeout_ms", patience),
        ("grpc.http2.max_pings_without_data", 0),
        # When to dial again is the session's to say.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_retries", 0),
    ]
    if tls is None:
        return grpc.insecure_channel(address, options)
    if tls.server_name is not None:
        options.append(("grpc.ssl_target_name_override", tls.server_name))
    roots = tls.roots or ssl.get_default_verify_paths().cafile
    credentials = grpc.ssl_channel_credentials(_bytes(roots), _bytes(tls.key), _bytes(tls.certificate))
    return grpc.secure_channel(address, credentials, options)


def _bytes(path: str | os.PathLike[str] | None) -> bytes | None:
    if path is None:
        return None
    with open(path, "rb") as opened:
        return opened.read()


def _metadata(source: ControlPlaneSource) -> tuple[tuple[str, str], ...]:
    metadata = source.metadata() if callable(source.metadata) else source.metadata or {}
    pairs = [(name.lower(), value) for name, value in metadata.items()]
    if source.token is not None:
        token = source.token() if callable(source.token) else source.token
        pairs.append(("authorization", f"Bearer {token}"))
    return tuple(pairs)

"""Rules from a control plane: the real one, over real gRPC."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

import sergo
from conftest import eventually, limit, together
from plane import Plane, Wire

RATE = "fault-tolerance.opensergo.io/v1alpha1/RateLimitStrategy"


@pytest.fixture
def plane(folder: Path) -> Iterator[Plane]:
    """A control plane that serves a limit of two."""
    with Plane(folder) as plane:
        yield plane


@pytest.fixture
def app() -> Iterator[sergo.Engine]:
    """An engine on the system's clock."""
    with sergo.Engine("foo-app", sample_system=False) as engine:
        yield engine


def source(plane: Plane | Wire, **options: Any) -> sergo.ControlPlaneSource:
    """The control plane, to subscribe to, with patience."""
    return sergo.control_plane(plane.address, **{"first_rules_timeout": 30, **options})


def passes(engine: sergo.Engine, count: int = 5) -> int:
    """How many of some entries pass."""
    return sum(engine.decide("/foo").passed for _ in range(count))


def version(following: sergo.ControlPlaneSubscription) -> int:
    """The version of the rate limits that were pushed last."""
    return next(one.version for one in following.state.subscriptions if one.kind == RATE and one.version is not None)


def test_it_leaves_no_thread_behind(plane: Plane) -> None:
    before = threading.active_count()
    for _ in range(3):
        with sergo.Engine("foo-app") as engine:
            engine.subscribe(source(plane))
    eventually(lambda: threading.active_count() <= before)


def threads() -> list[str]:
    """The threads that the package started and that run still."""
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("sergo-"))


def test_the_first_rules_are_there_when_it_returns(plane: Plane, app: sergo.Engine) -> None:
    reports: list[sergo.Report] = []
    with app.subscribe(source(plane), on_report=reports.append) as following:
        assert passes(app) == 2
        state = following.state
        assert (state.phase, state.is_synced, state.address, state.last_error) == ("connected", True, plane.address, "")
        assert state.control_plane
        assert state.connected_for is not None
        assert state.last_push_ago is not None
        kinds = {one.kind: one for one in state.subscriptions}
        assert (kinds[RATE].documents, kinds[RATE].is_answered, kinds[RATE].refused) == (1, True, None)
        assert following.last_report == reports[-1]
        assert reports[-1].accepted == 3
        assert following.last_error is None
        assert not following.closed
        assert "following 127.0.0.1" in repr(following)
    assert following.closed
    assert threads() == []
    assert passes(app, 1) == 0, "the rules stay"


def test_changes_and_deletions_arrive(plane: Plane, app: sergo.Engine, folder: Path) -> None:
    with app.subscribe(source(plane)):
        assert passes(app) == 2
        (folder / "foo.yaml").write_text(limit(4))
        eventually(lambda: app.decide("/foo").passed)
        assert passes(app) == 1
        (folder / "foo.yaml").unlink()
        eventually(lambda: passes(app) == 5)


def test_a_bad_document_takes_no_other_with_it(plane: Plane, app: sergo.Engine, folder: Path) -> None:
    with app.subscribe(source(plane)) as following:
        good = "apiVersion: fault-tolerance.opensergo.io/v1alpha1\nkind: RateLimitStrategy\nmetadata: {name: more}\n"
        bad = limit().replace("threshold: 2", "threshold: -1")
        (folder / "foo.yaml").write_text(f'{bad}\n---\n{good}spec: {{threshold: 9, statDuration: "1m"}}')
        eventually(lambda: following.last_report is not None and following.last_report.rejected)
        assert following.last_report is not None
        assert [one.name for one in following.last_report.rejected] == ["rate-limit-foo"]
        assert passes(app) == 2, "the last good one is in force"
        eventually(lambda: "rate-limit-foo" in repr(plane.ask("clients")) and "4001" in repr(plane.ask("clients")))


def test_a_control_plane_that_is_killed_and_back(plane: Plane, app: sergo.Engine, folder: Path) -> None:
    errors: list[Exception] = []
    with app.subscribe(source(plane), on_error=errors.append) as following:
        assert passes(app) == 2
        before = version(following)
        plane.kill()
        eventually(lambda: following.state.phase != "connected")
        assert isinstance(following.last_error, ConnectionError)
        assert errors
        assert not app.decide("/foo").passed, "nothing is ungoverned meanwhile"
        (folder / "foo.yaml").write_text(limit(3))
        plane.start()
        while not following.wait_synced(0.01):
            assert app.explain("/foo").governed, "nor while it comes back"
        eventually(lambda: following.last_error is None)
        assert passes(app) == 1
        assert version(following) > before
        assert following.state.last_error


def test_a_control_plane_that_is_killed_during_a_push(plane: Plane, app: sergo.Engine, folder: Path) -> None:
    with app.subscribe(source(plane)) as following:
        assert passes(app) == 2
        many = (limit(1, f"/r{number}").replace("-foo", f"-r{number}") for number in range(500))
        (folder / "many.yaml").write_text(together(*many))
        for _ in range(3):
            plane.kill()
            assert not app.decide("/foo").passed
            plane.start()
            # As soon as it is asked again it pushes, and is killed.
            eventually(lambda: plane.ask("clients"))
        assert following.wait_synced(30)
        eventually(lambda: [app.decide("/r499").passed for _ in range(2)] == [False, False])
        assert not app.decide("/foo").passed


def test_a_connection_that_is_half_open_is_noticed(plane: Plane, app: sergo.Engine, folder: Path) -> None:
    wire = Wire(plane.address)
    try:
        with app.subscribe(source(wire, keepalive=1.0)):
            assert passes(app) == 2
            wire.hold()
            (folder / "foo.yaml").write_text(limit(3))
            eventually(lambda: app.decide("/foo").passed, patience=60)
            assert wire.accepted == 2
    finally:
        wire.close()


def test_addresses_are_tried_in_turn(plane: Plane, app: sergo.Engine) -> None:
    with app.subscribe(sergo.control_plane("127.0.0.1:1", plane.address, first_rules_timeout=30)) as following:
        assert following.state.address == plane.address
        assert passes(app) == 2


def test_nobody_is_there(app: sergo.Engine) -> None:
    with app.subscribe(sergo.control_plane("127.0.0.1:1", first_rules_timeout=0.2)) as following:
        assert not following.wait_synced(0)
        eventually(lambda: following.last_error)
        assert "UNAVAILABLE" in following.state.last_error
        assert passes(app) == 5
    with pytest.raises(ValueError, match="addresses: found none"):
        sergo.control_plane()


def test_last_good_rules_govern_a_new_process(plane: Plane, folder: Path, tmp_path: Path) -> None:
    saved = tmp_path / "last.rules"
    with sergo.Engine("foo-app") as engine, engine.subscribe(source(plane, last_good=saved)):
        assert passes(engine) == 2
        eventually(saved.exists)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["last.rules"]
    plane.kill()
    offline = source(plane, last_good=saved, first_rules_timeout=0)
    with sergo.Engine("foo-app") as engine, engine.subscribe(offline) as following:
        assert passes(engine) == 2
        assert following.last_report is not None
        (folder / "foo.yaml").write_text(limit(3))
        plane.start()
        assert following.wait_synced(30)
        assert passes(engine) == 1
    saved.write_text(saved.read_text()[:-9])
    with sergo.Engine("foo-app") as engine, engine.subscribe(source(plane, last_good=saved)) as following:
        eventually(lambda: following.wait_synced(30))
        assert passes(engine) == 3
    plane.kill()
    whole = saved.read_text()
    for wrong, why in ((whole.replace("/foo", "/bar"), "checksum"), ("nonsense", "another first line")):
        assert wrong != whole
        saved.write_text(wrong)
        told: list[Exception] = []
        with sergo.Engine("foo-app") as engine, engine.subscribe(offline, on_error=told.append) as following:
            assert passes(engine) == 5
            assert not engine.explain("/bar").governed
            assert why in str(told[0])
            assert following.last_error
    plane.start()


def test_a_file_that_cannot_be_written(plane: Plane, app: sergo.Engine, tmp_path: Path) -> None:
    errors: list[Exception] = []
    nowhere = tmp_path / "no" / "where"
    with app.subscribe(source(plane, last_good=nowhere), on_error=errors.append):
        assert passes(app) == 2
        eventually(lambda: any(isinstance(error, FileNotFoundError) for error in errors))


def test_tls_and_its_certificates(folder: Path, tmp_path: Path) -> None:
    ours, others = trustme.CA(), trustme.CA()
    server, client = ours.issue_cert("plane.test"), ours.issue_cert("client.test")
    for name, blob in (
        ("ca", ours.cert_pem),
        ("others", others.cert_pem),
        ("cert", server.cert_chain_pems[0]),
        ("key", server.private_key_pem),
        ("client", client.cert_chain_pems[0]),
        ("client-key", client.private_key_pem),
    ):
        blob.write_to_path(str(tmp_path / name))
    options = ("--tls-cert", str(tmp_path / "cert"), "--tls-key", str(tmp_path / "key"))
    with Plane(folder, *options, "--tls-client-ca", str(tmp_path / "ca")) as plane:
        right = sergo.Tls(tmp_path / "ca", tmp_path / "client", tmp_path / "client-key", server_name="plane.test")
        with sergo.Engine("foo-app") as engine, engine.subscribe(source(plane, tls=right)) as following:
            assert following.state.is_synced
            assert passes(engine) == 2
        for wrong in (
            False,
            True,
            sergo.Tls(tmp_path / "others", right.certificate, right.key, "plane.test"),
            sergo.Tls(tmp_path / "ca", right.certificate, right.key, "another.test"),
            sergo.Tls(tmp_path / "ca", server_name="plane.test"),
            sergo.Tls(tmp_path / "missing"),
        ):
            with (
                sergo.Engine("foo-app") as engine,
                engine.subscribe(source(plane, tls=wrong, first_rules_timeout=0)) as following,
            ):
                eventually(lambda: following.state.last_error)
                assert not following.state.is_synced
                assert passes(engine) == 5


def test_tokens(folder: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.yaml"
    tokens.write_text("tokens: [{name: foo, token: right-token-of-some-length, namespaces: ['*']}]")
    asked: list[str] = []

    def ask() -> str:
        asked.append("")
        if len(asked) == 1:
            raise LookupError("no token yet")
        return "right-token-of-some-length"

    with Plane(folder, "--tokens", str(tokens)) as plane:
        for token in ("right-token-of-some-length", ask):
            with sergo.Engine("foo-app") as engine, engine.subscribe(source(plane, token=token)) as following:
                assert following.state.is_synced
                assert passes(engine) == 2
        assert len(asked) == 2
        by_metadata = {"Authorization": "Bearer right-token-of-some-length"}
        with sergo.Engine("foo-app") as engine, engine.subscribe(source(plane, metadata=by_metadata)) as following:
            assert following.state.is_synced
        for wrong in ("wrong-token-of-some-length", None):
            with (
                sergo.Engine("foo-app") as engine,
                engine.subscribe(source(plane, token=wrong, first_rules_timeout=0)) as following,
            ):
                eventually(lambda: "UNAUTHENTICATED" in following.state.last_error)
                assert passes(engine) == 5


def test_subscriptions_come_and_go(plane: Plane, app: sergo.Engine) -> None:
    kind = "fault-tolerance.opensergo.io/v1alpha1/FaultToleranceRule"
    with app.subscribe(source(plane, kinds=[RATE])) as following:
        assert passes(app) == 5
        assert following.subscribe("foo-app", kind)
        eventually(lambda: not app.decide("/foo").passed)
        assert following.unsubscribe("foo-app", kind)
        assert not following.unsubscribe("foo-app", kind)
        eventually(lambda: passes(app) == 5)
        assert [one.kind for one in following.state.subscriptions] == [RATE]


def test_services_are_reported(plane: Plane, app: sergo.Engine) -> None:
    get = sergo.Method("get", ("/users/{id}",), ("GET",), description="one user")
    contract = sergo.ServiceContract((sergo.Service("users", (get,)),), addresses=(("127.0.0.1", 80),))
    with app.subscribe(source(plane)) as following:
        following.report_services([contract])
        told = repr(plane.ask("services"))
        for part in ("foo-app", "users", "/users/{id}", "one user", str(os.getpid())):
            assert part in told
        plane.kill()
        with pytest.raises(ConnectionError, match="UNAVAILABLE"):
            following.report_services([contract])
        plane.start()


def test_the_end_of_the_engine_is_the_end_of_it(plane: Plane) -> None:
    engine = sergo.Engine("foo-app")
    following = engine.subscribe(source(plane))
    waiting = threading.Thread(target=lambda: [following.wait_synced(60) for _ in range(3)])
    engine.close()
    assert following.closed
    assert threads() == []
    waiting.start()
    waiting.join(30)
    assert not waiting.is_alive()
    assert not following.wait_synced()
    with pytest.raises(sergo.SergoError, match="closed"):
        following.state  # noqa: B018
    following.close()
    eventually(lambda: plane.ask("clients") == [])


def test_a_callback_that_fails_or_closes_harms_nothing(plane: Plane, folder: Path) -> None:
    with sergo.Engine("foo-app") as engine:
        following: list[sergo.ControlPlaneSubscription] = []

        def complain(report: sergo.Report) -> None:
            for one in following:
                one.close()
            raise ZeroDivisionError

        one = engine.subscribe(source(plane), on_report=complain)
        assert passes(engine) == 2
        following.append(one)
        (folder / "foo.yaml").write_text(limit(7))
        eventually(lambda: one.closed and threads() == [])


def test_from_a_coroutine(plane: Plane) -> None:
    async def run() -> None:
        with sergo.Engine("foo-app") as engine:
            with await asyncio.to_thread(engine.subscribe, source(plane)) as following:
                assert following.state.is_synced
            assert passes(engine) == 2

    asyncio.run(run())


def test_a_coroutine_waits_for_the_first_rules(plane: Plane, folder: Path) -> None:
    async def run() -> None:
        with sergo.Engine("foo-app") as engine:
            with engine.subscribe(source(plane, first_rules_timeout=0)) as following:
                others = asyncio.ensure_future(following.wait_synced_async())
                assert await following.wait_synced_async(30)
                assert await others
                assert passes(engine) == 2
                plane.kill()
                eventually(lambda: not following.state.is_synced)
                assert not await following.wait_synced_async(0)
                assert not await following.wait_synced_async(0.01)
                cancelled = asyncio.ensure_future(following.wait_synced_async())
                await asyncio.sleep(0)
                cancelled.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await cancelled
                waiting = asyncio.ensure_future(following.wait_synced_async())
                plane.start()
                assert await waiting
                plane.kill()
                eventually(lambda: not following.state.is_synced)
                left = asyncio.ensure_future(following.wait_synced_async())
                await asyncio.sleep(0)
            assert not await left, "it ends with the subscription"
            assert not await following.wait_synced_async()
        plane.start()

    asyncio.run(run())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_child_dials_a_stream_of_its_own(plane: Plane, folder: Path) -> None:
    """A process as a prefork server is: what it holds is made before it forks."""
    code = """
import os, sys, traceback
import sergo
sys.path.insert(0, sys.argv[1])
from conftest import eventually, limit
engine = sergo.Engine("foo-app")
following = engine.subscribe(sergo.control_plane(sys.argv[2], first_rules_timeout=30))
assert following.state.is_synced
parent = following.state.identifier
workers = []
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            assert following.wait_synced(60), following.state
            assert following.state.identifier != parent
            assert sum(engine.decide("/foo").passed for _ in range(5)) == 2
            os.write(1, b"ready\\n")
            eventually(lambda: sum(engine.decide("/foo").passed for _ in range(9)) == 7)
            engine.close()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    workers.append(pid)
os.write(1, b"forked\\n")
for pid in workers:
    assert os.waitpid(pid, 0)[1] == 0
assert following.wait_synced(60)
engine.close()
print("done", flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent), plane.address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout
            heard = [process.stdout.readline().strip() for _ in range(3)]
            assert sorted(heard) == ["forked", "ready", "ready"]
            eventually(lambda: len(plane.ask("clients")) == 3)
            (folder / "foo.yaml").write_text(limit(9))
            assert process.stdout.readline().strip() == "done"
            assert process.wait(60) == 0
        finally:
            process.kill()
            assert process.stderr
            print(process.stderr.read())


def test_what_is_missing_is_named() -> None:
    code = """
import sys
sys.modules["grpc"] = None
import sergo
engine = sergo.Engine("foo-app")
try:
    engine.subscribe(sergo.control_plane("127.0.0.1:1"))
except ImportError as error:
    print(error)
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "pip install 'sergo[grpc]'" in process.stdout

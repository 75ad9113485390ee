"""Rules from files and folders, while they change."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import sergo
from conftest import eventually, limit

QUICK = 0.02


class Heard:
    """What a subscription's callbacks heard."""

    def __init__(self) -> None:
        self.reports: list[sergo.Report] = []
        self.errors: list[Exception] = []


Follow = Callable[[Path], tuple[sergo.Subscription, Heard]]


@pytest.fixture
def follow(engine: sergo.Engine) -> Iterator[Follow]:
    """Subscribe the engine to a path; all ends with the test."""
    made: list[sergo.Subscription] = []

    def subscribe(path: Path) -> tuple[sergo.Subscription, Heard]:
        heard = Heard()
        source = sergo.file(path)
        made.append(
            engine.subscribe(source, on_report=heard.reports.append, on_error=heard.errors.append, interval=QUICK)
        )
        return made[-1], heard

    yield subscribe
    for subscription in made:
        subscription.close()


def threshold(engine: sergo.Engine) -> int:
    """How many requests pass: the limit that is in force, on an engine of its own time."""
    return sum(engine.decide("/foo").passed for _ in range(20))


def test_the_first_load_is_over_when_subscribe_returns(engine: sergo.Engine, follow: Follow, folder: Path) -> None:
    subscription, heard = follow(folder)
    report = subscription.last_report
    assert report is not None
    assert report.accepted == 3
    assert heard.reports == [report]
    assert subscription.last_error is None
    assert threshold(engine) == 2
    assert "watching" in repr(subscription)


def test_a_change_is_taken(engine: sergo.Engine, follow: Follow, folder: Path) -> None:
    subscription, heard = follow(folder)
    (folder / "foo.yaml").write_text(limit(7))
    eventually(lambda: len(heard.reports) == 2)
    assert heard.reports[1] == subscription.last_report
    assert engine.version == heard.reports[1].version == 2
    assert threshold(engine) == 7


def test_a_file_that_replaces_another_is_taken(engine: sergo.Engine, follow: Follow, folder: Path) -> None:
    _, heard = follow(folder / "foo.yaml")
    fresh = folder / "fresh"
    fresh.write_text(limit(6))
    os.utime(fresh, ns=(1, os.stat(folder / "foo.yaml").st_mtime_ns))
    fresh.replace(folder / "foo.yaml")
    eventually(lambda: len(heard.reports) == 2)
    assert threshold(engine) == 6


def test_a_file_is_not_read_while_it_is_written(engine: sergo.Engine, follow: Follow, folder: Path) -> None:
    subscription, heard = follow(folder)
    text = limit(9)
    with (folder / "foo.yaml").open("w") as writing:
        for start in range(0, len(text), 40):
            writing.write(text[start : start + 40])
            writing.flush()
    eventually(lambda: len(heard.reports) > 1 and threshold(engine) > 0 and subscription.last_report)
    eventually(lambda: engine.version == len(heard.reports))
    last = heard.reports[-1]
    assert last.accepted == 3
    assert not last.rejected


def test_a_folder_has_the_files_that_hold_rules(engine: sergo.Engine, folder: Path) -> None:
    below = folder / "below"
    below.mkdir()
    for name in ("b.yml", "a.json", "C.YAML", "notes.txt", ".hidden.yaml", "below/d.yaml"):
        (folder / name).write_text("")
    (folder / ".git").mkdir()
    (folder / ".git/e.yaml").write_text("")
    (below / "again").symlink_to(folder)
    (folder / "nowhere").symlink_to("nothing-is-here")
    os.mkfifo(folder / "pipe.yaml")
    source = sergo.file(folder)
    files = [os.path.relpath(path, folder) for path, _ in source.read(source.look())]
    assert files == ["C.YAML", "a.json", "b.yml", "below/d.yaml", "foo.yaml"]


def test_files_are_told_apart_in_the_report(engine: sergo.Engine, follow: Follow, folder: Path) -> None:
    text = limit(target="/bar").replace("-foo", "-bar").replace("threshold: 2", "threshold: many")
    (folder / "bad.yaml").write_text(text)
    (folder / "worse.json").write_text('{"kind": ')
    subscription, _ = follow(folder)
    report = subscription.last_report
    assert report is not None
    wrong = [str(folder / "bad.yaml"), str(folder / "worse.json")]
    assert sorted(diagnostic.source for diagnostic in report.rejected) == wrong
    assert threshold(engine) == 2


def test_a_removed_file_takes_its_rules_with_it(engine: sergo.Engine, follow: Follow, folder: Path) -> None:
    (folder / "other.yaml").write_text("")
    _, heard = follow(folder)
    (folder / "foo.yaml").unlink()
    eventually(lambda: len(heard.reports) == 2)
    assert threshold(engine) == 20


def test_a_mounted_config_map_is_followed(engine: sergo.Engine, follow: Follow, tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    for name, text in (("..1", limit(2)), ("..2", limit(5))):
        (mount / name).mkdir(parents=True)
        (mount / name / "foo.yaml").write_text(text)
    (mount / "..data").symlink_to("..1")
    (mount / "foo.yaml").symlink_to("..data/foo.yaml")
    subscription, heard = follow(mount)
    assert subscription.last_report is not None
    assert subscription.last_report.accepted == 3
    (mount / "..data_tmp").symlink_to("..2")
    (mount / "..data_tmp").replace(mount / "..data")
    eventually(lambda: len(heard.reports) == 2)
    assert heard.reports[1].accepted == 3
    assert threshold(engine) == 5


def test_a_removed_folder_leaves_the_rules_and_an_error(engine: sergo.Engine, follow: Follow, folder: Path) -> None:
    subscription, heard = follow(folder)
    away = folder.with_name("away")
    folder.rename(away)
    eventually(lambda: heard.errors)
    assert isinstance(subscription.last_error, FileNotFoundError)
    assert threshold(engine) == 2
    away.rename(folder)
    eventually(lambda: subscription.last_error is None)
    assert len(heard.errors) == 1
    assert len(heard.reports) == 1, "the same rules are not loaded again"
    (folder / "foo.yaml").write_text(limit(8))
    eventually(lambda: len(heard.reports) == 2)


def test_a_path_that_is_not_there_yet_is_waited_for(engine: sergo.Engine, follow: Follow, tmp_path: Path) -> None:
    path = tmp_path / "later.yaml"
    subscription, heard = follow(path)
    assert subscription.last_report is None
    assert isinstance(subscription.last_error, FileNotFoundError)
    path.write_text(limit(3))
    eventually(lambda: heard.reports)
    eventually(lambda: subscription.last_error is None)
    assert threshold(engine) == 3


def test_a_file_that_is_no_text_leaves_the_rules_and_an_error(
    engine: sergo.Engine, follow: Follow, folder: Path
) -> None:
    subscription, heard = follow(folder)
    (folder / "foo.yaml").write_bytes(b"kind: \xff")
    eventually(lambda: heard.errors)
    assert "byte 6 is not UTF-8" in str(subscription.last_error)
    assert threshold(engine) == 2
    (folder / "link.yaml").symlink_to("nothing-is-here")
    eventually(lambda: len(heard.errors) == 2)
    assert isinstance(subscription.last_error, FileNotFoundError)


def test_close_leaves_no_thread_and_no_watching(engine: sergo.Engine, follow: Follow, folder: Path) -> None:
    before = threading.active_count()
    subscription, heard = follow(folder)
    assert threading.active_count() == before + 1
    with subscription:
        assert not subscription.closed
    assert subscription.closed
    assert threading.active_count() == before
    subscription.close()
    (folder / "foo.yaml").write_text(limit(7))
    second, _ = follow(folder)
    engine.close()
    assert second.closed
    assert threading.active_count() == before
    assert len(heard.reports) == 1


def test_a_callback_may_close_its_subscription(engine: sergo.Engine, folder: Path) -> None:
    subscription: list[sergo.Subscription] = []

    def hear(report: sergo.Report) -> None:
        for open_one in subscription:
            open_one.close()

    subscription.append(engine.subscribe(sergo.file(folder), on_report=hear, interval=QUICK))
    (folder / "foo.yaml").write_text(limit(7))
    eventually(lambda: subscription[0].closed)


def test_a_callback_that_fails_is_logged_and_does_no_harm(
    engine: sergo.Engine, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(report: sergo.Report) -> None:
        raise LookupError("not mine")

    caplog.set_level(logging.ERROR, "sergo")
    with engine.subscribe(sergo.file(folder), on_report=fail, interval=QUICK) as subscription:
        assert "not mine" in caplog.text
        (folder / "foo.yaml").write_text(limit(7))
        eventually(lambda: engine.version == 2)
        assert subscription.last_error is None


def test_watching_ends_when_the_engine_is_closed_behind_its_back(folder: Path) -> None:
    engine = sergo.Engine("foo-app")
    subscription = engine.subscribe(sergo.file(folder), interval=QUICK)
    super(sergo.Engine, engine).close()
    (folder / "foo.yaml").write_text(limit(7))
    eventually(lambda: subscription.closed)
    assert subscription.last_error is None

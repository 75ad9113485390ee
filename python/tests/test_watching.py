"""Files whose changes the system tells of: nothing else would bring them, the next look being an hour away."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import sergo
from conftest import Child, eventually, limit

HOUR = 3600.0


class Scene:
    """An engine that follows paths in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.engine = sergo.Engine("foo-app", sample_system=False)
        self.reports: list[sergo.Report] = []
        self.errors: list[Exception] = []

    def subscribe(self, *names: str, interval: float | None = HOUR) -> sergo.Subscription:
        """Follow these; by default the folder itself."""
        source = sergo.file(*(self.root / name for name in names or (".",)))
        return self.engine.subscribe(
            source, on_report=self.reports.append, on_error=self.errors.append, interval=interval
        )

    def put(self, name: str, text: str) -> None:
        """Write a file, in a folder that is made where it is missing."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def move(self, name: str, to: str) -> None:
        """Rename a file or link, over what is there."""
        (self.root / name).replace(self.root / to)

    def link(self, name: str, to: str) -> None:
        """Make a link."""
        (self.root / name).symlink_to(to)

    def threshold(self, target: str = "/foo") -> float | None:
        """The limit that is in force."""
        gates = self.engine.explain(target).gates
        return gates[0].limit if gates else None

    def becomes(self, expected: float | None, target: str = "/foo") -> None:
        """Wait until that is so."""
        eventually(lambda: self.threshold(target) == expected)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A scene that ends with the test."""
    scene = Scene(tmp_path / "root")
    scene.root.mkdir()
    with scene.engine:
        yield scene


native = pytest.mark.skipif(sys.platform != "linux", reason="changes are told on Linux only")


def bar(threshold: int) -> str:
    return limit(threshold, "/bar").replace("-foo", "-bar")


@native
def test_files_that_are_written_added_renamed_and_removed(scene: Scene) -> None:
    scene.put("foo.yaml", limit(1))
    subscription = scene.subscribe()
    assert subscription.state == sergo.FileState("native", None)
    scene.becomes(1)
    scene.put("foo.yaml", limit(2))
    scene.becomes(2)
    scene.put("bar.yaml", bar(3))
    scene.becomes(3, "/bar")
    scene.move("bar.yaml", "bar.off")
    scene.becomes(None, "/bar")
    (scene.root / "foo.yaml").unlink()
    scene.becomes(None)
    assert scene.errors == []


@native
def test_a_file_that_editors_replace_in_their_ways(scene: Scene) -> None:
    scene.put("foo.yaml", limit(1))
    scene.subscribe("foo.yaml")
    for threshold in (2, 4):
        scene.put(".foo.yaml.swp", limit(threshold))
        scene.move(".foo.yaml.swp", "foo.yaml")
        scene.becomes(threshold)
        scene.move("foo.yaml", "foo.yaml~")
        scene.put("foo.yaml", limit(threshold + 1))
        scene.becomes(threshold + 1)


@native
def test_a_config_map_whose_link_is_turned(scene: Scene) -> None:
    scene.put("..1/foo.yaml", limit(1))
    scene.link("..data", "..1")
    scene.link("foo.yaml", "..data/foo.yaml")
    scene.subscribe()
    for turn in (2, 3, 4):
        scene.put(f"..{turn}/foo.yaml", limit(turn))
        scene.link("..data_tmp", f"..{turn}")
        scene.move("..data_tmp", "..data")
        shutil.rmtree(scene.root / f"..{turn - 1}")
        scene.becomes(turn)
    assert scene.errors == []
    assert len(scene.reports) == 4


@native
def test_folders_that_come_and_what_changes_in_them_later(scene: Scene) -> None:
    scene.subscribe()
    for turn in (1, 3):
        scene.put("below/deep/foo.yaml", limit(turn))
        scene.becomes(turn)
        scene.put("below/deep/foo.yaml", limit(turn + 1))
        scene.becomes(turn + 1)
        shutil.rmtree(scene.root / "below")
        scene.becomes(None)


@native
def test_a_source_that_goes_and_comes_back_and_one_that_is_not_there_yet(scene: Scene) -> None:
    subscription = scene.subscribe("not/yet/rules")
    assert isinstance(subscription.last_error, FileNotFoundError)
    scene.put("not/yet/rules/foo.yaml", limit(1))
    scene.becomes(1)
    for turn in (2, 3):
        shutil.rmtree(scene.root / "not/yet/rules")
        eventually(lambda: subscription.last_error)
        assert scene.threshold() == turn - 1, "the last rules stay"
        scene.put("not/yet/rules/foo.yaml", limit(turn))
        scene.becomes(turn)
        eventually(lambda: subscription.last_error is None)


@native
def test_what_links_lead_to(scene: Scene) -> None:
    scene.put("elsewhere/foo.txt", limit(1))
    (scene.root / "rules").mkdir()
    scene.link("rules/foo.yaml", "../elsewhere/foo.txt")
    scene.link("current", "rules")
    scene.subscribe("current")
    scene.put("elsewhere/foo.txt", limit(2))
    scene.becomes(2)
    scene.put("others/foo.yaml", limit(3))
    scene.link("next", "others")
    scene.move("next", "current")
    scene.becomes(3)


@native
def test_several_files_and_folders_are_one_push(scene: Scene) -> None:
    scene.put("rules/foo.yaml", limit(1))
    scene.put("bar", bar(2))
    subscription = scene.subscribe("rules", "bar", "rules/foo.yaml")
    assert "rules" in repr(subscription)
    assert (len(scene.reports), scene.reports[0].accepted, scene.reports[0].rejected) == (1, 6, ())
    scene.put("bar", bar(3))
    scene.becomes(3, "/bar")
    scene.put("rules/foo.yaml", limit(4))
    scene.becomes(4)
    with pytest.raises(ValueError, match="paths: found none"):
        sergo.file()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0


def inotify_descriptors() -> int:
    count = 0
    for name in os.listdir("/proc/self/fd"):
        # Listing has one of its own, which is gone by now.
        with suppress(FileNotFoundError):
            count += "inotify" in os.readlink(f"/proc/self/fd/{name}")
    return count


def test_a_subscription_that_is_closed_leaves_nothing_open(scene: Scene) -> None:
    scene.put("below/foo.yaml", limit(1))
    before = (descriptors(), threading.active_count())
    for end in (sergo.Subscription.close, lambda _: scene.engine.close()):
        subscription = scene.subscribe()
        end(subscription)
        assert subscription.state.noticing == "ended"
        assert (descriptors(), threading.active_count()) == before


LIMITED = """
import os, resource, sys
import sergo
sys.path.insert(0, sys.argv[1])
from conftest import eventually, limit
rules = sys.argv[2]
engine = sergo.Engine("foo-app", sample_system=False)
held = [os.open("/dev/null", os.O_RDONLY)]
resource.setrlimit(resource.RLIMIT_NOFILE, (held[0] + 2, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
subscription = engine.subscribe(sergo.file(rules))
print(subscription.state.noticing, subscription.state.polling_reason, flush=True)
sys.stdin.readline()
eventually(lambda: engine.explain("/foo").gates[0].limit == 7)
engine.close()
print(len(os.listdir("/proc/self/fd")) - 1 - held[0], subscription.last_error, flush=True)
"""


@native
def test_where_nothing_can_be_watched_files_are_looked_at(folder: Path) -> None:
    """As where a user has too many watches: here it is descriptors that have run out."""
    with subprocess.Popen(
        [sys.executable, "-c", LIMITED, str(Path(__file__).parent), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        first = process.stdout.readline()
        assert first.startswith("polling "), first
        assert "Too many open files" in first
        (folder / "foo.yaml").write_text(limit(7))
        print(file=process.stdin, flush=True)
        assert process.stdout.readline().strip() == "1 None"
        assert process.wait(60) == 0


def test_where_nothing_is_told_files_are_looked_at(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system that is another machine's."""
    if sys.platform == "linux":
        monkeypatch.setattr("sergo._sergo.inotify_watch", lambda descriptor, path: 1)
    scene.put("foo.yaml", limit(1))
    scene.subscribe(interval=None)
    scene.put("foo.yaml", limit(2))
    scene.becomes(2)


@native
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_child_watches_for_itself_and_takes_nothing_from_its_parent(scene: Scene) -> None:
    scene.put("foo.yaml", limit(1))
    subscription = scene.subscribe()

    def work() -> object:
        scene.put("told", "")
        scene.becomes(2)
        watching = inotify_descriptors()
        subscription.close()
        return (watching, inotify_descriptors(), subscription.state.noticing)

    child = Child(work)
    eventually((scene.root / "told").exists)
    scene.put("foo.yaml", limit(2))
    scene.becomes(2)
    assert child.result() == "(1, 0, 'ended')"
    scene.put("foo.yaml", limit(3))
    scene.becomes(3)

"""The example of a subscription (examples/c/subscribe.c) against `sergo serve`.

    subscribe_test.py SERGO SUBSCRIBE

It gets its first rules, a change, loses and finds the control plane again, and starts
without one; it is governed all the while.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# So long a window that what has passed counts until the end.
RULES = (Path(__file__).parents[2] / "examples/rules/foo.yaml").read_text().replace('"60s"', '"3600s"')
PATIENCE = 60  # seconds, for what takes a moment; a test that waits them all has failed


def wait_for(what, look):
    """What `look` finds, once it finds something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise SystemExit(f"c: {what}: not seen in {PATIENCE} s")


class Program:
    """A running program and what it has said."""

    def __init__(self, out, *command):
        self.out = out
        with open(out, "wb") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)

    def said(self):
        return self.out.read_text()

    def stop(self):
        self.process.kill()
        self.process.wait()


def passes(threshold):
    """What the example says of its eight entries."""
    return "".join(f"GET:/foo: {'pass' if i < threshold else 'block'}\n" for i in range(8))


def serve(sergo, folder, address="127.0.0.1:0"):
    """A control plane and its address."""
    command = [sergo, "serve", "--rules", folder / "rules", "--listen", address, "--http", "off", "--format", "json"]
    plane = Program(folder / f"plane-{time.monotonic_ns()}", *command)

    def listening():
        if plane.process.poll() is not None:
            raise SystemExit(f"c: sergo serve has ended:\n{plane.said()}")
        lines = [json.loads(line) for line in plane.said().splitlines() if line.endswith("}")]
        return next((line["grpc"] for line in lines if line.get("event") == "listening"), None)

    return plane, wait_for("sergo serve listens", listening)


def write(folder, threshold):
    """The rules with another threshold, in the file's place at once."""
    beside = folder / "rules.new"
    beside.write_text(RULES.replace("threshold: 3", f"threshold: {threshold}"))
    beside.rename(folder / "rules" / "foo.yaml")


def run(sergo, subscribe, folder, programs):
    (folder / "rules").mkdir()
    write(folder, 3)
    plane, address = serve(sergo, folder)
    programs.append(plane)

    subscribe = [subscribe, address, "foo-app", "GET:/foo", folder / "last-good"]
    once = subprocess.run([*subscribe, "once"], capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
    if passes(3) not in once or "closed: the session was ended" not in once:
        raise SystemExit(f"c: the first rules do not govern:\n{once}")

    (folder / "last-good").unlink()
    client = Program(folder / "client", *subscribe)
    programs.append(client)
    wait_for("the first rules", lambda: passes(3) in client.said())
    write(folder, 4)
    # Three of four have passed already: what was counted goes on.
    wait_for("the change", lambda: passes(1) in client.said())

    plane.stop()
    wait_for("the loss", lambda: "lost: " in client.said())
    plane, _ = serve(sergo, folder, address)
    programs.append(plane)
    wait_for("the next stream", lambda: client.said().count(": connected") == 2)
    write(folder, 6)
    wait_for("a change on the next stream", lambda: passes(2) in client.said())
    if client.process.poll() is not None:
        raise SystemExit(f"c: the example has ended:\n{client.said()}")

    # Nobody serves, and a new process is governed by what was in force last.
    plane.stop()
    client.stop()
    client = Program(folder / "restarted", *subscribe)
    programs.append(client)
    wait_for("the last good rules", lambda: passes(6) in client.said())
    # A file that is not whole governs nothing, and says so.
    client.stop()
    kept = folder / "last-good"
    kept.write_bytes(kept.read_bytes()[1:])
    client = Program(folder / "damaged", *subscribe)
    programs.append(client)
    wait_for("what is wrong with the file", lambda: f"{kept}: found " in client.said())


def main():
    sergo, subscribe = sys.argv[1:]
    programs = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(sergo, subscribe, Path(folder), programs)
        finally:
            for program in programs:
                program.stop()
    print("c: the example subscribes, sees a change, and finds its control plane again, or its last good rules")


main()

"""The demo: one set of rule files, four services in four languages, one answer.

Starts a small HTTP service per language on a free loopback port, all watching
the same folder of rules; sends the same requests to each and prints the answers
side by side; rewrites a rule, waits until all have taken it, and asks again.
Ends with 1 if any two services differ. `make demo` builds what it needs.
"""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
LANGUAGES = ("java", "go", "node", "python")
PATIENCE = 30.0  # seconds that a service may take to start, or to take a change


class Service:
    """One language's process and the way to ask it."""

    def __init__(self, language, command, rules):
        self.language = language
        environment = dict(os.environ, RULES=str(rules), PORT="0")
        # A session of its own, so that Ctrl-C reaches the demo and not the service,
        # and so that whatever the service starts ends with it.
        self.process = subprocess.Popen(
            command, shell=True, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.port = None

    def wait_until_it_listens(self):
        reader = threading.Thread(target=self._read_port, daemon=True)
        reader.start()
        reader.join(PATIENCE)
        if self.port is None:
            raise RuntimeError(f"the {self.language} service did not start")

    def _read_port(self):
        for line in self.process.stdout:
            if line.startswith("listening on 127.0.0.1:"):
                self.port = int(line.rsplit(":", 1)[1])
                break

    def ask(self, path, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response, response.read().decode().strip()
        finally:
            connection.close()

    def stop(self):
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, signal_number)
                self.process.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self.process.stdout.close()


def foo(service):
    """Five requests to /foo: what each was answered, in the words it was answered
    in. The greeting's language is left out, and so are the seconds of Retry-After,
    which run."""
    answers = [service.ask("/foo") for _ in range(5)]
    statuses = " ".join(str(response.status) for response, _ in answers)
    said = []
    for response, body in answers:
        said.append(f"{response.status}: {body.replace(service.language, '...')}")
        if response.status == 429:
            later = response.headers["Retry-After"]
            said.append(f"X-Sentinel-Limit: {response.headers['X-Sentinel-Limit']}")
            said.append("Retry-After: " + ("yes" if later and 0 < int(later) <= 60 else f"wrong, {later}"))
    return "|".join([statuses, *dict.fromkeys(said)])


def route(headers):
    def request(service):
        response, body = service.ask("/route", headers)
        return body if response.status == 200 else f"{response.status} {body}"

    return request


def set_v2(healthy):
    def request(service):
        response, _ = service.ask(f"/instances?healthy_v2={healthy}", method="POST")
        return "done" if response.status < 300 else f"failed: {response.status}"

    return request


ROUND = (
    ("GET /foo, 5 times", foo),
    ("GET /route", route({})),
    ("GET /route, tag: v2", route({"tag": "v2"})),
    ("v2 loses its instances", set_v2("false")),
    ("GET /route, tag: v2", route({"tag": "v2"})),
    ("v2 is back", set_v2("true")),
)


def table(head, rows):
    """Prints columns as wide as their widest cell; `|` in a cell is a line break."""
    cells = [[cell.split("|") for cell in row] for row in [head, *rows]]
    widths = [max(len(line) for row in cells for line in row[column]) for column in range(len(head))]
    rule = "+".join("-" * (width + 2) for width in widths)
    for index, row in enumerate(cells):
        for line in range(max(len(cell) for cell in row)):
            texts = [cell[line] if line < len(cell) else "" for cell in row]
            print("|".join(f" {text:<{width}} " for text, width in zip(texts, widths)).rstrip())
        if index == 0:
            print(rule)


def ask_all(services):
    """Sends a round to every service; the table's rows, and whether all agreed."""
    rows, agreed = [], True
    for name, request in ROUND:
        answers = [request(service) for service in services]
        same = len(set(answers)) == 1
        agreed &= same
        rows.append([name, *answers, "same" if same else "DIFFERS"])
    return rows, agreed


def change_rules(services, rules):
    """Raises the limit and gives the testers another tag; how long each service took."""
    before = {service.language: service.ask("/version")[1] for service in services}
    took = {}

    def wait_for(service, start):
        while time.monotonic() - start < PATIENCE:
            if service.ask("/version")[1] != before[service.language]:
                took[service.language] = time.monotonic() - start
                return
            time.sleep(0.005)

    edits = (("foo.yaml", "threshold: 3", "threshold: 5"), ("router.yaml", "exact: v2", "exact: v3"))
    start = time.monotonic()
    for name, old, new in edits:
        text = (rules / name).read_text()
        assert old in text, f"{name} no longer says {old!r}"
        (rules / name).write_text(text.replace(old, new))
    waiting = [threading.Thread(target=wait_for, args=(service, start)) for service in services]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    return ["time to take the change", *(f"{took[s.language] * 1000:.0f} ms" if s.language in took else "never" for s in services), ""], len(took) == len(services)


def check(sergo):
    """Shows what `sergo check` says of the rules, and of a file with mistakes."""
    print("$ sergo check examples/rules", flush=True)
    fine = subprocess.run([sergo, "check", str(EXAMPLES / "rules")], cwd=EXAMPLES.parent).returncode == 0
    print("\n$ sergo check examples/mistakes", flush=True)
    wrong = subprocess.run([sergo, "check", "examples/mistakes"], cwd=EXAMPLES.parent).returncode == 1
    return fine and wrong


def main():
    sergo, commands = sys.argv[1], json.loads(sys.argv[2])
    if not check(sergo):
        sys.exit("demo: sergo check did not answer as it should")
    folder = Path(tempfile.mkdtemp(prefix="sergo-demo-"))
    rules = folder / "rules"
    shutil.copytree(EXAMPLES / "rules", rules)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    services = []
    try:
        print("\nStarting four services, one per language ...", flush=True)
        for language in LANGUAGES:
            services.append(Service(language, commands[language], rules))
        for service in services:
            service.wait_until_it_listens()
        head = ["request", *LANGUAGES, ""]
        print("\nThe same requests to all four: /foo takes 3 a minute, those with tag: v2 go to v2\n")
        rows, first = ask_all(services)
        table(head, rows)
        print("\nThe rule files change: /foo takes 5 a minute, testers bear tag: v3\n")
        took, taken = change_rules(services, rules)
        rows, second = ask_all(services)
        table(head, [took, *rows])
        if not (first and second and taken):
            sys.exit("\ndemo: the services differ")
        print("\nAll four answer the same, before and after; the requests counted before the change still count.")
    except KeyboardInterrupt:
        sys.exit("\ndemo: interrupted")
    finally:
        for service in services:
            service.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

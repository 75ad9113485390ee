"""The demo: one set of rule files, one control plane, four services in four
languages, one answer.

Starts `sergo serve` on a copy of the rules and a small HTTP service per language,
all on free loopback ports; the services subscribe to the control plane. Sends the
same requests to each and prints the answers side by side; rewrites a rule, and says
how long each language took from the change of the file to another answer; asks
again; makes a mistake in a rule, and shows that each refuses it and keeps what it
had. Ends with 1 if any two services differ. `make demo` builds what it needs.
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

    def __init__(self, language, command, plane):
        self.language = language
        environment = dict(os.environ, SERGO_CONTROL_PLANE=plane.grpc, PORT="0")
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
        end(self.process)


def end(process):
    """Ends a process and all that it started."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
    process.stdout.close()


class ControlPlane:
    """`sergo serve`, and what it knows of who subscribes."""

    def __init__(self, sergo, rules):
        command = [sergo, "serve", "--rules", str(rules), "--listen", "127.0.0.1:0", "--format", "json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "listening":
                self.grpc, self.http = event["grpc"], event["http"]
                break
        else:
            raise RuntimeError("sergo serve did not start")
        # The log goes on and somebody has to read it.
        threading.Thread(target=lambda: [None for _ in self.process.stdout], daemon=True).start()

    def get(self, path):
        host, port = self.http.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def wait_for_all(self, services, is_so):
        """Waits until each service's subscriptions are so; what they are then."""
        start = time.monotonic()
        while time.monotonic() - start < PATIENCE:
            clients = [client["subscriptions"] for client in self.get("/v1/clients")["clients"]]
            if len(clients) == len(services) and all(is_so(subscriptions) for subscriptions in clients):
                return clients
            time.sleep(0.005)
        ready = sum(map(is_so, clients))
        raise RuntimeError(f"{ready} of {len(clients)} clients have answered the control plane; expected {len(services)}")

    def version(self):
        return self.get("/v1/rules")["version"]

    def wait_for_rules(self, services):
        """Waits until every service has acknowledged everything."""
        self.wait_for_all(services, lambda all_of_them: all_of_them != [] and all(map(is_taken, all_of_them)))

    def wait_for_change(self, services, kinds, version):
        """Waits until every service has acknowledged something newer of these kinds."""

        def has_newer(subscriptions):
            newer = [s for s in subscriptions if is_taken(s) and s["acknowledged"] > version]
            return kinds <= {subscription["kind"].rsplit("/", 1)[1] for subscription in newer}

        self.wait_for_all(services, has_newer)

    def wait_for_refusals(self, services):
        """Waits until every service has refused a push; why each did."""
        clients = self.wait_for_all(services, lambda all_of_them: any(s["refused"] for s in all_of_them))
        return [s["refused"]["message"] for subscriptions in clients for s in subscriptions if s["refused"]]

    def stop(self):
        end(self.process)


def is_taken(subscription):
    return subscription["acknowledged"] is not None and subscription["acknowledged"] == subscription["pushed"]


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


def edit(rules, name, old, new):
    text = (rules / name).read_text()
    assert old in text, f"{name} no longer says {old!r}"
    (rules / name).write_text(text.replace(old, new))


def change_rules(plane, services, rules):
    """Raises the limit and gives the testers another tag; how long each service took
    to answer by it."""
    version = plane.version()
    headers = {"tag": "v3"}
    before = {service.language: service.ask("/route", headers)[1] for service in services}
    took = {}

    def wait_for(service, start):
        while time.monotonic() - start < PATIENCE:
            if service.ask("/route", headers)[1] != before[service.language]:
                took[service.language] = time.monotonic() - start
                return
            time.sleep(0.002)

    edit(rules, "foo.yaml", "threshold: 3", "threshold: 5")
    start = time.monotonic()
    edit(rules, "router.yaml", "exact: v2", "exact: v3")
    waiting = [threading.Thread(target=wait_for, args=(service, start)) for service in services]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join()
    plane.wait_for_change(services, {"RateLimitStrategy", "TrafficRouter"}, version)
    row = (f"{took[s.language] * 1000:.0f} ms" if s.language in took else "never" for s in services)
    return ["from file to answer", *row, ""], len(took) == len(services)


def make_a_mistake(plane, services, rules):
    """Writes a limit that is none. Every service says no, in the same words, and goes
    on with what it had."""
    route_before = [route({"tag": "v3"})(service) for service in services]
    edit(rules, "foo.yaml", "threshold: 5", "threshold: five")
    refusals = plane.wait_for_refusals(services)
    route_after = [route({"tag": "v3"})(service) for service in services]
    print(f"All four refuse it: {refusals[0]}" if len(set(refusals)) == 1 else f"They differ: {refusals}")
    statuses = [service.ask("/foo")[0].status for service in services]
    agreed = len(refusals) == len(services) and len(set(refusals)) == 1 and len(set(statuses)) == 1
    return agreed and route_before == route_after


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
    services, plane = [], None
    try:
        plane = ControlPlane(sergo, rules)
        print(f"\n$ sergo serve --rules {rules} --listen {plane.grpc}")
        print("\nStarting four services, one per language; all subscribe ...", flush=True)
        for language in LANGUAGES:
            services.append(Service(language, commands[language], plane))
        for service in services:
            service.wait_until_it_listens()
        plane.wait_for_rules(services)
        head = ["request", *LANGUAGES, ""]
        print("\nThe same requests to all four: /foo takes 3 a minute, those with tag: v2 go to v2\n")
        rows, first = ask_all(services)
        table(head, rows)
        print("\nThe rule files change: /foo takes 5 a minute, testers bear tag: v3\n")
        took, taken = change_rules(plane, services, rules)
        rows, second = ask_all(services)
        table(head, [took, *rows])
        print("\nA mistake in a rule file: /foo takes five a minute, in letters")
        kept = make_a_mistake(plane, services, rules)
        if not (first and second and taken and kept):
            sys.exit("\ndemo: the services differ")
        print("\nAll four answer the same, before and after; the requests counted before the change still count.")
    except KeyboardInterrupt:
        sys.exit("\ndemo: interrupted")
    finally:
        for process in [*services, plane] if plane else services:
            process.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

"""How one round is run in each language."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from . import sample
from .sample import Samples

REPOSITORY = Path(__file__).resolve().parents[2]
BENCHES = REPOSITORY / "benches"


@dataclass(frozen=True)
class Setting:
    """Where things are, and for how long each benchmark runs."""

    target: Path
    quick: bool

    @property
    def folder(self) -> Path:
        """Where runners are, and write."""
        return self.target / "bench"

    def milliseconds(self, quick: int, whole: int) -> int:
        """For how long one benchmark runs."""
        return quick if self.quick else whole


def run(command: list[str], **environment: str) -> str:
    """Run a command from the repository's root, and give back what it prints."""
    env = {**os.environ, **environment}
    done = subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()
        raise SystemExit(f"bench: {' '.join(command[:6])} ... failed with {done.returncode}:\n{said[-4000:]}")
    return done.stdout


def cargo_bench(setting: Setting, bench: str, *arguments: str) -> list[str]:
    """A bench of the Rust crate, as `make` built it."""
    manifest = str(BENCHES / "rust/peers/Cargo.toml")
    return ["cargo", "bench", "--locked", "--quiet", "--manifest-path", manifest, "--bench", bench, "--", *arguments]


def rust(setting: Setting, number: int) -> Samples:
    """Run criterion; what grows is measured every other round, memory once."""
    home = setting.folder / "criterion"
    shutil.rmtree(home, ignore_errors=True)

    def criterion(bench: str, milliseconds: int) -> None:
        seconds = f"{milliseconds / 1000}"
        timing = ["--warm-up-time", f"{milliseconds / 2000}", "--measurement-time", seconds]
        arguments = ["--noplot", "--quiet", "--sample-size", "10", "--nresamples", "1001", *timing]
        run(cargo_bench(setting, bench, *arguments), CRITERION_HOME=str(home), CARGO_TARGET_DIR=str(setting.target))

    criterion("peers", setting.milliseconds(40, 300))
    if number % 2 == 0:
        criterion("scale", setting.milliseconds(20, 300))
    samples = sample.criterion(home)
    if number == 0:
        samples.update(sample.lines(run(cargo_bench(setting, "memory"), CARGO_TARGET_DIR=str(setting.target))))
    return samples


def c(setting: Setting, number: int) -> Samples:
    """Run the C program."""
    program = str(setting.folder / "peers-c")
    return sample.lines(run([program, "benches/rules/peers.yaml", str(setting.milliseconds(20, 200))]))


def java(setting: Setting, number: int) -> Samples:
    """Run JMH, each benchmark in a process of its own."""
    logs, results = setting.folder / "sentinel", setting.folder / "jmh.json"
    classpath = (setting.folder / "java.classpath").read_text().strip()
    times = "-wi 1 -w 200ms -i 1 -r 100ms" if setting.quick else "-wi 5 -w 700ms -i 3 -r 300ms"
    path = f"{setting.folder / 'java'}:{REPOSITORY / 'java/target/sergo.jar'}:{classpath}"
    arguments = f"-bm avgt -tu ns -f 1 {times} -prof gc -rf json -rff".split(" ")
    logged = f"-Dcsp.sentinel.log.dir={logs}"
    run(["java", "-cp", path, "org.openjdk.jmh.Main", *arguments, str(results), "-jvmArgs", logged])
    return sample.jmh(results.read_text())


def go(setting: Setting, number: int) -> Samples:
    """Run the test program that `make` built."""
    program = str(setting.folder / "peers-go")
    times = f"{setting.milliseconds(10, 200)}ms"
    return sample.go(
        run(["env", "-C", "benches/go", program, "-test.run", "^$", "-test.bench", ".", "-test.benchtime", times])
    )


def node(setting: Setting, number: int) -> Samples:
    """Run mitata."""
    environment = {"BENCH_MILLISECONDS": str(setting.milliseconds(20, 200)), "BENCH_ROUND": str(number)}
    return sample.lines(run(["node", "benches/node/peers.mjs"], **environment))


def python(setting: Setting, number: int) -> Samples:
    """Run pyperf, each benchmark in a process of its own."""
    results = setting.folder / "pyperf.json"
    results.unlink(missing_ok=True)
    seconds = f"{setting.milliseconds(5, 100) / 1000}"
    program = [str(setting.folder / "venv/bin/python"), "benches/python/peers.py"]
    arguments = (
        f"--quiet --processes 1 --values 1 --warmups 1 --min-time {seconds} --inherit-environ PYTHONPATH --output"
    )
    run([*program, *arguments.split(" "), str(results)], PYTHONPATH=str(REPOSITORY / "python"))
    return sample.pyperf(results.read_text())


def first(pattern: str, command: list[str]) -> str | None:
    """What a pattern finds in what a command says, which may be missing."""
    try:
        said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    except OSError:
        return None
    found = re.search(pattern, said)
    return found.group(0) if found else None


def pins(pattern: str, file: str) -> dict[str, str]:
    """Names and versions in a manifest."""
    return dict(re.findall(pattern, (BENCHES / file).read_text(), re.MULTILINE))


def maven() -> dict[str, str]:
    """Names and versions in the pom."""
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    pom = ElementTree.parse(BENCHES / "java/pom.xml").getroot()
    texts: dict[str, str] = {each.tag.split("}")[1]: each.text or "" for each in pom.findall("m:properties/*", space)}
    versions = {}
    for each in pom.findall("m:dependencies/m:dependency", space):
        version = each.findtext("m:version", "", space)
        name = each.findtext("m:artifactId", "", space)
        versions[name] = re.sub(r"\$\{([^}]+)\}", lambda found: texts[found.group(1)], version)
    return {**versions, "Sentinel": versions["sentinel-core"], "resilience4j": versions["resilience4j-ratelimiter"]}


def modules() -> dict[str, str]:
    """The Go modules, by the names of their libraries."""
    found = pins(r"^\t(\S+) v(\S+)$", "go/go.mod")
    names = {"gobreaker": "github.com/sony/gobreaker/v2", "x-time-rate": "golang.org/x/time"}
    names.update({name: f"github.com/{name}/{name}" for name in ("failsafe-go",)})
    names["sentinel-golang"] = "github.com/alibaba/sentinel-golang"
    return {library: found[module] for library, module in names.items()}


@dataclass(frozen=True)
class Language:
    """A language in which sergo is compared."""

    name: str
    framework: str
    round: Callable[[Setting, int], Samples]
    versions: Callable[[], dict[str, str]]
    toolchain: Callable[[], str | None]


LANGUAGES = {
    "rust": Language(
        "Rust",
        "criterion",
        rust,
        lambda: pins(r'^(\S+) = (?:\{ version = )?"=([^"]+)"', "rust/peers/Cargo.toml"),
        lambda: first(r"rustc \S+", ["rustc", "--version"]),
    ),
    "c": Language("C", "a loop", c, dict, lambda: first(r".+", [os.environ.get("CC", "cc"), "--version"])),
    "java": Language("Java", "JMH", java, maven, lambda: first(r'\S+ version "\S+"', ["java", "-version"])),
    "go": Language("Go", "go test -bench", go, modules, lambda: first(r"go\d\S*", ["go", "version"])),
    "node": Language(
        "Node.js",
        "mitata",
        node,
        lambda: pins(r'"(\S+)": "(\d[^"]*)"', "node/package.json"),
        lambda: first(r"v\S+", ["node", "--version"]),
    ),
    "python": Language(
        "Python",
        "pyperf",
        python,
        lambda: pins(r"^(\S+)==(\S+)$", "python/requirements.txt"),
        lambda: first(r"Python \S+", ["python3", "--version"]),
    ),
}

"""`make bench`: runs the languages' benchmarks, and writes tables and pictures."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import re
import sys
from dataclasses import asdict
from pathlib import Path

from . import machine, page, picture
from .language import LANGUAGES, REPOSITORY, Language, Setting
from .result import OURS, Run, results
from .sample import Samples


def measure(name: str, language: Language, setting: Setting, rounds: int) -> Run:
    """Run a language's rounds: all of its libraries in each, one after the other."""
    found = machine.describe()
    started = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    samples: list[Samples] = []
    for number in range(rounds):
        print(f"bench: {language.name}, round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        samples.append(language.round(setting, number))
    version = re.search(r'^version = "([^"]+)"', (REPOSITORY / "Cargo.toml").read_text(), re.MULTILINE)
    versions = {**language.versions(), OURS: version.group(1) if version else "?"}
    return Run(name, language.toolchain(), started, rounds, setting.quick, found, results(name, samples, versions))


def report(runs: dict[str, Run], docs: Path) -> None:
    """Write what is known of all languages."""
    (docs / "benchmarks").mkdir(parents=True, exist_ok=True)
    whole = json.dumps([asdict(run) for run in runs.values()], indent=1, ensure_ascii=False)
    (docs / "benchmarks/results.json").write_text(whole + "\n")
    picture.write(docs / "benchmarks", runs)
    page.write(docs / "benchmarks.md", runs)


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "languages", nargs="*", metavar="LANGUAGE", help=f"of {', '.join(LANGUAGES)}; none only reports"
    )
    parser.add_argument("--target", type=Path, required=True, help="where cargo and the runners put things")
    parser.add_argument("--quick", action="store_true", help="one short round; the documentation stays as it is")
    parser.add_argument("--rounds", type=int, help="7, or 1 when quick")
    arguments = parser.parse_args()
    unknown = set(arguments.languages) - set(LANGUAGES)
    if unknown:
        parser.error(f"found {', '.join(sorted(unknown))}, expected some of {', '.join(LANGUAGES)}")
    setting = Setting(arguments.target.resolve(), arguments.quick)
    rounds = arguments.rounds or (1 if setting.quick else 7)
    folder = setting.folder / ("quick" if setting.quick else "whole")
    folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.languages:
        load = os.getloadavg()[0]
        if load > 0.5:
            print(f"bench: the machine is busy (load {load:.1f}); what is measured now is worth less", file=sys.stderr)
        measure(name, LANGUAGES[name], setting, rounds).write(folder / f"{name}.json")
    runs = {name: Run.read(folder / f"{name}.json") for name in LANGUAGES if (folder / f"{name}.json").exists()}
    docs = REPOSITORY / "docs"
    if setting.quick:
        docs = folder
        (docs / "benchmarks.md").write_text(f"# A quick look\n\n{page.BEGIN}\n{page.END}\n")
    report(runs, docs)
    print(f"bench: see {docs / 'benchmarks.md'}")


if __name__ == "__main__":
    main()

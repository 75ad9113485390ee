"""`make counts`: the instructions of the hot paths, which no noise can hide.

`benches/counts.json` has those of the last record, and the compilers that they hold
for: with another one nothing is compared, and that is said.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RECORD = REPOSITORY / "benches/counts.json"
# As benches/rust/counts.rs and benches/c/counts.c have it.
TIMES = 10_000
BOUND = 0.03
# One memcpy for all processors: which one glibc takes is otherwise theirs to say.
TUNABLES = "glibc.cpu.hwcaps=-AVX2,-AVX512F,-ERMS,-FSRM"

Counts = dict[str, float]


def parse(profile: str) -> Counts:
    """What each function called path_... took, all that it calls included, each time.

    Of callgrind's format, uncompressed: after `cfn=` who is called, after `calls=` a
    line with its place and its cost.
    """
    counts: Counts = {}
    callee, called = None, False
    for line in profile.splitlines():
        if called:
            called = False
            if callee:
                counts[callee] = counts.get(callee, 0) + int(line.split()[1])
        elif line.startswith("cfn="):
            found = re.search(r"\bpath_(\w+)", line)
            callee = found.group(1) if found else None
        elif line.startswith("calls="):
            called = True
    return {path: round(cost / TIMES, 1) for path, cost in counts.items()}


def measure(program: list[str]) -> Counts:
    """Run a program under callgrind, in an environment that is the same everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "profile"
        command = ["valgrind", "--quiet", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no"]
        done = subprocess.run(
            [*command, f"--callgrind-out-file={out}", *program],
            cwd=REPOSITORY,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "GLIBC_TUNABLES": TUNABLES},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(
                f"counts: {program[0]} failed under valgrind with {done.returncode}:\n{done.stdout[-4000:]}"
            )
        return parse(out.read_text())


def said(*command: str) -> str:
    """The first line of what a command prints."""
    return (subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines() or [""])[0]


def compilers(cc: str) -> dict[str, str]:
    """What the counts depend on beside the code."""
    return {
        "rustc": said("rustc", "--version"),
        "cc": said(cc, "--version"),
        "libc": " ".join(platform.libc_ver()).strip(),
        "processor": platform.machine(),
    }


def differences(recorded: dict[str, str], here: dict[str, str]) -> str | None:
    """Why a record does not hold here, if it does not."""
    found = [
        f"{name} is {here.get(name)!r}, not {value!r}" for name, value in recorded.items() if here.get(name) != value
    ]
    return "; ".join(found) or None


def compare(before: Counts, now: Counts) -> list[str]:
    """A line for each path that takes more than the bound allows, or that came or went."""
    lines = []
    for path in sorted({*before, *now}):
        if path not in now:
            lines.append(f"{path}: {before[path]:g} before, and now it is not measured")
        elif path not in before:
            lines.append(f"{path}: {now[path]:g} now, and it has no record")
        elif now[path] > before[path] * (1 + BOUND):
            lines.append(
                f"{path}: {before[path]:g} instructions before, {now[path]:g} now ({change(before[path], now[path])})"
            )
    return lines


def change(before: float, now: float) -> str:
    """By how much, in percent."""
    return f"{(now / before - 1) * 100:+.1f} %"


def main() -> int:
    """Compare, or record."""
    parser = argparse.ArgumentParser(prog="make counts", description=__doc__)
    parser.add_argument("--core", required=True, help="the program over the core")
    parser.add_argument("--abi", required=True, help="the program over libsergo")
    parser.add_argument("--cc", default="cc", help="the C compiler")
    parser.add_argument("--update", action="store_true", help="record what is measured")
    arguments = parser.parse_args()
    if not shutil.which("valgrind"):
        print("counts: NOT CHECKED: valgrind is not installed (apt install valgrind)")
        return 2 if arguments.update else 0
    here = compilers(arguments.cc)
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {"holds for": {}, "instructions": {}}
    if not arguments.update:
        other = differences(record["holds for"], here)
        if other:
            print(f"counts: NOT CHECKED: {other}; make counts UPDATE=1 records them for these")
            return 0
    now = {f"core: {path}": count for path, count in measure([arguments.core]).items()}
    now.update({f"C: {path}": count for path, count in measure([arguments.abi, "benches/rules/peers.yaml"]).items()})
    before: Counts = record["instructions"]
    for path, count in now.items():
        print(f"counts: {path:<28} {count:9,.1f}  {change(before[path], count) if path in before else 'new'}")
    if arguments.update:
        RECORD.write_text(json.dumps({"holds for": here, "instructions": now}, indent=2) + "\n")
        print(f"counts: recorded in {RECORD.relative_to(REPOSITORY)}")
        return 0
    lost = compare(before, now)
    if lost:
        print("counts: more than 3 % over the record:", *lost, sep="\n  ")
        print("Where that is meant: make counts UPDATE=1, and say in the commit what it buys.")
        return 1
    print(f"counts: {len(now)} paths, none more than 3 % over its record")
    return 0


if __name__ == "__main__":
    sys.exit(main())

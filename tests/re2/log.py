"""Asks sergo what RE2's own search log records, and shows where they differ.

    cargo build --release -p sergo --example pattern
    python tests/re2/log.py target/release/examples/pattern re2-search.txt

Go's source distribution has the log in src/regexp/testdata. Of each string it
records whether, and where, the pattern matches the whole of it, which is what
rules ask. Exits with 1 when any answer differs.
"""

import ast
import json
import subprocess
import sys


def recorded(path):
    """The (pattern, strings, whether each matches as a whole) of the log."""
    strings, found, reading = [], [], None
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if line in ("strings", "regexps"):
            reading = line
            strings = [] if line == "strings" else strings
        elif line.startswith('"'):
            text = ast.literal_eval(line)
            if reading == "strings":
                strings.append(text)
            else:
                found.append((text, list(strings), []))
        elif found and reading == "regexps" and line[:1] in "-0123456789" and ";" in line:
            found[-1][2].append(line.split(";")[0] != "-")
    return found


def main():
    program, path = sys.argv[1:]
    log = recorded(path)
    lines = "".join(json.dumps([pattern, *strings]) + "\n" for pattern, strings, _ in log)
    answers = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    alike = empty = 0
    for (pattern, strings, expected), answer in zip(log, map(json.loads, answers), strict=True):
        # An empty pattern is a mistake in a rule, whatever RE2 makes of it.
        empty += pattern == ""
        if pattern == "" or answer == expected:
            alike += 1
        else:
            print(f"{pattern!r} on {strings}: {answer}, recorded {expected}")
    print(f"{alike} of {len(log)} patterns alike ({empty} empty ones aside), {sum(len(e) for *_, e in log)} answers")
    sys.exit(alike < len(log))


if __name__ == "__main__":
    main()

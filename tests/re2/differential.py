"""Asks RE2 and sergo about the same patterns and values, and shows where they differ.

    pip install google-re2
    cargo build --release -p sergo --example pattern
    python tests/re2/differential.py target/release/examples/pattern [COUNT [SEED]]
    python tests/re2/differential.py target/release/examples/pattern re2-search.txt

With a number, that many random patterns are made. With a file, its patterns and
strings are asked: Go's source distribution has one in src/regexp/testdata. Exits
with 1 when any answer differs.
"""

import ast
import json
import random
import subprocess
import sys

import re2

ATOMS = [
    "a", "b", "A", "0", "_", "-", " ", "/", ".", "é", "ſ", "K", "^", "$", r"\b", r"\B", r"\A", r"\z",
    r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", r"\pL", r"\p{Lu}", r"\PN", r"\p{Greek}", r"\p{^Greek}", r"\P{^L}", r"\pC",
    r"\t", r"\n", r"\v", r"\x41", r"\x{e9}", r"\101", r"\0", r"\.", r"\-", r"\Q.*\E", r"\Qa", r"\C", "[", "]", "(", ")", "{", "}",
    "[ab]", "[^ab]", "[a-z]", "[^a-z0-9]", "[]a]", "[^]a]", "[a-]", "[-a]", "[a&&b]", "[a--b]", "[a~~b]", "[[a]", "[a-b-c]",
    r"[\d-]", r"[\w.]", r"[^\W]", r"[\x41-\x43]", "[[:alpha:]]", "[[:^digit:]]", "[[:word:]_]", "[[:space:]]", "[[:punct:]]",
    r"[\pL]", r"[^\p{Lu}]", "[[.a.]]", "[[=a=]]", r"[\b]", r"[\Q]", "[z-a]", "[[:foo:]]", r"\1", r"\8", r"\Z", r"\R", r"\h",
    "(?i)", "(?-i)", "(?s)", "(?m)", "(?U)", "(?im-s)", "(?x)", "(?u)", "(?)", "(?-)", "(?=a)", "(?!a)", "(?<a>b)", "(?P<a>b)",
    "{2}", "{,2}", "{1,}", "{01}", "{id}",
]  # fmt: skip
OPERATORS = ["", "", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0}", "{2,1}", "{1001}", "**", "++", "?+"]
VALUES = [
    "", "a", "b", "A", "B", "aa", "ab", "ba", "AB", "aB", "0", "1", "a0", "-", "_", " ", "\t", "\n", "\v", "a\n", "\na", "a\nb",
    "é", "É", "α", "Α", "ſ", "s", "S", "K", "k", ".", ".*", "a.b", "/a", "&", "a&b", "~", "[", "]", "a]", "{", "}", "a{id}",
    "{2}", "\u0663", "\u00a0", "\x00", "abc", "a-b", "zz", "\x7f", "😀", "a😀",
]  # fmt: skip


def random_pattern(rng, depth=0):
    pieces = []
    for _ in range(rng.randint(1, 3)):
        if depth < 2 and rng.random() < 0.3:
            opening = rng.choice(["(", "(?:", "(?i:", "(?s:", "(?m:", "(?-i:", "(?P<n%d>" % rng.randrange(1000)])
            inner = "|".join(random_pattern(rng, depth + 1) for _ in range(rng.randint(1, 2)))
            pieces.append(opening + inner + ")")
        else:
            pieces.append(rng.choice(ATOMS))
        pieces.append(rng.choice(OPERATORS))
    return "".join(pieces)


def searches(path):
    """The (pattern, strings) pairs of a file in the format of RE2's test log."""
    strings, reading = [], None
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
                yield text, list(strings)


def main():
    program, what = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "20000"
    if what.isdigit():
        rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
        asked = [(random_pattern(rng), VALUES) for _ in range(int(what))]
    else:
        asked = list(searches(what))
    lines = "".join(json.dumps([pattern, *values]) + "\n" for pattern, values in asked)
    answers = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    options = re2.Options()
    options.log_errors = False
    same = differ = refused = 0
    for (pattern, values), answer in zip(asked, map(json.loads, answers), strict=True):
        try:
            compiled = re2.compile(pattern, options)
            expected = [compiled.fullmatch(value) is not None for value in values]
        except re2.error:
            expected = None
        if pattern == "" or (expected is None) == isinstance(answer, str) and (expected is None or expected == answer):
            same += 1
            refused += expected is None
            continue
        differ += 1
        if differ <= 20:
            detail = "RE2 refuses it" if expected is None else answer
            if isinstance(answer, list) and expected:
                detail = [value for value, ours, theirs in zip(values, answer, expected) if ours != theirs]
            print(f"{pattern!r}: {detail}")
    print(f"{same} of {same + differ} patterns alike, {refused} of them refused by both")
    sys.exit(differ > 0)


if __name__ == "__main__":
    main()

"""Subinterpreters: refused in words, and without harm."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

NAMES = ("_interpreters", "_xxsubinterpreters")
"""Where the standard library has them, by its version."""

CODE = """
import sergo
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
engine = sergo.Engine("foo-app")
code = '''
try:
    import sergo
    print("imported", flush=True)
except ImportError as error:
    print("refused:", error, flush=True)
'''
for _ in range(2):
    other = interpreters.create()
    interpreters.run_string(other, code)
    interpreters.destroy(other)
print(engine.decide("/foo").passed, engine.load("").version)
engine.close()
"""


@pytest.mark.skipif(
    not any(importlib.util.find_spec(name) for name in NAMES), reason="this Python gives no way to make one"
)
def test_a_subinterpreter_is_refused_and_the_main_one_goes_on() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=False)
    lines = done.stdout.splitlines()
    assert (done.returncode, len(lines)) == (0, 3), done.stdout + done.stderr
    assert all(line.startswith("refused:") and "subinterpreters" in line for line in lines[:2])
    assert lines[2] == "True 1"

"""Instructions are read from callgrind's profile, and losses told from gains."""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from report import count

PROFILE = """\
events: Ir

fn=sergo_counts::main
10 5
cfi=counts.rs
cfn=sergo_counts::path_limit_pass
calls=1 40
12 5000000
cfn=other
calls=3 7
13 999

fn=sergo_counts::path_limit_pass
40 20000
cfn=sergo::Engine::enter_id
calls=10000 20
41 4000000
fn=main
7 1
cfn=path_blocked
calls=1 9
8 123456
"""
HERE = {"rustc": "rustc 1.2.3", "cc": "cc 4", "libc": "glibc 5", "processor": "x"}


class Profiles(unittest.TestCase):
    def test_what_a_path_takes_is_what_its_callers_paid(self):
        self.assertEqual(count.parse(PROFILE), {"limit_pass": 500.0, "blocked": 12.3})


class Comparing(unittest.TestCase):
    def test_a_loss_over_the_bound_is_told_with_both_figures(self):
        self.assertEqual(count.compare({"a": 100.0}, {"a": 104.0}), ["a: 100 instructions before, 104 now (+4.0 %)"])

    def test_a_loss_within_the_bound_and_a_gain_are_not(self):
        self.assertEqual(count.compare({"a": 100.0, "b": 100.0}, {"a": 103.0, "b": 50.0}), [])

    def test_a_path_that_came_or_went_is_told(self):
        lines = count.compare({"gone": 1.0}, {"new": 2.0})
        self.assertEqual(lines, ["gone: 1 before, and now it is not measured", "new: 2 now, and it has no record"])

    def test_another_compiler_is_named(self):
        said = count.differences({**HERE, "rustc": "rustc 1.0.0"}, HERE)
        self.assertEqual(said, "rustc is 'rustc 1.2.3', not 'rustc 1.0.0'")
        self.assertIsNone(count.differences(HERE, HERE))


class Running(unittest.TestCase):
    """The command, with valgrind and the compilers played."""

    def run_with(self, record, measured, *arguments, valgrind="/usr/bin/valgrind"):
        with tempfile.TemporaryDirectory(dir=count.REPOSITORY / "benches") as folder:
            path = Path(folder, "counts.json")
            path.write_text(json.dumps(record))
            out = io.StringIO()
            with (
                mock.patch.multiple(
                    count, RECORD=path, compilers=lambda cc: HERE, measure=lambda program: dict(measured)
                ),
                mock.patch("shutil.which", return_value=valgrind),
                mock.patch("sys.argv", ["counts", "--core", "core", "--abi", "abi", *arguments]),
                contextlib.redirect_stdout(out),
            ):
                code = count.main()
            return code, out.getvalue(), json.loads(path.read_text())

    def record(self, value, holds_for=HERE):
        return {"holds for": holds_for, "instructions": {"core: a": value, "C: a": value}}

    def test_within_the_bound_it_passes(self):
        code, said, _ = self.run_with(self.record(100.0), {"a": 102.0})
        self.assertEqual((code, said.splitlines()[-1]), (0, "counts: 2 paths, none more than 3 % over its record"))

    def test_over_the_bound_it_fails_and_names_the_path(self):
        code, said, _ = self.run_with(self.record(100.0), {"a": 110.0})
        self.assertEqual(code, 1)
        self.assertIn("core: a: 100 instructions before, 110 now (+10.0 %)", said)

    def test_without_valgrind_it_says_that_nothing_was_checked(self):
        code, said, _ = self.run_with(self.record(1.0), {"a": 110.0}, valgrind=None)
        self.assertEqual(code, 0)
        self.assertIn("NOT CHECKED: valgrind is not installed", said)

    def test_with_another_compiler_it_says_that_nothing_was_checked(self):
        code, said, _ = self.run_with(self.record(1.0, {**HERE, "cc": "cc 3"}), {"a": 110.0})
        self.assertEqual(code, 0)
        self.assertIn("NOT CHECKED: cc is 'cc 4', not 'cc 3'", said)

    def test_an_update_records_what_is_there_now_and_for_what(self):
        code, _, written = self.run_with(self.record(1.0, {}), {"b": 7.0}, "--update")
        self.assertEqual((code, written), (0, {"holds for": HERE, "instructions": {"core: b": 7.0, "C: b": 7.0}}))


if __name__ == "__main__":
    unittest.main()

"""What frameworks say is read as they say it."""

import json
import tempfile
import unittest
from pathlib import Path

from report import sample
from report.sample import Key


class Names(unittest.TestCase):
    def test_a_name_has_a_library_what_it_does_and_a_job(self):
        self.assertEqual(
            sample.key("sergo by value/limit+breaker/pass"), Key("sergo by value", "limit+breaker", "pass", None, "ns")
        )
        self.assertEqual(sample.key("sergo/mixed/routes@1000"), Key("sergo", "mixed", "routes", 1000, "ns"))

    def test_any_other_name_is_refused(self):
        for name in ("sergo", "sergo/pass", "sergo//pass", "a/b/c/d"):
            with self.subTest(name), self.assertRaisesRegex(ValueError, "expected library/what it does/job"):
                sample.key(name)

    def test_threads_follow_from_the_job(self):
        threads = {
            name: sample.key(f"sergo/limit/{name}").threads for name in ("pass", "shared", "own", "threads-own@3")
        }
        self.assertEqual(threads, {"pass": 1, "shared": 2, "own": 2, "threads-own@3": 3})


class Frameworks(unittest.TestCase):
    def test_lines_of_json_among_others(self):
        text = (
            'warming up\n{"id": "sergo/limit/pass", "value": 12.5}\n'
            '{"id": "sergo/limit/pass", "value": 0, "unit": "allocations"}\n'
        )
        self.assertEqual(
            sample.lines(text),
            {sample.key("sergo/limit/pass"): 12.5, sample.key("sergo/limit/pass", "allocations"): 0},
        )

    def test_go(self):
        text = (
            "goos: linux\n"
            "BenchmarkSergo/sergo/limit+breaker/pass-2   61218   402.6 ns/op   0 B/op   0 allocs/op\n"
            "BenchmarkSentinel/sentinel-golang/limit+breaker/shared-2   5334   6756 ns/op   1024 B/op   22 allocs/op\n"
            "BenchmarkRate/x-time-rate/limit/pass   299283   168.8 ns/op\nPASS\n"
        )
        self.assertEqual(
            sample.go(text),
            {
                sample.key("sergo/limit+breaker/pass"): 402.6,
                sample.key("sergo/limit+breaker/pass", "allocations"): 0,
                sample.key("sentinel-golang/limit+breaker/shared"): 6756,
                sample.key("x-time-rate/limit/pass"): 168.8,
            },
        )

    def test_jmh(self):
        def one(name, score, **more):
            return {"benchmark": f"peers.{name}", "primaryMetric": {"score": score}, **more}

        allocated = {"secondaryMetrics": {"·gc.alloc.rate.norm": {"score": 23.98}, "·gc.count": {"score": 1}}}
        text = json.dumps(
            [
                one("Sergo.limitBreaker_pass", 200.5, **allocated),
                one("Sergo.limitBreaker_blockedByValue", 90),
                one("Sentinel.limitBreaker_shared", 1200, **allocated),
            ]
        )
        self.assertEqual(
            sample.jmh(text),
            {
                sample.key("sergo/limit+breaker/pass"): 200.5,
                sample.key("sergo/limit+breaker/pass", "bytes allocated"): 24.0,
                sample.key("sergo by value/limit+breaker/blocked"): 90,
                sample.key("Sentinel/limit+breaker/shared"): 1200,
            },
        )

    def test_criterion(self):
        with tempfile.TemporaryDirectory() as home:
            for age, value in (("new", 42.0), ("base", 99.0)):
                folder = Path(home, "sergo_load", "first@10000", age)
                folder.mkdir(parents=True)
                (folder / "benchmark.json").write_text(json.dumps({"full_id": "sergo/load/first@10000"}))
                (folder / "estimates.json").write_text(json.dumps({"median": {"point_estimate": value}}))
            self.assertEqual(sample.criterion(Path(home)), {sample.key("sergo/load/first@10000"): 42.0})

    def test_pyperf(self):
        runs = [{"warmups": [[1, 9e-7]]}, {"values": [2e-7]}, {"values": [4e-7, 3e-7]}]
        text = json.dumps({"benchmarks": [{"metadata": {"name": "limits/limit/pass"}, "runs": runs}], "metadata": {}})
        (found,) = sample.pyperf(text).items()
        self.assertEqual(found[0], sample.key("limits/limit/pass"))
        self.assertAlmostEqual(found[1], 300)

    def test_pyperf_with_one_benchmark_names_it_elsewhere(self):
        text = json.dumps({"benchmarks": [{"runs": [{"values": [1e-6]}]}], "metadata": {"name": "limits/limit/pass"}})
        self.assertEqual(list(sample.pyperf(text)), [sample.key("limits/limit/pass")])


if __name__ == "__main__":
    unittest.main()

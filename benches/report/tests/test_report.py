"""Rounds become medians and ratios, those a page and pictures."""

import dataclasses
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from report import page, picture, target
from report.language import LANGUAGES
from report.result import Result, Run, Spread, results
from report.sample import key
from report.target import Target, targets

VERSIONS = {"sergo": "0.1.0", "sentinel-core": "0.1.3"}


def run(language="rust", rounds=None, **changes):
    """A run with sergo and sentinel-core in it, of two rounds of which one was disturbed."""
    rounds = rounds or [
        {key("sergo/limit+breaker/pass"): 100.0, key("sentinel-core/limit+breaker/pass"): 1000.0},
        {key("sergo/limit+breaker/pass"): 300.0, key("sentinel-core/limit+breaker/pass"): 3600.0},
    ]
    machine = {"cpu": "a <processor> & more", "cores": 2, "system": "Linux 6", "libc": "glibc 2.36", "load": 0.1}
    found = Run(language, "rustc 1", "2026-01-01", len(rounds), False, machine, results(language, rounds, VERSIONS))
    return dataclasses.replace(found, **changes)


class Joining(unittest.TestCase):
    def test_the_spread_is_the_median_and_the_quartiles(self):
        self.assertEqual(Spread.of([5, 1, 2, 4, 3]), Spread(3, 2, 4))
        self.assertEqual(Spread.of([7]), Spread(7, 7, 7))

    def test_ratios_are_taken_round_by_round(self):
        peer = run().find("sentinel-core", "limit+breaker", "pass")
        self.assertEqual(peer.ratio.median, 11)  # of 10 and 12; the medians' is 11.5
        self.assertEqual((peer.version, peer.rounds, peer.threads), ("0.1.3", 2, 1))

    def test_a_partial_peer_is_held_against_both(self):
        found = run(
            rounds=[
                {
                    key("sergo/limit+breaker/pass"): 100.0,
                    key("sergo/limit/pass"): 50.0,
                    key("governor/limit/pass"): 40.0,
                }
            ]
        ).find("governor", "limit", "pass")
        self.assertEqual((found.ratio.median, found.ratio_alike.median), (0.4, 0.8))

    def test_what_was_not_measured_in_every_round_has_fewer(self):
        rounds = [{key("sergo/mixed/routes@10"): 5.0}, {}, {key("sergo/mixed/routes@10"): 7.0}]
        (found,) = results("rust", rounds, VERSIONS)
        self.assertEqual((found.median, found.rounds, found.size), (6, 2, 10))

    def test_sergo_has_no_ratio_to_itself(self):
        self.assertIsNone(run().find("sergo", "limit+breaker", "pass").ratio)

    def test_a_run_is_read_as_it_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            run().write(Path(folder, "rust.json"))
            self.assertEqual(Run.read(Path(folder, "rust.json")), run())


class Targets(unittest.TestCase):
    def verdict(self, found, more_is_better):
        return Target("it", 4, 8 if more_is_better else 2, "×", lambda _: found, more_is_better).verdict({})

    def test_more_or_less_may_be_better(self):
        self.assertEqual(
            [self.verdict(found, True) for found in (3.9, 4, 8, None)], ["missed", "met", "moonshot", "not measured"]
        )
        self.assertEqual(
            [self.verdict(found, False) for found in (4.1, 4, 2, None)], ["missed", "met", "moonshot", "not measured"]
        )

    def test_every_target_is_measured_once_everything_is(self):
        rounds = {name: {} for name in LANGUAGES}
        for name, libraries in {
            "rust": ["sentinel-core"],
            "c": [],
            "java": ["Sentinel"],
            "go": ["sentinel-golang"],
            "node": ["opossum", "cockatiel", "sergo by value"],
            "python": ["pybreaker", "limits", "sergo by value"],
        }.items():
            for library in ["sergo", *libraries]:
                for does in ("limit+breaker", "limit", "breaker", "route"):
                    for job in ("pass", "blocked", "unruled", "shared", "own", "route"):
                        for unit in ("ns", "allocations", "bytes allocated"):
                            rounds[name][key(f"{library}/{does}/{job}", unit)] = 5.0
        for more in ("mixed/routes@10000", "regex/routes@1000", "load/first@10000", "load/changed@10000"):
            rounds["rust"][key(f"sergo/{more}")] = 5.0
        rounds["rust"][key("sergo/limit+breaker/idle", "bytes")] = 5.0
        runs = {name: run(name, [samples]) for name, samples in rounds.items()}
        self.assertEqual([each.what for each in targets() if each.measure(runs) is None], [])

    def test_nothing_is_met_where_nothing_was_measured(self):
        self.assertEqual({each.verdict({}) for each in targets()}, {"not measured"})

    def test_by_value_is_held_against_the_peer_too(self):
        rounds = [{key("sergo by value/limit+breaker/pass"): 100.0, key("opossum/breaker/pass"): 150.0}]
        self.assertEqual(
            target.times("node", "opossum", "breaker", "pass", target.BY_VALUE)({"node": run("node", rounds)}), 1.5
        )


class Pages(unittest.TestCase):
    def test_what_stands_between_the_marks_is_written_anew_and_nothing_else(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "page.md")
            path.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
            page.write(path, {"rust": run()})
            first = path.read_text()
            page.write(path, {"rust": run()})
            self.assertEqual(path.read_text(), first)
        self.assertTrue(first.startswith("before\n") and first.endswith("\nafter\n"))
        self.assertNotIn("old", first)
        self.assertIn("| sentinel-core 0.1.3 | limit and breaker | 2,300 (1,650–2,950) |", first)
        self.assertIn("11 (10.5–11.5)", first)

    def test_a_page_without_marks_is_left_as_it_is(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "page.md")
            path.write_text("nothing\n")
            with self.assertRaisesRegex(SystemExit, "expected a line"):
                page.write(path, {"rust": run()})
            self.assertEqual(path.read_text(), "nothing\n")


class Pictures(unittest.TestCase):
    def drawn(self, **runs):
        with tempfile.TemporaryDirectory() as folder:
            picture.write(Path(folder), runs)
            return {path.stem: ElementTree.fromstring(path.read_text()) for path in Path(folder).iterdir()}

    def test_a_bar_is_as_long_as_its_figure(self):
        root = self.drawn(rust=run())["rust"]
        ours, peer = (float(root.find(f".//{{*}}rect[@class='{kind}']").get("width")) for kind in ("ours", "peer"))
        self.assertAlmostEqual(peer / ours, 2300 / 200, places=1)

    def test_a_bar_far_off_the_scale_is_cut_and_says_so(self):
        rounds = [{key("sergo/limit+breaker/pass"): 100.0, key("bottleneck/limit/pass"): 5_000_000.0}]
        root = self.drawn(node=run("node", rounds))["node"]
        widths = [float(each.get("width")) for each in root.findall(".//{*}rect")]
        self.assertEqual(widths, [picture.BAR, picture.BAR])
        self.assertEqual(len(root.findall(".//{*}path[@class='peer']")), 1)
        self.assertIn("5 ms, 50,000 ×", "".join(root.itertext()))

    def test_lines_are_drawn_of_what_grows(self):
        rounds = [{key(f"sergo/mixed/routes@{size}"): float(size) for size in (1, 10, 100)}]
        drawn = self.drawn(rust=run(rounds=rounds))
        self.assertEqual(set(drawn), {"rust", "routes"})
        points = [point.split(",") for point in drawn["routes"].find(".//{*}polyline").get("points").split()]
        across, down = ([float(point[axis]) for point in points] for axis in (0, 1))
        self.assertAlmostEqual(across[1] - across[0], across[2] - across[1], places=1)  # ten times as many
        self.assertGreater(down[0], down[2])  # more is higher up

    def test_long_times_are_told_in_larger_units(self):
        told = [picture.duration(time) for time in (9.5, 1_234, 12_345, 5_323_063)]
        self.assertEqual(told, ["9.5 ns", "1,234 ns", "12.3 µs", "5.32 ms"])

    def test_ticks_are_round_and_end_below_the_top(self):
        self.assertEqual(picture.ticks(430), [0, 100, 200, 300, 400])
        for top in (0.7, 1, 9, 11, 99, 1234, 56789):
            found = picture.ticks(top)
            self.assertTrue(3 <= len(found) <= 6 and found[-1] <= top, (top, found))


class Manifests(unittest.TestCase):
    def test_every_peer_has_a_version(self):
        expected = {
            "rust": {"sentinel-core", "governor", "failsafe"},
            "java": {"Sentinel", "resilience4j"},
            "go": {"sentinel-golang", "failsafe-go", "gobreaker", "x-time-rate"},
            "node": {"opossum", "cockatiel", "rate-limiter-flexible", "bottleneck"},
            "python": {"pybreaker", "limits", "pyrate-limiter", "circuitbreaker"},
        }
        for language, peers in expected.items():
            versions = LANGUAGES[language].versions()
            for peer in peers:
                with self.subTest(peer):
                    self.assertRegex(versions[peer], r"^\d+(\.\d+)+$")


class Records(unittest.TestCase):
    def test_a_result_says_all_that_was_agreed(self):
        names = {field.name for field in dataclasses.fields(Result)}
        self.assertLessEqual(
            {"language", "library", "version", "job", "median", "q1", "q3", "rounds", "threads"}, names
        )


if __name__ == "__main__":
    unittest.main()

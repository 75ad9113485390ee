"""The tables in docs/benchmarks.md, between their marks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .language import LANGUAGES
from .result import OURS, Result, Run, Spread
from .sample import DOES, JOBS
from .target import Runs, Target, targets

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
TITLES = {"x-time-rate": "x/time/rate"}
LEGEND = """Nanoseconds: the median of all rounds, and the quartiles in brackets. With two threads they are
those that an entry and its exit take each of them. "Times sergo" is how many times as long a library takes as
sergo takes for a limit and a breaker, round by round; "alike" is against sergo doing only what the library does.
"""


def number(value: float) -> str:
    """Three digits, thousands apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def figure(found: Result | Spread | None) -> str:
    """A median with its quartiles, where they differ."""
    if found is None:
        return ""
    middle, low, high = number(found.median), number(found.q1), number(found.q3)
    return middle if low == high else f"{middle} ({low}–{high})"


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"


def comparison(run: Run) -> str:
    """A row for each library and what it does."""
    rows, head = [], ["library", "does", *JOBS.values(), "times sergo", "times sergo alike"]
    kinds = {(each.library, each.does): each.version for each in run.results if each.does in DOES and each.unit == "ns"}
    for (library, does), version in kinds.items():
        found = {job: run.find(library, does, job) for job in JOBS}
        if not found["pass"]:
            continue
        ratios = [found["pass"].ratio, found["pass"].ratio_alike]
        title = TITLES.get(library, library) + (f" {version}" if version and not library.startswith(OURS) else "")
        rows.append([title, DOES[does], *(figure(each) for each in found.values()), *(figure(each) for each in ratios)])
    return table(head, rows)


def extra(run: Run) -> str:
    """Routes and picks."""
    route, pick = (run.find(OURS, "route", job) for job in ("route", "pick"))
    if not route or not pick:
        return ""
    return f"A route by one of six headers: {figure(route)}. A pick and its report: {figure(pick)}.\n"


def about(run: Run) -> str:
    """Where and how a language was measured."""
    machine = run.machine
    busy = f", load {machine['load']} at the start"
    where = f"{machine['cores']} cores of {machine['cpu']}, {machine['system']}{busy}"
    return f"{run.toolchain}, by {LANGUAGES[run.language].framework}, {run.rounds} rounds, {run.date}; {where}.\n"


def scaling(run: Run) -> str:
    """What grows, one row for each count."""
    found = [each for each in run.results if each.size is not None and each.does != "load"]
    columns = list(dict.fromkeys((each.does, each.job) for each in found))
    sizes = sorted({each.size for each in found if each.size is not None})
    words = {
        "resources": "resources in turn",
        "resource-of": "one of so many resources",
        "routes": "routes",
        "threads-shared": "threads, one resource",
        "threads-own": "threads, a resource each",
    }
    heads = [("regex " if does == "regex" else "") + words[job] for does, job in columns]
    rows = [[f"{size:,}", *(figure(run.find(OURS, does, job, size)) for does, job in columns)] for size in sizes]
    return table(["how many", *heads], rows)


def reached(runs: Runs, all_targets: list[Target]) -> str:
    """The targets."""

    def bound(target: Target, value: float | None) -> str:
        return "" if value is None else f"{'≥' if target.more_is_better else '≤'} {value:g} {target.unit}"

    rows = []
    for target in all_targets:
        found = target.measure(runs)
        said = "" if found is None else f"{number(found)} {target.unit}"
        rows.append(
            [target.what, bound(target, target.least), bound(target, target.moonshot), said, target.verdict(runs)]
        )
    return table(["what", "target", "moonshot", "measured", ""], rows)


def measured(runs: Runs) -> str:
    """Everything between the marks."""
    parts = [LEGEND, "## Targets\n", reached(runs, targets())]
    for name, run in runs.items():
        title = LANGUAGES[name].name
        parts += [
            f"## {title}\n",
            about(run),
            comparison(run),
            extra(run),
            f"![{title}: sergo and its peers](benchmarks/{name}.svg)\n",
        ]
        if name == "rust":
            pictures = [
                f"![Nanoseconds for more {what}](benchmarks/{what}.svg)" for what in ("resources", "routes", "threads")
            ]
            parts += ["### What grows\n", scaling(run), "\n".join(pictures) + "\n"]
    return "\n".join(part for part in parts if part)


def write(page: Path, runs: Runs) -> None:
    """Put the figures in their place."""
    text = page.read_text()
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not begun or not ended:
        raise SystemExit(f"{page}: expected a line {BEGIN} and, after it, a line {END}")
    page.write_text(f"{before}{BEGIN}\n\n{measured(runs)}\n{END}{after}")

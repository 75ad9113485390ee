"""Pictures of the results: bars for the peers, lines for what grows.

Plain SVG that takes its colours from the reader's scheme, light or dark.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from .language import LANGUAGES
from .page import TITLES, number
from .result import OURS, Result, Run
from .sample import DOES, JOBS
from .target import Runs

WIDTH = 760
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .faint { fill: #656d76 }
  .axis { stroke: #d0d7de; stroke-width: 1; fill: none }
  .ours { fill: #0969da } .peer { fill: #afb8c1 } .spread { stroke: #1f2328; stroke-width: 1.2 }
  .line0 { stroke: #0969da; fill: #0969da } .line1 { stroke: #bc4c00; fill: #bc4c00 }
  polyline { fill: none !important; stroke-width: 2 } .band { stroke: none !important; fill-opacity: 0.15 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .faint { fill: #9198a1 } .axis { stroke: #3d444d }
    .ours { fill: #4493f8 } .peer { fill: #656c76 } .spread { stroke: #e6edf3 }
    .line0 { stroke: #4493f8; fill: #4493f8 } .line1 { stroke: #f0883e; fill: #f0883e }
  }
"""


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    """A line of text."""
    name = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{name}>{escape(words)}</text>'


def picture(height: float, title: str, parts: Sequence[str]) -> str:
    """A whole picture."""
    size = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>", *parts, "</svg>", ""])


LEFT, BAR = 210, 400


def duration(nanoseconds: float) -> str:
    """A time in the unit in which it is a short number."""
    for unit, size in (("ms", 1e6), ("µs", 1e4)):
        if nanoseconds >= size:
            return f"{number(nanoseconds / (1e6 if unit == 'ms' else 1e3))} {unit}"
    return f"{number(nanoseconds)} ns"


def bar(found: Result, y: float, scale: float, ours: float) -> list[str]:
    """A bar with its quartiles, its figure, and how many times sergo's it is."""

    def at(value: float) -> float:
        return LEFT + min(value * scale, float(BAR))

    name = TITLES.get(found.library, found.library)
    label = f"{name}, {DOES[found.does]}" if found.does != "limit+breaker" else name
    kind = "ours" if found.library.startswith(OURS) else "peer"
    times = "" if kind == "ours" else f", {number(found.median / ours)} ×"
    cut, width = found.median * scale > BAR, max(1.0, at(found.median) - LEFT)
    parts = [
        text(LEFT - 8, y + 12, label, anchor="end"),
        f'<rect x="{LEFT}" y="{y:.1f}" width="{width:.1f}" height="16" rx="2" class="{kind}"/>',
        text(
            LEFT + BAR + 12 if cut else max(at(found.median), at(found.q3)) + 6,
            y + 12,
            f"{duration(found.median)}{times}",
        ),
    ]
    if cut:  # far off the scale: the bar ends in an arrow
        end = LEFT + BAR
        parts.append(f'<path d="M{end} {y:.1f} l7 8 l-7 8 z" class="{kind}"/>')
    else:
        parts.append(f'<path d="M{at(found.q1):.1f} {y + 8:.1f} H{at(found.q3):.1f}" class="spread"/>')
    return parts


def bars(run: Run) -> str:
    """A language's picture: a group of bars for each job."""
    title = f"{LANGUAGES[run.language].name}: nanoseconds per entry and exit, shorter is better"
    parts, y = [text(12, 24, title, "title")], 36.0
    for job, words in JOBS.items():
        group = [each for each in run.results if each.job == job and each.does in DOES and each.unit == "ns"]
        base = run.find(OURS, "limit+breaker", job)
        if not base or not group:
            continue
        parts.append(text(12, y + 20, words, "faint"))
        y += 28
        # Whatever takes more than twelve times as long would leave nothing of the rest.
        longest = max(each.q3 for each in group if each.median <= 12 * base.median)
        for each in group:
            parts += bar(each, y, BAR / longest, base.median)
            y += 21
        y += 6
    return picture(y + 8, title, parts)


Line = tuple[str, list[Result]]


def ticks(top: float) -> list[float]:
    """Four or five round numbers from 0 to what is at the top."""
    step = 10 ** math.floor(math.log10(top / 2))
    step = next(step * factor for factor in (1, 2, 2.5, 5, 10) if top / (step * factor) <= 5)
    return [step * n for n in range(int(top / step) + 1)]


def lines(title: str, across: str, found: Sequence[Line]) -> str:
    """Lines over how many there are, of which each step is ten times as many, or one more."""
    sizes = sorted({each.size or 1 for _, line in found for each in line})
    linear = sizes[-1] <= 10
    top = 1.15 * max(each.q3 for _, line in found for each in line)
    left, right, above, below = 70, WIDTH - 150, 44, 270

    def x(size: float) -> float:
        first, last = sizes[0], sizes[-1]
        if first == last:
            return left
        part = (size - first) / (last - first) if linear else math.log(size / first) / math.log(last / first)
        return left + part * (right - left)

    def y(value: float) -> float:
        return below - value / top * (below - above)

    parts = [text(12, 24, title, "title")]
    for tick in ticks(top):
        parts.append(f'<path d="M{left} {y(tick):.1f} H{right}" class="axis"/>')
        parts.append(text(left - 8, y(tick) + 4, f"{tick:,.0f}", "faint", "end"))
    parts += [text(x(size), below + 18, f"{size:,}", "faint", "middle") for size in sizes]
    parts.append(text((left + right) / 2, below + 38, across, "faint", "middle"))
    ends: list[tuple[float, float, str]] = []
    for index, (name, line) in enumerate(found):
        line = sorted(line, key=lambda each: each.size or 1)
        points = [(x(each.size or 1), y(each.median)) for each in line]
        band = [(x(each.size or 1), y(each.q3)) for each in line] + [
            (x(each.size or 1), y(each.q1)) for each in reversed(line)
        ]
        parts.append(f'<polygon points="{joined(band)}" class="line{index} band"/>')
        parts.append(f'<polyline points="{joined(points)}" class="line{index}"/>')
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" class="line{index}"/>' for px, py in points]
        ends.append((points[-1][1], points[-1][0], name))
    last = -math.inf
    for end, beside, name in sorted(ends):  # names of lines that meet stand one below the other
        last = max(end, last + 15)
        parts.append(text(beside + 10, last + 4, name))
    return picture(below + 52, title, parts)


def joined(points: Sequence[tuple[float, float]]) -> str:
    """Points as SVG has them."""
    return " ".join(f"{px:.1f},{py:.1f}" for px, py in points)


def growth(run: Run, title: str, across: str, wanted: dict[str, tuple[str, str]]) -> str | None:
    """A picture of what grows, where it was measured."""
    found = [
        (name, [each for each in run.results if (each.does, each.job) == of and each.size])
        for name, of in wanted.items()
    ]
    found = [(name, line) for name, line in found if line]
    return lines(title, across, found) if found else None


def write(folder: Path, runs: Runs) -> None:
    """Write all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, str | None] = {name: bars(run) for name, run in runs.items()}
    if "rust" in runs:
        run, both = runs["rust"], "limit+breaker"
        pictures["resources"] = growth(
            run,
            "Nanoseconds per entry and exit, by resources",
            "governed resources",
            {"each in turn": (both, "resources"), "always one": (both, "resource-of")},
        )
        pictures["routes"] = growth(
            run,
            "Nanoseconds per route, by routes",
            "routes of one host",
            {"mixed": ("mixed", "routes"), "regex": ("regex", "routes")},
        )
        threads = {"one resource": (both, "threads-shared"), "a resource each": (both, "threads-own")}
        pictures["threads"] = growth(run, "Nanoseconds that an entry and exit takes its thread", "threads", threads)
    for name, drawn in pictures.items():
        if drawn:
            (folder / f"{name}.svg").write_text(drawn)

"""Measures the size of the dashboard, and how long it takes to paint results beyond the API's time.

The clock is the browser's: the page marks when it sends a search, has the response, and has painted
the results (in a task after the frame, so the figure is on the high side). The API's own time is
from its Server-Timing. Chromium runs headless on the machine of the app: no network in between.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.harness.report import compute_percentile, make_parser, publish
from model_export.markdown import render_table
from tests.browser.chromium import running_chromium
from tests.host import Host, eventually

LOADS = 20
WORDS = ("dress", "shoe", "bag", "mug", "coat", "jeans", "lamp", "watch", "hat", "guitar")
COLOURS = ("red", "blue")
VIEWS = ("upload", "jobs", "saved", "status")

PAINTED = "performance.getEntriesByName('results-painted').length"
TIMES = """() => {
  const last = (name) => performance.getEntriesByName(name).at(-1);
  const answered = last("response-received");
  return { sent: last("search-started").startTime, answered: answered.startTime,
           painted: last("results-painted").startTime, api: answered.detail.api_ms };
}"""
WEIGHTS = """() => ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
  .filter((each) => each.name.includes("/api/dashboard")).map((each) => each.encodedBodySize)"""

Times = dict[str, float]
"""sent, answered, painted: milliseconds since the navigation began; api: the API's own time."""


def main() -> None:
    args = make_parser(__doc__ or "").parse_args()
    with running_chromium() as chromium, tempfile.TemporaryDirectory() as folder:
        host = Host(Path(folder), module="devhost.start")
        try:
            eventually(lambda: "Ready after" in host.log.read_text(), "samples", seconds=300)
            body = measure_dashboard(chromium.browser, f"{host.url}/api/dashboard")
        finally:
            host.stop()
    publish("The dashboard: weight, and time to the first results", body, args.out)


def measure_dashboard(browser: Any, url: str) -> str:
    searches = list(time_searches(browser, url))
    loads = [time_load(browser, url) for _ in range(LOADS)]
    first, whole = weigh_files(browser, url)
    weights = [
        ["the page and its first view", f"{sum(first) / 1000:.1f}", len(first)],
        ["all of its views", f"{sum(whole) / 1000:.1f}", len(whole)],
    ]
    times = [
        summarise_times(
            "a search on the open page: until painted, less the API's own time",
            searches,
            time_beyond_api,
        ),
        summarise_times("of that, from the response until painted", searches, time_to_paint),
        summarise_times(
            "opened with a search, nothing cached: until painted, less the API's own time",
            loads,
            time_load_beyond_api,
        ),
    ]
    return "\n\n".join(
        [
            render_table(["weight without pictures", "kB", "files"], weights),
            render_table(["milliseconds", "median", "95 %", "runs"], times),
        ]
    )


def time_searches(browser: Any, url: str) -> Iterator[Times]:
    page = open_page(browser, url)
    for words in (f"{colour} {word}" for word in WORDS for colour in COLOURS):
        before = page.evaluate(PAINTED)
        page.locator("#q").fill(words)
        page.locator("#q").press("Enter")
        page.wait_for_function(f"(before) => {PAINTED} > before", arg=before)
        yield page.evaluate(TIMES)


def time_load(browser: Any, url: str) -> Times:
    page = open_page(browser, f"{url}#/search?q=red dress")
    times: Times = page.evaluate(TIMES)
    page.close()
    return times


def weigh_files(browser: Any, url: str) -> tuple[list[int], list[int]]:
    """Returns the bytes of each file: of those for the first view, and of those for all views."""
    page = open_page(browser, url)
    first: list[int] = page.evaluate(WEIGHTS)
    for view in VIEWS:
        page.evaluate(f"location.hash = '#/{view}'")
        page.locator(f"[data-view={view}].work").wait_for()
        page.keyboard.press("Escape")  # one view asks for a user
    whole: list[int] = page.evaluate(WEIGHTS)
    return first, whole


def open_page(browser: Any, address: str) -> Any:
    """Returns a page in a new profile, with nothing cached, once results are painted."""
    page = browser.new_page()
    page.goto(address)
    page.wait_for_function(f"() => {PAINTED}")
    return page


def time_beyond_api(times: Times) -> float:
    return times["painted"] - times["sent"] - times["api"]


def time_to_paint(times: Times) -> float:
    return times["painted"] - times["answered"]


def time_load_beyond_api(times: Times) -> float:
    return times["painted"] - times["api"]


def summarise_times(
    title: str, runs: list[Times], measure: Callable[[Times], float]
) -> list[object]:
    values = [measure(times) for times in runs]
    return [
        title,
        f"{statistics.median(values):.0f}",
        f"{compute_percentile(values, 95):.0f}",
        len(values),
    ]


if __name__ == "__main__":
    main()

"""How heavy the dashboard is, and how much later than the API's answer a result is painted.

By the browser's own clock: the page marks when it asks, has the answer, and has painted results
(a task after the frame, so the figure is on the high side). The API's own time is what its
Server-Timing says. A headless Chromium on the machine of the app: no network in between.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.harness.report import arguments, percentile, publish, table
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
  return { asked: last("search-started").startTime, answered: answered.startTime,
           painted: last("results-painted").startTime, api: answered.detail.api_ms };
}"""
WEIGHTS = """() => ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
  .filter((each) => each.name.includes("/api/dashboard")).map((each) => each.encodedBodySize)"""

Times = dict[str, float]
"""asked, answered, painted: milliseconds since the navigation began; api: what the API took."""


def main() -> None:
    args = arguments(__doc__ or "").parse_args()
    with running_chromium() as chromium, tempfile.TemporaryDirectory() as folder:
        host = Host(Path(folder), module="devhost.start")
        try:
            eventually(lambda: "Ready after" in host.log.read_text(), "samples", seconds=300)
            body = measured(chromium.browser, f"{host.url}/api/dashboard")
        finally:
            host.stop()
    publish("The dashboard: weight, and time to the first results", body, args.out)


def measured(browser: Any, url: str) -> str:
    searches = list(searched(browser, url))
    loads = [loaded(browser, url) for _ in range(LOADS)]
    first, whole = weighed(browser, url)
    weights = [
        ["the page and its first view", f"{sum(first) / 1000:.1f}", len(first)],
        ["all of its views", f"{sum(whole) / 1000:.1f}", len(whole)],
    ]
    times = [
        timing("a search on the open page: painted, beyond the API's own time", searches, beyond),
        timing("of that, from the answer to the paint", searches, after_answer),
        timing("opened with a search, nothing cached: painted, beyond it", loads, from_nothing),
    ]
    return "\n\n".join(
        [
            table(["weight without pictures", "kB", "files"], weights),
            table(["milliseconds", "median", "95 %", "runs"], times),
        ]
    )


def searched(browser: Any, url: str) -> Iterator[Times]:
    page = opened(browser, url)
    for words in (f"{colour} {word}" for word in WORDS for colour in COLOURS):
        before = page.evaluate(PAINTED)
        page.locator("#q").fill(words)
        page.locator("#q").press("Enter")
        page.wait_for_function(f"(before) => {PAINTED} > before", arg=before)
        yield page.evaluate(TIMES)


def loaded(browser: Any, url: str) -> Times:
    page = opened(browser, f"{url}#/search?q=red dress")
    times: Times = page.evaluate(TIMES)
    page.close()
    return times


def weighed(browser: Any, url: str) -> tuple[list[int], list[int]]:
    """Bytes of each file: after the first view, and after all of them."""
    page = opened(browser, url)
    first: list[int] = page.evaluate(WEIGHTS)
    for view in VIEWS:
        page.evaluate(f"location.hash = '#/{view}'")
        page.locator(f"[data-view={view}].work").wait_for()
        page.keyboard.press("Escape")  # one asks who it is
    whole: list[int] = page.evaluate(WEIGHTS)
    return first, whole


def opened(browser: Any, address: str) -> Any:
    """In a profile of its own, so that nothing is cached; results are painted."""
    page = browser.new_page()
    page.goto(address)
    page.wait_for_function(f"() => {PAINTED}")
    return page


def beyond(times: Times) -> float:
    return times["painted"] - times["asked"] - times["api"]


def after_answer(times: Times) -> float:
    return times["painted"] - times["answered"]


def from_nothing(times: Times) -> float:
    return times["painted"] - times["api"]


def timing(what: str, runs: list[Times], of: Callable[[Times], float]) -> list[object]:
    values = [of(each) for each in runs]
    return [what, f"{statistics.median(values):.0f}", f"{percentile(values, 95):.0f}", len(values)]


if __name__ == "__main__":
    main()

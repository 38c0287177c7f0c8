"""The app as Azure's worker has it: `function_app` imported, its handlers called with requests.

Run by cold_start.py and memory.py as a process of its own; says what they ask for as JSON lines.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 20
"""Searches of each kind before memory is read: the arenas have grown by then."""

BOUNDARY = "b-o-u-n-d-a-r-y"


def main() -> None:
    limit = int(os.environ.get("LIMIT_MB", "0")) * 1_000_000
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    steps = {"search": answer_a_search, "stages": time_the_stages, "memory": read_memory}
    steps[sys.argv[1]]()


def answer_a_search() -> None:
    import function_app  # noqa: F401

    say(answered=search("red dress"))


def time_the_stages() -> None:
    """One after the other, where the app overlaps the client's import with the tower's load."""
    timed("`import function_app`", lambda: __import__("function_app"))
    from shared_code.runtime import runtime

    timed("onnxruntime and tokenizers imported, bundle opened", lambda: runtime().encoder)
    timed("qdrant-client imported", lambda: __import__("shared_code.adapters.qdrant_cloud"))
    timed("collection looked up", lambda: runtime().index.ping())
    timed("text tower checked (SHA-256) and loaded", lambda: embed("red dress"))
    timed("first search answered", lambda: search("red dress"))
    timed("second search", lambda: search("blue mug"))


def read_memory() -> None:
    """Resident memory after each step, and the highest so far, in MB."""
    say(step="an empty interpreter", **resident())
    import function_app  # noqa: F401

    say(step="`import function_app`", **resident())
    search("red dress")
    say(step="a text search answered (text tower, Qdrant client)", **resident())
    from shared_code.runtime import runtime

    runtime().images.ping  # noqa: B018  # builds the client; no account is there to ask
    say(step="the storage client imported and built", **resident())
    picture = Path(sys.argv[2]).read_bytes()
    search_image(picture)
    say(step="a picture search answered (both towers)", **resident())
    for _ in range(ROUNDS):
        search("a summer dress with thin straps, light enough for hot days")
        search_image(picture)
    say(step=f"{ROUNDS} more searches of each kind", **resident())


def search(query: str) -> int:
    from functions.search import search_by_text

    body = json.dumps({"query": query}).encode()
    return status(search_by_text, body, "application/json")


def search_image(picture: bytes) -> int:
    from functions.search import search_by_picture

    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="q"\r\n\r\n'
    body = head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()
    return status(search_by_picture, body, f"multipart/form-data; boundary={BOUNDARY}")


def status(handler: Any, body: bytes, content_type: str) -> int:
    """Of the handler's answer. Raises RuntimeError for any but 200."""
    import azure.functions as func

    request = func.HttpRequest(
        method="POST", url="http://localhost/api", headers={"Content-Type": content_type}, body=body
    )
    response = handler(request)
    if response.status_code != 200:
        raise RuntimeError(response.get_body().decode())
    return int(response.status_code)


def embed(text: str) -> None:
    from shared_code.runtime import runtime

    runtime().encoder.encode_texts([text])


def resident() -> dict[str, float]:
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}
    return {"now": int(sizes["VmRSS"]) / 1024, "highest": int(sizes["VmHWM"]) / 1024}


def timed(step: str, call: Callable[[], Any]) -> None:
    started = time.perf_counter()
    call()
    say(step=step, seconds=time.perf_counter() - started)


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()

"""Runs the app like Azure's worker: imports `function_app` and calls its handlers with requests.

Run by cold_start.py and memory.py as a program of its own, ``python -I -S -B serving.py APP STEP``,
with only the package in the folder APP on its path (and ENGINE, the embedded index, which is in no
package). If APP has no wheels, it uses those of the environment that it runs in.
Prints what was measured as JSON lines.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROUNDS = 20
"""Searches of each kind before memory is read, so that the arenas have grown."""
UPLOADS = 60
AT_ONCE = 8
"""Requests that infra/ allows one instance to run at the same time."""

BOUNDARY = "b-o-u-n-d-a-r-y"


def main() -> None:
    app, step = sys.argv[1:3]
    sys.path[:0] = [f"{app}/.python_packages/lib/site-packages", app]
    sys.path += os.environ.get("ENGINE", "").split()
    os.chdir(app)
    limit = int(os.environ.get("LIMIT_MB", "0")) * 1_000_000
    if limit:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    steps = {
        "search": answer_a_search,
        "stages": time_the_stages,
        "memory": read_memory,
        "uploads": read_memory_of_uploads,
    }
    steps[step]()


def answer_a_search() -> None:
    import function_app  # noqa: F401

    print_facts(status=search("red dress"))


def time_the_stages() -> None:
    """Measures the stages one by one; the app itself imports the client while a tower loads."""
    measure("`import function_app`", lambda: __import__("function_app"))
    from shared_code.adapters.qdrant.cloud.client_import import import_qdrant_client
    from shared_code.app import current_app

    measure("onnxruntime and tokenizers imported, bundle opened", lambda: current_app().encoder)
    measure("qdrant-client imported", import_qdrant_client)
    measure("collection looked up", lambda: current_app().index.ping())
    measure("text tower checked (SHA-256) and loaded", lambda: embed_text("red dress"))
    measure("first search answered", lambda: search("red dress"))
    measure("second search", lambda: search("blue mug"))


def read_memory() -> None:
    """Prints resident memory after each step, and the highest so far, in MB."""
    print_facts(step="an empty interpreter", **read_resident())
    import function_app  # noqa: F401

    print_facts(step="`import function_app`", **read_resident())
    search("red dress")
    print_facts(step="a text search answered (text tower, Qdrant client)", **read_resident())
    from shared_code.app import current_app

    current_app().images.ping  # noqa: B018  # builds the client; there is no account to call
    print_facts(step="the storage client imported and built", **read_resident())
    picture = Path(sys.argv[3]).read_bytes()
    search_image(picture)
    print_facts(step="a picture search answered (both towers)", **read_resident())
    for _ in range(ROUNDS):
        search("a summer dress with thin straps, light enough for hot days")
        search_image(picture)
    print_facts(step=f"{ROUNDS} more searches of each kind", **read_resident())


def read_memory_of_uploads() -> None:
    """Prints resident memory before and after large uploads: one by one, then several at once.

    As in Azure's worker, requests are answered by threads of one pool.
    """
    import function_app  # noqa: F401

    small, large = (Path(path).read_bytes() for path in sys.argv[3:5])
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for _ in range(ROUNDS):
            list(threads.map(search_image, [small] * AT_ONCE))
        print_facts(step=f"{ROUNDS * AT_ONCE} searches with a small picture", **read_resident())
        reset_highest()
        started = time.perf_counter()
        for _ in range(UPLOADS):
            threads.submit(search_image, large).result()
        seconds_each = (time.perf_counter() - started) / UPLOADS
        print_facts(
            step=f"{UPLOADS} large pictures, one by one", seconds=seconds_each, **read_resident()
        )
        reset_highest()
        started = time.perf_counter()
        for _ in range(3):
            list(threads.map(search_image, [large] * AT_ONCE))
        seconds_each = (time.perf_counter() - started) / (3 * AT_ONCE)
        print_facts(step=f"3 times {AT_ONCE} at once", seconds=seconds_each, **read_resident())


def search(query: str) -> int:
    from functions.search import search_by_text

    body = json.dumps({"query": query}).encode()
    return call(search_by_text, body, "application/json")


def search_image(picture: bytes) -> int:
    from functions.search import search_by_picture

    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="q"\r\n\r\n'
    body = b"".join([head.encode(), picture, f"\r\n--{BOUNDARY}--\r\n".encode()])
    return call(search_by_picture, body, f"multipart/form-data; boundary={BOUNDARY}")


def call(handler: Any, body: bytes, content_type: str) -> int:
    """Returns the status of the handler's response. Raises RuntimeError unless it is 200."""
    import azure.functions as func

    request = func.HttpRequest(
        method="POST", url="http://localhost/api", headers={"Content-Type": content_type}, body=body
    )
    response = handler(request)
    if response.status_code != 200:
        raise RuntimeError(response.get_body().decode())
    return int(response.status_code)


def embed_text(text: str) -> None:
    from shared_code.app import current_app

    current_app().encoder.encode_texts([text])


def read_resident() -> dict[str, float]:
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}
    return {"now": int(sizes["VmRSS"]) / 1024, "highest": int(sizes["VmHWM"]) / 1024}


def reset_highest() -> None:
    """Resets the highest resident size to the current one (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def measure(step: str, work: Callable[[], Any]) -> None:
    started = time.perf_counter()
    work()
    print_facts(step=step, seconds=time.perf_counter() - started)


def print_facts(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()

"""Runs the app like Azure's worker, in a Python that has only the package.

Run as ``python -I -S worker.py APP``: no site-packages, no current folder; the packages' folder
and the app's are the only ones on the path, and with EMBEDDED_INDEX a folder that holds the index
for those without a server. Prints one line of JSON for each step.
"""

import json
import os
import resource
import sys


def main(app: str) -> None:
    if "LIMIT_MB" in os.environ:  # of all private memory that can be written, touched or not
        limit = int(os.environ["LIMIT_MB"]) * 1_000_000
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    sys.path[:0] = [f"{app}/.python_packages/lib/site-packages", app]
    sys.path += os.environ.get("EMBEDDED_INDEX", "").split()  # is not in the package
    os.chdir(app)
    import azure.functions as func

    import function_app

    functions = {f.get_function_name(): f for f in function_app.app.get_functions()}
    print_step("indexed", functions=sorted(functions))

    def call(name, *, method="POST", body=b"", headers=None, params=None):
        request = func.HttpRequest(
            method=method,
            url=f"http://localhost/api/{name}",
            headers=headers or {"content-type": "application/json"},
            params=params or {},
            route_params={},
            body=body,
        )
        answer = functions[name].get_user_function()(request)
        print_step(name, status=answer.status_code, body=json.loads(answer.get_body()))

    with open(os.environ["PICTURE"], "rb") as picture:
        data = picture.read()
    if "EMBEDDED_INDEX" in os.environ:
        product = {"product_id": "red-dress", "name": "Red dress"}
        call("index_product_with_image", **form(data, "image_file", product))
    call("search_by_picture", **form(data, "file", {}))
    call("search_by_text", body=b'{"query": "a red dress"}')
    slow = ("azure.storage", "azure.identity", "azure.durable_functions", "aiohttp")
    print_step("searched", loaded=sorted(name for name in sys.modules if name.startswith(slow)))
    call("health", method="GET", params={"deep": os.environ.get("DEEP", "true")})
    from azure.durable_functions import DurableOrchestrationClient

    print_step("durable", client=DurableOrchestrationClient.__name__)
    print_step("memory", peak_mb=highest_mb())


def form(picture: bytes, name: str, fields: dict) -> dict:
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    )
    parts += f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="a.webp"\r\n\r\n'
    body = parts.encode() + picture + b"\r\n--x--\r\n"
    return {"body": body, "headers": {"content-type": "multipart/form-data; boundary=x"}}


def highest_mb() -> float:
    """Returns the peak of this program; ``getrusage`` includes the process that started it."""
    with open("/proc/self/status") as status:
        [line] = [line for line in status if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1e3


def print_step(step: str, **about) -> None:
    print(json.dumps({"step": step, **about}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])

"""Runs the app on the azure-functions that is first on the path, as Microsoft's worker would.

Run as ``python -m tests.workers.tour`` with the app's settings in the environment, and in
PYTHONPATH a folder that holds another azure-functions than the one installed. A worker that was
started before the app is there, from Azure's placeholder, keeps its own copy in this way, while all
other packages are the app's. Prints one line of JSON for each step.
"""

import ast
import asyncio
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import azure.functions as func
from azure.functions._durable_functions import OrchestrationContext
from azure.functions.meta import Datum

import function_app
from shared_code.settings import Settings
from tests.durable import MemoryDurable
from tests.workers.worker import LoadedFunction, Worker, load

ROOT = Path(__file__).parents[2]
EVENT_SUBJECT = "/blobServices/default/containers/images/blobs/"


class DurableHost(MemoryDurable):
    """Durable Functions as the library's client meets it: on a port of the host."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        for kind, call in (
            ("orchestrationTrigger", self._run_orchestrator),
            ("activityTrigger", self._run_activity),
        ):
            for function in worker.find(kind):
                self.add_function(function.name, kind, partial(call, function))
        self.worker = worker
        durable = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                [*_, instance] = path.rstrip("/").split("/")
                if instance == "instances":
                    [prefix] = parse_qs(query)["instanceIdPrefix"]
                    return self.send_json(200, durable.list_statuses(prefix))
                if instance in durable.instances:
                    return self.send_json(200, durable.list_statuses(instance)[0])
                return self.send_json(404, {})

            def do_POST(self) -> None:
                [*_, name, instance] = self.path.partition("?")[0].split("/")
                content = self.rfile.read(int(self.headers["content-length"]))
                job_input = json.loads(json.loads(content))  # the client encodes it twice
                asyncio.run(durable.start_new(name, instance, job_input))
                self.send_json(202, {"id": instance})

            def send_json(self, status: int, content: object) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def make_binding(self) -> str:
        url = f"http://127.0.0.1:{self.server.server_port}"
        links = {"taskHubName": "hub", "creationUrls": {}, "managementUrls": {"id": "INSTANCEID"}}
        return json.dumps({**links, "rpcBaseUrl": f"{url}/", "requiredQueryStringParameters": ""})

    def _run_orchestrator(self, function: LoadedFunction, context: OrchestrationContext) -> str:
        return self.worker.invoke(function, Datum(context.body, "string"), {}).value

    def _run_activity(self, function: LoadedFunction, task: object) -> object:
        return json.loads(self.worker.invoke(function, Datum(json.dumps(task), "json"), {}).value)


def send_request(
    worker: Worker, method: str, route: str, *, body: bytes = b"", **path: str
) -> dict:
    """Sends an HTTP request as the host does, and answers with the JSON of the response."""
    [function] = [
        function
        for function in worker.find("httpTrigger", route=route)
        if method in [getattr(name, "value", name) for name in function.trigger["methods"]]
    ]
    url = f"http://localhost/api/{route}"
    request = {
        "method": Datum(method, "string"),
        "url": Datum(url, "string"),
        "headers": {"content-type": Datum("application/json", "string")},
        "query": {},
        "params": {name: Datum(value, "string") for name, value in path.items()},
        "body": Datum(body, "bytes"),
    }
    response = worker.invoke(function, Datum(request, "http"), {}).value
    return {
        "status": int(response["status_code"].value),
        "body": json.loads(response["body"].value),
    }


def search(worker: Worker) -> list[str]:
    response = send_request(worker, "POST", "v1/search", body=b'{"query": "a dress"}')
    assert response["status"] == 200, response
    return [product["id"] for product in response["body"]["results"]]


def send_blob(worker: Worker, images: Path, name: str) -> None:
    """Returns what the host sends for a blob that was created."""
    [function] = worker.find("blobTrigger")
    properties = {"ContentType": "image/webp", "Length": (images / name).stat().st_size}
    metadata = {
        "BlobTrigger": Datum(f"images/{name}", "string"),
        "Uri": Datum(json.dumps(f"https://shop.blob.core.windows.net/images/{name}"), "json"),
        "Properties": Datum(json.dumps(properties), "json"),
        "Metadata": Datum("{}", "json"),
    }
    worker.invoke(function, Datum((images / name).read_bytes(), "bytes"), metadata)


def send_deletion(worker: Worker, name: str, schema: str) -> None:
    """What Event Grid sends, in its own schema or that of CloudEvents, by trigger or by queue."""
    common = {"id": "1", "subject": EVENT_SUBJECT + name, "data": {"api": "DeleteBlob"}}
    kind, time = "Microsoft.Storage.BlobDeleted", "2026-11-22T10:00:00.1234567Z"
    if schema == "EventGrid":
        event = {**common, "topic": "t", "eventType": kind, "eventTime": time, "dataVersion": "2"}
    else:
        event = {**common, "source": "t", "type": kind, "time": time, "specversion": "1.0"}
    triggers = worker.find("eventGridTrigger")
    queues = [f for f in worker.find("queueTrigger") if "poison" not in f.trigger["queueName"]]
    assert triggers or queues
    for function in triggers:
        worker.invoke(function, Datum(json.dumps(event), "json"), {})
    for function in queues:
        worker.invoke(function, Datum(json.dumps(event), "string"), QUEUE_METADATA)


QUEUE_METADATA = {
    "Id": Datum("7a1c", "string"),
    "DequeueCount": Datum(1, "int"),
    "InsertionTime": Datum('"2026-11-22T10:00:00+00:00"', "json"),
    "ExpirationTime": Datum('"2026-11-29T10:00:00+00:00"', "json"),
    "NextVisibleTime": Datum('"2026-11-22T10:10:00+00:00"', "json"),
    "PopReceipt": Datum("AgAAAA", "string"),
}


def send_poison(worker: Worker, name: str) -> None:
    """The message that the host writes when a blob trigger has failed too often."""
    [trigger] = worker.find("blobTrigger")
    [function] = worker.find("queueTrigger", queueName="webjobs-blobtrigger-poison")
    source = {"Type": "BlobTrigger", "FunctionId": f"Host.Functions.{trigger.name}"}
    message = {**source, "ContainerName": "images", "BlobName": name, "ETag": '"0x8D"'}
    worker.invoke(function, Datum(json.dumps(message), "string"), QUEUE_METADATA)


def unknown_names() -> Iterator[str]:
    """Names of the library that the app uses when it runs, and this copy does not have.

    What only an annotation names is not looked up where annotations are not evaluated.
    """
    for path in [ROOT / "function_app.py", *sorted((ROOT / "functions").rglob("*.py"))]:
        tree = ast.parse(path.read_text())
        if "from __future__ import annotations" in path.read_text():
            tree = WithoutAnnotations().visit(tree)
        for node in ast.walk(tree):
            is_library = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "func"
            if is_library and not hasattr(func, node.attr):
                yield f"{path.name}: func.{node.attr}"


class WithoutAnnotations(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef


def place_picture(images: Path, name: str) -> None:
    picture = ROOT / "samples" / "images" / Path(name).stem / "front.webp"
    (images / name).write_bytes(picture.read_bytes())


def main() -> None:
    folder = Path(func.__file__).parents[2]
    print_step("library", version=func.__version__, folder=str(folder), unknown=[*unknown_names()])
    loaded = [load(function) for function in function_app.app.get_functions()]
    worker = Worker({function.name: function for function in loaded})
    durable = DurableHost(worker)
    worker.durable_client = durable.make_binding()
    print_step("loaded", functions=sorted(worker.functions))

    images = Path(Settings.from_env().local_dir) / "storage" / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name in ("red-dress.webp", "blue-dress.webp"):
        place_picture(images, name)
        send_blob(worker, images, name)
    print_step("created", ids=sorted(search(worker)))

    for name, schema in (("red-dress.webp", "EventGrid"), ("blue-dress.webp", "CloudEvents")):
        (images / name).unlink()
        send_deletion(worker, name, schema)
        print_step(f"deleted, {schema}", ids=search(worker))

    (images / "given-up.webp").write_bytes(b"not a picture")
    send_poison(worker, "given-up.webp")
    failures = send_request(worker, "GET", "v1/index-failures")
    print_step("given up", blobs=[failure["blob"] for failure in failures["body"]["failures"]])

    (images / "given-up.webp").unlink()
    place_picture(images, "red-dress.webp")
    started = send_request(worker, "POST", "v1/index-batch", body=b'{"prefix": ""}')
    durable.run()
    ended = send_request(worker, "GET", "v1/jobs/{job_id}", job_id=started["body"]["id"])
    jobs = send_request(worker, "GET", "v1/jobs")
    statuses = [started["status"], ended["status"], jobs["status"]]
    job_ids = [job["id"] for job in jobs["body"]["jobs"]]
    print_step("job", statuses=statuses, job=ended["body"], job_ids=job_ids, ids=search(worker))
    print_step("invoked", kinds=sorted(worker.invoked))


def print_step(step: str, **facts: object) -> None:
    print(json.dumps({"step": step, **facts}), flush=True)


if __name__ == "__main__":
    main()

"""Every kind of answer and trigger that the tests ask the host about."""

import json
import threading
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
bp = func.Blueprint()

EVENTS = Path("events.jsonl")
_lock = threading.Lock()


def note(**event):
    with _lock, EVENTS.open("a") as log:
        log.write(json.dumps(event) + "\n")


@bp.route(route="echo/{name}/{*rest}")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(
            {
                "method": req.method,
                "url": req.url,
                "headers": dict(req.headers),
                "params": dict(req.params),
                "route": dict(req.route_params),
                "body": req.get_body().decode("latin-1"),
                "files": {name: len(file.read()) for name, file in req.files.items()},
                "main_thread": threading.current_thread() is threading.main_thread(),
                "setting": __import__("os").environ.get("FROM_LOCAL_SETTINGS"),
            }
        ),
        mimetype="application/json",
    )


@bp.route(route="pages/{*path}", methods=["GET", "HEAD"])
def page(req: func.HttpRequest) -> func.HttpResponse:
    note(kind="page", method=req.method)
    return func.HttpResponse(f"page {req.route_params.get('path')}", mimetype="text/html")


@bp.route(route="size", methods=["POST"])
def size(req: func.HttpRequest) -> str:
    return f"{len(req.get_body())} bytes"


@bp.route(route="items/{id:int}", methods=["GET"])
def items_by_number(req: func.HttpRequest) -> str:
    return f"number {req.route_params['id']}"


@bp.route(route="items/{name}", methods=["GET"])
def items_by_word(req: func.HttpRequest) -> str:
    return f"word {req.route_params['name']}"


@bp.route(route="items/newest", methods=["GET"])
def items_newest(req: func.HttpRequest) -> str:
    return "never reached: items_by_word sorts first"


@bp.route(route="maybe/{id?}", methods=["GET"])
def maybe(req: func.HttpRequest) -> str:
    return f"maybe {req.route_params.get('id', 'nothing')}"


@bp.route(methods=["GET"])
def default_route(req: func.HttpRequest, context: func.Context) -> str:
    return f"{context.function_name} {context.invocation_id}"


@bp.route(route="headers", methods=["GET"])
def headers(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(b"\x00\xff", status_code=201, mimetype="image/png")
    response.headers.add("x-twice", "first")
    response.headers.add("x-twice", "last")
    response.headers.add("X-Case", "the first")
    response.headers.add("x-case", "the second")
    response.headers.add("set-cookie", "a=1; Path=/")
    response.headers.add("set-cookie", "b=2")
    return response


@bp.route(route="bare/{status:int}", methods=["GET"])
def bare(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("kept out", status_code=int(req.route_params["status"]))


@bp.route(route="wrong/{kind}", methods=["GET"])
def wrong(req: func.HttpRequest):
    match req.route_params["kind"]:
        case "none":
            return None
        case "dict":
            return {"a": 1}
        case "json":
            return '{"body": "x", "statusCode": 201}'
        case "generator":
            return (piece for piece in "abc")
        case "header":
            return func.HttpResponse("x", headers={"x-name": "café"})
        case "exit":
            raise SystemExit(3)
    raise ValueError("a secret detail")


@bp.route(route="sleep", methods=["GET"])
def sleep(req: func.HttpRequest) -> str:
    time.sleep(float(req.params["s"]))
    return threading.current_thread().name


@bp.route(route="async", methods=["GET"])
async def asynchronous(req: func.HttpRequest) -> str:
    return "async"


@bp.blob_trigger(
    arg_name="blob",
    path="%BOX%/{name}",
    connection="AzureWebJobsStorage",
    data_type=func.DataType.BINARY,
)
def blob_changed(blob: func.InputStream) -> None:
    data = blob.read()
    note(
        kind="changed",
        name=blob.name,
        length=blob.length,
        uri=blob.uri,
        etag=blob.blob_properties["ETag"],
        type=blob.blob_properties["ContentType"],
        metadata=blob.metadata,
        data=data.decode("latin-1")[:100],
        at=time.time(),
    )
    if data.startswith(b"slow"):
        time.sleep(30)
    if data.startswith(b"takes "):
        time.sleep(float(data.removeprefix(b"takes ")))
    if data.startswith(b"fail"):
        raise ValueError("cannot be indexed")
    note(kind="done", name=blob.name, at=time.time())


@bp.queue_trigger(arg_name="message", queue_name="blob-events", connection="AzureWebJobsStorage")
def blob_event(message: func.QueueMessage) -> None:
    event = message.get_json()
    note(kind=event["eventType"], subject=event["subject"], data=event["data"])


@bp.queue_trigger(arg_name="message", queue_name="%ORDERS%", connection="AzureWebJobsStorage")
def order(message: func.QueueMessage) -> None:
    body = message.get_body().decode()
    note(
        kind="order",
        body=body,
        id=message.id,
        dequeued=message.dequeue_count,
        inserted=message.insertion_time.isoformat(),
        expires=message.expiration_time.isoformat(),
    )
    if body.startswith("slow"):
        time.sleep(30)
    if body.startswith("fail"):
        raise ValueError("cannot be ordered")


@bp.queue_trigger(
    arg_name="message", queue_name="webjobs-blobtrigger-poison", connection="AzureWebJobsStorage"
)
def poison_blob(message: func.QueueMessage) -> None:
    content = message.get_json()
    text = message.get_body().decode()
    note(kind="poison", message=content, text=text, dequeued=message.dequeue_count)
    if content["BlobName"].startswith("unrecorded"):
        raise ValueError("cannot be recorded")


@bp.timer_trigger(arg_name="timer", schedule="0 0 4 * * *")
def nightly(timer: func.TimerRequest) -> None:
    note(kind="timer", past_due=timer.past_due, status=timer.schedule_status)


@bp.timer_trigger(arg_name="timer", schedule="%OFTEN%", run_on_startup=True)
def often(timer: func.TimerRequest) -> None:
    note(kind="tick", at=time.time(), past_due=timer.past_due)
    time.sleep(float(__import__("os").environ.get("TICK_TAKES_S", "0")))
    note(kind="tock", at=time.time())


@bp.service_bus_queue_trigger(arg_name="message", queue_name="bus", connection="BUS")
def bus(message: func.ServiceBusMessage) -> None:
    note(kind="bus")


app.register_functions(bp)

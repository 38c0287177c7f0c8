"""Durable Functions by the library's own decorators. Activities note their calls in a file."""

import json
import time
from datetime import timedelta
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
DONE = Path("events.jsonl")


def note(**event):
    with DONE.open("a") as log:
        log.write(json.dumps({**event, "at": time.time()}) + "\n")


@app.route(route="start/{name}/{instance}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    name, instance = req.route_params["name"], req.route_params["instance"]
    instance = await client.start_new(name, instance, json.loads(req.get_body() or "null"))
    return client.create_check_status_response(req, instance)


@app.route(route="status/{instance}")
@app.durable_client_input(client_name="client")
async def status(req: func.HttpRequest, client) -> func.HttpResponse:
    instance = await client.get_status(req.route_params["instance"], show_input=True)
    return func.HttpResponse(json.dumps(instance.to_json() if instance else None, default=str))


@app.route(route="statuses/{prefix}")
@app.durable_client_input(client_name="client")
async def statuses(req: func.HttpRequest, client) -> func.HttpResponse:
    instances = await client.get_status_by(instance_id_prefix=req.route_params["prefix"])
    return func.HttpResponse(json.dumps([instance.instance_id for instance in instances]))


@app.route(route="send/{verb}/{instance}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def send(req: func.HttpRequest, client) -> func.HttpResponse:
    verb, instance = req.route_params["verb"], req.route_params["instance"]
    if verb == "purge":
        purged = await client.purge_instance_history(instance)
        return func.HttpResponse(str(purged.instances_deleted))
    if verb == "raise_event":
        await client.raise_event(instance, "answer", json.loads(req.get_body()))
    else:
        await getattr(client, verb)(instance, "because")
    return func.HttpResponse("ok")


@app.activity_trigger(input_name="task")
def work(task: dict) -> dict:
    note(kind="work", **task)
    time.sleep(task.get("takes", 0))
    events = map(json.loads, DONE.read_text().splitlines())
    attempt = sum(1 for event in events if event.get("n") == task["n"])
    if task.get("fails", 0) >= attempt:
        raise ValueError(f"attempt {attempt} of {task['n']}")
    return {"n": task["n"], "twice": 2 * task["n"]}


@app.orchestration_trigger(context_name="context")
def chain(context):
    results = []
    for n in range(context.get_input()):
        results.append((yield context.call_activity("work", {"n": n}))["twice"])
        context.set_custom_status({"done": n + 1})
    return results


@app.orchestration_trigger(context_name="context")
def fan_out(context):
    options = context.get_input()
    takes = options.get("takes", 0)
    tasks = [context.call_activity("work", {"n": n, "takes": takes}) for n in range(options["of"])]
    results = yield context.task_all(tasks)
    return sum(result["twice"] for result in results)


@app.orchestration_trigger(context_name="context")
def parent(context):
    count = context.get_input()
    parts = [
        context.call_sub_orchestrator("chain", 3, f"{context.instance_id}-{n}" if n % 2 else None)
        for n in range(count)
    ]
    return (yield context.task_all(parts))


@app.orchestration_trigger(context_name="context")
def with_retries(context):
    """Two tasks that are retried, among others that do not fail: all must keep their numbers."""
    options = context.get_input()
    retry = df.RetryOptions(50, options["tries"])
    tasks = [
        context.call_activity_with_retry("work", retry, {"n": 1, "fails": options["fails"]}),
        context.call_activity("work", {"n": 2}),
        context.call_activity_with_retry("work", retry, {"n": 3, "fails": options["fails"]}),
    ]
    first = yield context.task_any(tasks)
    firsts = [first.result["n"]] if not isinstance(first.result, Exception) else []
    more = yield context.call_activity("work", {"n": 4})
    results = yield context.task_all(tasks)
    return [*firsts, more["n"], *(result["n"] for result in results)]


@app.orchestration_trigger(context_name="context")
def caught(context):
    try:
        yield context.call_activity("work", {"n": 7, "fails": 99})
    except Exception as exc:
        return f"caught {exc}"


@app.orchestration_trigger(context_name="context")
def failing_parent(context):
    return (yield context.call_sub_orchestrator("broken", None, f"{context.instance_id}-child"))


@app.orchestration_trigger(context_name="context")
def broken(context):
    yield context.call_activity("work", {"n": 0})
    raise ValueError("nothing works")


@app.orchestration_trigger(context_name="context")
def waits(context):
    """Waits for an answer until the timer fires."""
    late = context.current_utc_datetime + timedelta(seconds=context.get_input())
    timer = context.create_timer(late)
    answer = context.wait_for_external_event("answer")
    first = yield context.task_any([timer, answer])
    if first is answer:
        timer.cancel()
        return {"answer": first.result}
    return "too late"


@app.orchestration_trigger(context_name="context")
def counts(context):
    left, total = context.get_input()
    done = yield context.call_activity("work", {"n": left})
    if left == 1:
        return total + done["n"]
    context.continue_as_new([left - 1, total + done["n"]])
    return None


@app.orchestration_trigger(context_name="context")
def collects(context):
    """Takes one event per execution: the others must not be lost between two."""
    left, answers = context.get_input()
    answer = yield context.wait_for_external_event("answer")
    if left == 1:
        return [*answers, answer]
    context.continue_as_new([left - 1, [*answers, answer]])
    return None


@app.orchestration_trigger(context_name="context")
def fickle(context):
    """Not deterministic: its second run calls another activity."""
    name = "work" if not Path("seen").exists() else "other"
    Path("seen").touch()
    yield context.call_activity(name, {"n": 1})
    return None


@app.activity_trigger(input_name="value")
def echo(value):
    return value


@app.orchestration_trigger(context_name="context")
def same(context):
    return context.get_input()


@app.orchestration_trigger(context_name="context")
def echoes(context):
    values = context.get_input()
    ours = yield context.task_all([context.call_activity("echo", value) for value in values])
    theirs = yield context.task_all(
        [context.call_sub_orchestrator("same", value) for value in values]
    )
    return [ours, theirs]


@app.orchestration_trigger(context_name="context")
def relay(context):
    """Starts the next piece of work whenever one is done, two at a time."""
    options = context.get_input()
    left = list(range(options["of"]))
    running = []
    while left or running:
        new = []
        while left and len(running) + len(new) < 2:
            new.append(context.call_activity("work", {"n": left.pop(0), "takes": options["takes"]}))
        if new and running and options["at_once"]:
            yield context.task_any([*new, context.create_timer(context.current_utc_datetime)])
        running += new
        done = yield context.task_any(running)
        running.remove(done)
    return "done"


@app.orchestration_trigger(context_name="context")
def hasty(context):
    """Goes on after the first of two tasks, while the other one is to be tried again."""
    retry = df.RetryOptions(50, 3)
    flaky = context.call_activity_with_retry("work", retry, {"n": 9_001, "takes": 1.5, "fails": 1})
    first = yield context.task_any([context.call_activity("work", {"n": 2}), flaky])
    assert first is not flaky
    yield flaky
    return (yield context.call_activity("work", {"n": 3}))


@app.orchestration_trigger(context_name="context")
def talkative(context):
    """Sets a custom status of so many characters."""
    context.set_custom_status("\U0001f600" * context.get_input())
    return (yield context.call_activity("work", {"n": 0}))

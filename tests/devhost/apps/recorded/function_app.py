"""The orchestrations that were run in Azure's host for ``azure/durable.jsonl``."""

import json

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.orchestration_trigger(context_name="context")
def quick(context):
    return json.dumps(context.get_input())  # the recorded one returned the text of its input


@app.orchestration_trigger(context_name="context")
def fails(context):
    if context.get_input():
        raise ValueError("boom")
    yield context.wait_for_external_event("never")


@app.orchestration_trigger(context_name="context")
def waits(context):
    context.set_custom_status({"at": "waiting", "n": 1})
    yield context.wait_for_external_event("go")


@app.orchestration_trigger(context_name="context")
def bulk_job(context):
    return (yield context.call_sub_orchestrator("bulk_segment", None, "part"))


@app.orchestration_trigger(context_name="context")
def bulk_segment(context):
    return (yield context.call_activity("bulk_index", None))


@app.activity_trigger(input_name="task")
def bulk_index(task):
    raise RuntimeError("Qdrant is down")

"""An app that hears of blobs by the queue of events alone."""

import json
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()


@app.queue_trigger(arg_name="message", queue_name="blob-events", connection="AzureWebJobsStorage")
def blob_event(message: func.QueueMessage) -> None:
    event = message.get_json()
    with Path("events.jsonl").open("a") as log:
        noted = {"kind": event["eventType"], "subject": event["subject"], "data": event["data"]}
        log.write(json.dumps(noted | {"dequeued": message.dequeue_count}) + "\n")
    if event["subject"].endswith("slow.png"):
        time.sleep(3)
    if event["subject"].endswith("fails once.png") and message.dequeue_count == 1:
        raise ValueError("not yet")

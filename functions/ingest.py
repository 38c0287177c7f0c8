"""Events of the images container. Each only says: look at this blob again."""

import azure.functions as func

from functions.events import poisoned_blob, touched_by
from functions.observing import observed_event
from shared_code.runtime import runtime
from shared_code.settings import trigger_settings

bp = func.Blueprint()

TRIGGER = trigger_settings()
POISON_QUEUE = "webjobs-blobtrigger-poison"
"""Where the Functions host puts what a blob trigger failed to do poisonBlobThreshold times."""


@bp.blob_trigger(
    arg_name="blob",
    path=f"{TRIGGER.container}/{{name}}",
    connection="AzureWebJobsStorage",
    source=func.BlobSource(TRIGGER.source),
    data_type=func.DataType.BINARY,  # without it the host sends the picture as mangled UTF-8
)
@observed_event
def blob_changed(blob: func.InputStream) -> None:
    runtime().indexer.sync(str(blob.name).partition("/")[2])


@bp.event_grid_trigger(arg_name="event")
@observed_event
def blob_event(event: func.EventGridEvent) -> None:
    """Deletes and renames reach no blob trigger; other events of the container are welcome too.

    The host hands over a func.CloudEvent when that is the schema of what came.
    """
    touched = touched_by(event, TRIGGER.container)
    for blob in touched.blobs:
        runtime().indexer.sync(blob)
    for folder in touched.folders:
        runtime().indexer.sync_folder(folder)


@bp.queue_trigger(arg_name="message", queue_name=POISON_QUEUE, connection="AzureWebJobsStorage")
@observed_event
def blob_given_up(message: func.QueueMessage) -> None:
    blob = poisoned_blob(message, TRIGGER.container, "blob_changed")
    if blob:
        runtime().recovery.given_up(blob)
    else:
        text = message.get_body().decode("utf-8", "replace")
        runtime().recovery.not_ours(str(message.id), text)

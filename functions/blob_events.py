"""Events of the images container. Each one only says: look at this blob again.

In Azure, Event Grid puts them on a queue (BLOB_TRIGGER_SOURCE=Queue). Elsewhere the blob trigger
reports new blobs, and the queue everything else. What becomes of an event is decided in
``shared_code/indexing/blob_events.py``.
"""

import azure.functions as func

from functions.http import logs_failures, observed_event
from functions.schemas.blob_events import read_notice
from shared_code.app import current_app
from shared_code.indexing import Look
from shared_code.settings import EVENT_QUEUE, trigger_settings

bp = func.Blueprint()

TRIGGER = trigger_settings()
ACCOUNT = "AzureWebJobsStorage"
MAX_DELIVERIES = 5
"""poisonBlobThreshold and maxDequeueCount of host.json."""

if TRIGGER.source != "Queue":

    @bp.blob_trigger(
        arg_name="blob",
        path=f"{TRIGGER.container}/{{name}}",
        connection=ACCOUNT,
        source=func.BlobSource(TRIGGER.source),
        data_type=func.DataType.BINARY,  # without it the host sends the picture as mangled UTF-8
    )
    @observed_event
    def blob_changed(blob: func.InputStream) -> None:
        current_app().blob_events.look(Look(str(blob.name).partition("/")[2]))


@bp.queue_trigger(arg_name="message", queue_name=EVENT_QUEUE, connection=ACCOUNT)
@observed_event
def blob_events(message: func.QueueMessage) -> None:
    current_app().blob_events.handle(read_notice(message, TRIGGER.container))


@bp.queue_trigger(arg_name="message", queue_name=f"{EVENT_QUEUE}-poison", connection=ACCOUNT)
@observed_event
@logs_failures
def blob_events_given_up(message: func.QueueMessage) -> None:
    notice = read_notice(message, TRIGGER.container)
    current_app().blob_events.give_up(notice, delivered=MAX_DELIVERIES)


@bp.queue_trigger(arg_name="message", queue_name="webjobs-blobtrigger-poison", connection=ACCOUNT)
@observed_event
@logs_failures
def blob_trigger_given_up(message: func.QueueMessage) -> None:
    notice = read_notice(message, TRIGGER.container)
    current_app().blob_events.give_up(notice, delivered=MAX_DELIVERIES)

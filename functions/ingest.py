"""Events of the images container. Each only says: look at this blob again."""

import azure.functions as func

from shared_code.runtime import runtime
from shared_code.settings import trigger_settings

bp = func.Blueprint()

TRIGGER = trigger_settings()


@bp.blob_trigger(
    arg_name="blob",
    path=f"{TRIGGER.container}/{{name}}",
    connection="AzureWebJobsStorage",
    source=func.BlobSource(TRIGGER.source),
    data_type=func.DataType.BINARY,  # without it the host sends the picture as mangled UTF-8
)
def blob_changed(blob: func.InputStream) -> None:
    runtime().indexer.sync(str(blob.name).partition("/")[2])


@bp.event_grid_trigger(arg_name="event")
def blob_event(event: func.EventGridEvent) -> None:
    """BlobDeleted reaches no blob trigger; other events of the container are welcome too."""
    container, blob = blob_of_subject(event.subject)
    if container == TRIGGER.container:
        runtime().indexer.sync(blob)


def blob_of_subject(subject: str) -> tuple[str, str]:
    """``/blobServices/default/containers/<container>/blobs/<name>``; ("", "") for another."""
    _, found, rest = subject.partition("/containers/")
    container, also_found, blob = rest.partition("/blobs/")
    return (container, blob) if found and also_found else ("", "")

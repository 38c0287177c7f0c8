"""Blob events reach the app: the Bicep declares the queues that the app listens to."""

import json
import os
import re
import subprocess
import sys

import pytest

from benchmarks import cost
from devhost import ROOT
from shared_code.app import App
from shared_code.indexing.blob_events import Look, Notice
from shared_code.settings import Settings
from tests.bicep import INFRA, PARSED, decorators, default_of, settings_set
from tests.pictures import picture
from tests.twins.blobs import MemoryBlobStore
from tests.twins.encoder import TwinEncoder
from tests.twins.index import MemoryIndex

LIST_FUNCTIONS = """
import json
from function_app import app
print(json.dumps({
    function.get_function_name(): function.get_trigger().get_dict_repr()
    for function in app.get_functions()
}, default=str))
"""


@pytest.fixture(scope="module")
def deployed_functions():
    """The trigger of each function, by its name, as the app registers them when it is deployed."""
    constants = PARSED["app.bicep"]["variables"]["constants"]["value"]
    schedule = {"RECONCILE_CRON": default_of("reconcileCron")}
    environment = {**os.environ, **constants, **schedule, "OPENTELEMETRY": "false"}
    command = [sys.executable, "-c", LIST_FUNCTIONS]
    process = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(process.stdout)


def declared_queues():
    variables = PARSED["storage.bicep"]["variables"]
    events_queue = variables["eventsQueueName"]["value"]
    names = variables["queueNames"]["value"]
    return {re.sub(r"(\$\{eventsQueueName\}|^eventsQueueName$)", events_queue, n) for n in names}


def test_the_queues_that_functions_listen_to_are_declared(deployed_functions):
    """A queue trigger makes neither its queue nor the one for messages that were given up."""
    listened = {
        trigger["queueName"]
        for trigger in deployed_functions.values()
        if trigger["type"] == "queueTrigger"
    }
    poison = {f"{name}-poison" for name in listened if not name.endswith("-poison")}
    assert listened | poison == declared_queues()


def test_events_come_by_the_queue_alone(deployed_functions):
    """A blob trigger beside it would look at each picture twice, and needs a key to be wired."""
    assert deployed_functions["blob_events"]["queueName"] == "blob-events"
    assert {trigger["type"] for trigger in deployed_functions.values()}.isdisjoint(
        {"blobTrigger", "eventGridTrigger"}
    )


def events_resources():
    return PARSED["events.bicep"]["resources"]


def test_event_grid_puts_events_into_the_queue_by_its_identity():
    properties = events_resources()["eventSubscription"]["config"]["properties"]
    delivery = properties["deliveryWithResourceIdentity"]
    assert delivery["identity"] == {"type": "SystemAssigned"}
    assert delivery["destination"]["endpointType"] == "StorageQueue"
    queue = delivery["destination"]["properties"]
    assert queue["queueName"] == "queueName"  # the parameter
    assert "queueMessageTimeToLiveInSeconds: -1" in (INFRA / "events.bicep").read_text()
    dead_letters = properties["deadLetterWithResourceIdentity"]
    assert dead_letters["identity"] == {"type": "SystemAssigned"}
    params = PARSED["main.bicep"]["modules"]["events"]["config"]["params"]
    assert "eventsQueue" in str(params["queueName"])
    assert "deadLetterContainer" in str(params["deadLetterContainer"])


def test_there_is_one_subscription_to_events_of_the_pictures_container():
    types = [resource["type"] for resource in events_resources().values()]
    assert types.count("Microsoft.EventGrid/systemTopics/eventSubscriptions") == 1
    filter_ = events_resources()["eventSubscription"]["config"]["properties"]["filter"]
    assert filter_["subjectBeginsWith"] == "/blobServices/default/containers/${container}/"
    events = {name.removeprefix("Microsoft.Storage.") for name in filter_["includedEventTypes"]}
    blobs = {"BlobCreated", "BlobDeleted", "BlobRenamed", "BlobTierChanged"}
    assert events == blobs | {"DirectoryDeleted", "DirectoryRenamed"}


def test_the_topics_identity_may_send_to_queues_and_write_dead_letters():
    variables = PARSED["events.bicep"]["variables"]
    granted = {
        str(resource["config"]["properties"]["roleDefinitionId"])
        for resource in events_resources().values()
        if resource["type"] == "Microsoft.Authorization/roleAssignments"
    }
    for role in ("queueMessageSender", "blobContributor"):
        assert any(role in definition for definition in granted)
    assert variables["queueMessageSender"]["value"] == "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"
    assert variables["blobContributor"]["value"] == "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    waited_for = events_resources()["eventSubscription"]["config"]["dependsOn"]
    assert set(waited_for) == {"maySend", "mayWriteDeadLetters"}


def test_the_app_may_take_from_queues_and_put_into_them():
    roles = PARSED["storage.bicep"]["variables"]
    assert roles["queueContributor"]["value"] == "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
    assert "queueContributor" in str(roles["ofTheApp"])


def test_always_ready_groups_exist(deployed_functions):
    ready = PARSED["app.bicep"]["variables"]["instancesReady"]["value"]
    groups = {group["name"] for group in ready}
    assert groups == {"http", "durable", "function:blob_events"}
    assert default_of("alwaysReadyDurable") == 0
    assert {group.partition(":")[2] for group in groups} - {""} <= deployed_functions.keys()


SCALES_TOGETHER = {
    "httpTrigger": "http",
    "orchestrationTrigger": "durable",
    "activityTrigger": "durable",
    "entityTrigger": "durable",
}
"""Flex Consumption scales these by kind, and every other function by itself (Microsoft's page on
the plan, per-function scaling)."""


def test_the_limit_of_instances_applies_to_each_group_as_documented(deployed_functions):
    """maximumInstanceCount holds for each group, not for all together."""
    assert decorators("maximumInstanceCount")["min_value"] == 1
    assert default_of("maximumInstanceCount") == cost.MOST_OF_A_GROUP
    groups = {
        SCALES_TOGETHER.get(trigger["type"], name) for name, trigger in deployed_functions.items()
    }
    assert len(groups) == cost.GROUPS
    operations = (ROOT / "docs" / "operations.md").read_text()
    assert f"`maximumInstanceCount` ({cost.MOST_OF_A_GROUP}) holds for each group" in operations


def test_threads_are_as_many_as_calls_that_come_at_one_time():
    """The Bicep reads those of the queue from host.json. pycep cannot add: the terms are named."""
    expression = str(PARSED["app.bicep"]["variables"]["threads"]["value"])
    for term in ("httpConcurrency", "batchSize", "newBatchThreshold", "spareThreads", "max"):
        assert term in expression
    assert "threads" in str(settings_set()["PYTHON_THREADPOOL_THREAD_COUNT"])
    queues = json.loads((ROOT / "host.json").read_text())["extensions"]["queues"]
    assert {"batchSize", "newBatchThreshold"} <= queues.keys()


def alert_queries():
    rules = PARSED["alerts.bicep"]["variables"]["rules"]["value"]
    return {rule["name"]: " | ".join(rule["query"]) for rule in rules}


def test_functions_that_alerts_look_at_exist(deployed_functions):
    named = set(re.findall(r"\bblob_\w+", " ".join(alert_queries().values())))
    assert named
    assert named <= deployed_functions.keys()


class BrokenBlobStore(MemoryBlobStore):
    def head(self, name):
        raise RuntimeError("a bug of ours")


def test_the_app_logs_what_the_alert_on_failures_looks_for(caplog):
    """A picture that cannot be decoded, one that the host gave up on, and a bug of ours."""
    images, failures = MemoryBlobStore(), MemoryBlobStore()
    app, faulty = App(Settings()), App(Settings())
    for each in (app, faulty):
        each.adapters.encoder, each.adapters.index = TwinEncoder(), MemoryIndex()
        each.adapters.failure_records, each.adapters.images = failures, images
    faulty.adapters.images = BrokenBlobStore()
    images.write("broken.png", b"not a picture")
    app.blob_events.look(Look("broken.png"))
    images.write("dress.png", picture())
    app.blob_events.give_up(Notice("1", "", (Look("dress.png"),)), delivered=5)
    faulty.blob_events.look(Look("dress.png"))
    assert len(list(app.failures.page(limit=10).items)) == 2
    phrases = re.findall(r'contains "([^"]+)"', alert_queries()["new-failures"])
    assert len(phrases) == 3
    for phrase in phrases:
        assert phrase in caplog.text

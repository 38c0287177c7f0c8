from pathlib import Path

import pytest

from shared_code.domain.errors import Misconfigured
from shared_code.settings import Settings, trigger_settings


def test_an_empty_environment_means_the_embedded_defaults():
    settings = Settings.from_env({})
    assert not settings.uses_storage_account
    assert settings.embedded_index_dir == Path(".local/qdrant")


def test_values_are_typed():
    settings = Settings.from_env(
        {
            "MAX_UPLOAD_MB": " 5 ",
            "QDRANT_DISTANCE": "Euclid",
            "EVENT_PATIENCE_H": "0.05",
            "QDRANT_PATH": "/data/index",
            "FILTERABLE_FIELDS": "size:keyword, weight:number",
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        }
    )
    assert settings.max_upload_mb == 5
    assert settings.event_patience_h == 0.05
    assert settings.qdrant_distance == "euclid"
    assert settings.embedded_index_dir == Path("/data/index")
    assert settings.filterable_fields == {"size": "keyword", "weight": "number"}
    assert settings.uses_storage_account


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_UPLOAD_MB", "0"),
        ("MAX_UPLOAD_MB", "many"),
        ("QDRANT_TIMEOUT_S", "0"),
        ("QDRANT_DISTANCE", "dot"),
        ("QDRANT_REPLICATION", "-1"),
        ("QDRANT_REPLICATION", "11"),
        ("QDRANT_REPLICATION", "two"),
        ("QDRANT_SHARDS", "-1"),
        ("QDRANT_SHARDS", "257"),
        ("QDRANT_SHARDS", "1.5"),
        ("FILTERABLE_FIELDS", "price"),
        ("FILTERABLE_FIELDS", "price:money"),
        ("QDRANT_URL", "my-cluster.cloud"),
        ("ENCODE_CONCURRENCY", "0"),
        ("QDRANT_COLLECTION", "../products"),
        ("IMAGES_CONTAINER", "My Images"),
        ("IMAGES_CONTAINER", "-images"),
        ("FAILURES_CONTAINER", "a"),
        ("FILTERABLE_FIELDS", 'pri"ce:number'),
        ("BLOB_TRIGGER_SOURCE", "ServiceBus"),
        ("EVENT_PATIENCE_H", "-1"),
        ("EVENT_PATIENCE_H", "nan"),
        ("EVENT_PATIENCE_H", "inf"),
        ("EVENT_PATIENCE_H", "a day"),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(Misconfigured, match=name):
        Settings.from_env({name: value})


def test_a_number_that_is_too_large_is_told_its_limit():
    with pytest.raises(Misconfigured, match=r"QDRANT_SHARDS='1000': must be at most 256$"):
        Settings.from_env({"QDRANT_SHARDS": "1000"})
    assert Settings.from_env({"QDRANT_SHARDS": "256"}).qdrant_shards == 256


@pytest.mark.parametrize("name", ["THUMBNAILS_CONTAINER", "FAILURES_CONTAINER", "STATE_CONTAINER"])
def test_containers_are_not_shared(name):
    """A thumbnail among the pictures would be indexed, and would get its own thumbnail."""
    with pytest.raises(Misconfigured, match="a name of its own"):
        Settings.from_env({name: "images"})


def test_secrets_are_not_printed():
    text = repr(Settings(qdrant_api_key="hush", azurewebjobsstorage="AccountKey=hush"))
    assert "hush" not in text


READ_AT_IMPORT = {
    "container": "images_container",
    "source": "blob_trigger_source",
    "reconcile_cron": "reconcile_cron",
    "public_search": "public_search",
}
"""The field of TriggerSettings, and the field of Settings with the same value."""


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"BLOB_TRIGGER_SOURCE": "eventgrid "},
        {"BLOB_TRIGGER_SOURCE": "\tEVENTGRID", "IMAGES_CONTAINER": " pics "},
        {"IMAGES_CONTAINER": "   ", "PUBLIC_SEARCH": " ", "RECONCILE_CRON": " "},
        {"PUBLIC_SEARCH": " Yes ", "RECONCILE_CRON": " 0 0 3 * * *\n"},
        {"images_container": "pics", "Blob_Trigger_Source": "EventGrid", "public_search": "1"},
        {"IMAGES_CONTAINER": "pics", "MAX_IMAGE_PIXELS": " 5000 "},
    ],
)
def test_what_is_read_at_import_is_what_the_app_works_with(environ):
    """Otherwise the trigger would listen to one container, and the app read from another."""
    settings, triggers = Settings.from_env(environ), trigger_settings(environ)
    for trigger_field, settings_field in READ_AT_IMPORT.items():
        assert getattr(triggers, trigger_field) == getattr(settings, settings_field), trigger_field


@pytest.mark.parametrize(
    "wrong",
    [
        {"IMAGES_CONTAINER": "My Images"},
        {"IMAGES_CONTAINER": "im%ages%"},
        {"BLOB_TRIGGER_SOURCE": "Event Grid"},
        {"RECONCILE_CRON": "nightly"},
        {"PUBLIC_SEARCH": "on"},
    ],
)
def test_a_wrong_value_falls_back_at_import_and_is_reported_later(wrong):
    [name] = wrong
    assert trigger_settings(wrong) == trigger_settings({})
    with pytest.raises(Misconfigured, match=name):
        Settings.from_env(wrong)


def test_other_wrong_settings_leave_the_triggers_as_they_are():
    wrong = {"IMAGES_CONTAINER": "pics", "ORT_THREADS": "many", "RECONCILE_CRON": "nightly"}
    assert trigger_settings(wrong).container == "pics"


def test_a_wrong_trigger_source_never_breaks_the_import():
    assert trigger_settings({"BLOB_TRIGGER_SOURCE": "nonsense"}).source == "LogsAndContainerScan"
    assert trigger_settings({"BLOB_TRIGGER_SOURCE": "eventgrid"}).source == "EventGrid"
    assert trigger_settings({"BLOB_TRIGGER_SOURCE": " QUEUE "}).source == "Queue"


@pytest.mark.parametrize("cron", ["0 0 3 * * *", "0 */30 * * * 1-5", "0 0 9-17 * Jan,Feb Mon"])
def test_a_schedule_registers_the_timer(cron):
    assert trigger_settings({"RECONCILE_CRON": f" {cron} "}).reconcile_cron == cron
    assert Settings.from_env({"RECONCILE_CRON": cron}).reconcile_cron == cron


@pytest.mark.parametrize("cron", ["nightly", "0 3 * * *", "0 0 3 * * * *", "00:30:00", "%CRON%"])
def test_a_wrong_schedule_is_named_and_registers_nothing(cron):
    assert trigger_settings({"RECONCILE_CRON": cron}).reconcile_cron == ""
    with pytest.raises(Misconfigured, match="RECONCILE_CRON"):
        Settings.from_env({"RECONCILE_CRON": cron})

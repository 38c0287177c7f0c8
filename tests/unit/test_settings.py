from pathlib import Path

import pytest

from shared_code.core.errors import Misconfigured
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
            "QDRANT_PATH": "/data/index",
            "FILTERABLE_FIELDS": "size:keyword, weight:number",
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        }
    )
    assert settings.max_upload_mb == 5
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
        ("FILTERABLE_FIELDS", "price"),
        ("FILTERABLE_FIELDS", "price:money"),
        ("QDRANT_URL", "my-cluster.cloud"),
        ("ENCODE_CONCURRENCY", "0"),
        ("QDRANT_COLLECTION", "../products"),
        ("IMAGES_CONTAINER", "My Images"),
        ("IMAGES_CONTAINER", "-images"),
        ("FAILURES_CONTAINER", "a"),
        ("FILTERABLE_FIELDS", 'pri"ce:number'),
    ],
)
def test_a_wrong_value_is_named(name, value):
    with pytest.raises(Misconfigured, match=name):
        Settings.from_env({name: value})


@pytest.mark.parametrize("name", ["THUMBNAILS_CONTAINER", "FAILURES_CONTAINER", "STATE_CONTAINER"])
def test_containers_are_not_shared(name):
    """A thumbnail among the pictures would be indexed, and have a thumbnail of its own."""
    with pytest.raises(Misconfigured, match="a name of its own"):
        Settings.from_env({name: "images"})


def test_secrets_are_not_printed():
    text = repr(Settings(qdrant_api_key="hush", azurewebjobsstorage="AccountKey=hush"))
    assert "hush" not in text


def test_a_wrong_trigger_source_never_breaks_the_import():
    assert trigger_settings({"BLOB_TRIGGER_SOURCE": "nonsense"}).source == "LogsAndContainerScan"
    assert trigger_settings({"BLOB_TRIGGER_SOURCE": "eventgrid"}).source == "EventGrid"


@pytest.mark.parametrize("cron", ["0 0 3 * * *", "0 */30 * * * 1-5", "0 0 9-17 * Jan,Feb Mon"])
def test_a_schedule_registers_the_timer(cron):
    assert trigger_settings({"RECONCILE_CRON": f" {cron} "}).reconcile_cron == cron
    assert Settings.from_env({"RECONCILE_CRON": cron}).reconcile_cron == cron


@pytest.mark.parametrize("cron", ["nightly", "0 3 * * *", "0 0 3 * * * *", "00:30:00", "%CRON%"])
def test_a_wrong_schedule_is_named_and_registers_nothing(cron):
    assert trigger_settings({"RECONCILE_CRON": cron}).reconcile_cron == ""
    with pytest.raises(Misconfigured, match="RECONCILE_CRON"):
        Settings.from_env({"RECONCILE_CRON": cron})

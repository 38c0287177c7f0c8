"""Bulk jobs on real stores and the real embedded index: the index ends as storage is."""

import asyncio
import json
import random
import uuid
from dataclasses import replace

import pytest

from functions import bulk
from shared_code.app import App, use_models
from shared_code.bulk.jobs import BulkJob, BulkSource
from shared_code.domain.naming import BlobRole, document_name
from shared_code.reindex.model_switch import ModelSwitch
from shared_code.settings import Settings
from tests.durable import MemoryDurable
from tests.pictures import picture
from tests.twins.encoder import TwinEncoder

# the library forgets the expected type of a call that may be retried
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads")

COLOURS = ("red", "green", "blue")


@pytest.fixture(params=["folder", pytest.param("azurite", marks=pytest.mark.real("azurite"))])
def app(request, tmp_path):
    suffix = uuid.uuid4().hex[:8]
    connection = ""
    if request.param == "azurite":
        connection = request.getfixturevalue("azurite").connection_string
    names = ("images", "failures", "thumbnails", "state", "feeds")
    containers = {f"{name}_container": f"{name}-{suffix}" for name in names}
    settings = Settings(local_dir=tmp_path, azurewebjobsstorage=connection, **containers)
    built = App(settings)
    built.adapters.encoder = TwinEncoder()
    small = replace(built.bulk.listing, page_size=12)
    built.bulk = replace(built.bulk, listing=small)
    previous = use_models(ModelSwitch(built))
    yield built
    use_models(previous)
    built.close()


def write(app, name: str, data) -> None:
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    app.images.write(name, data, content_type="application/octet-stream")


def write_catalogue(app, rng: random.Random) -> None:
    for at in range(30):
        product = f"p{at:02}{rng.choice(['', '.x', ' é', '-a'])}"
        pictures = [f"{product}/{n}.png" for n in range(rng.randint(0, 4))]
        if rng.random() < 0.3:
            pictures.append(f"{product}.png")
        for name in pictures:
            write(app, name, picture(rng.choice(COLOURS)))
            if rng.random() < 0.2:
                write(app, f"{name}.json", {"name": f"Sidecar of {name}"})
        if rng.random() < 0.4:
            write(app, f"{product}/product.json", {"name": f"Document of {product}"})
    for name in ("v1.jpg", "v1.2.jpg", "v1/2.png", "bare-2.png", "bare.png"):
        write(app, name, picture(rng.choice(COLOURS)))
    write(app, "v1/product.json", {"name": "Version one"})
    write(app, "bare/product.json", {"name": "Bare"})
    write(app, "bad/1.png", b"no picture")
    write(app, "worse/product.json", b"{")


def list_names(app) -> list[str]:
    return [info.name for info in app.images.list(limit=5_000).items]


def change_storage(app, rng: random.Random) -> None:
    name = rng.choice(list_names(app))
    match rng.randrange(3):
        case 0:
            app.images.delete(name)
        case 1 if name.endswith(".png"):
            write(app, name, picture(rng.choice(COLOURS), size=(20 + rng.randrange(20), 20)))
        case _:
            write(app, document_name(BlobRole.of(name).product_id), {"name": f"{rng.random()}"})


def run_job(app, *, rng: random.Random | None = None) -> dict:
    """Runs a job to its end; with ``rng`` storage changes all the while, without any event."""
    durable = MemoryDurable(bulk.bp)
    job = BulkJob(
        f"job-{uuid.uuid4().hex[:6]}", BulkSource("container"), chunk=5, width=2, generation=2
    )
    asyncio.run(durable.start_new("bulk_job", job.id, job.to_json()))
    while not durable.run(steps=1):
        if rng is not None and rng.random() < 0.15:
            change_storage(app, rng)
    instance = durable.instances[job.id]
    assert instance.status == "Completed", instance.output
    return instance.output


def is_nothing_left_to_mend(app) -> bool:
    report = app.reconcile.run(seconds=120, dry_run=True, restart=True)
    return report.is_done and not report.examples


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_a_job_reconcile_finds_nothing_to_mend(app, seed):
    write_catalogue(app, random.Random(seed))
    output = run_job(app)
    assert output["counts"]["done"] == output["listed"] == len(list_names(app))
    assert is_nothing_left_to_mend(app)
    counts = app.index.counts()
    second_output = run_job(app)
    assert second_output["counts"].get("indexed", 0) == 0
    assert app.index.counts() == counts
    assert not [info for info in app.adapters.state.list().items if info.name.startswith("jobs/")]


def test_changes_during_a_job_are_indexed_by_the_next_job(app):
    rng = random.Random(3)
    write_catalogue(app, rng)
    run_job(app, rng=rng)
    run_job(app)
    # a point whose blob went after its segment was closed is what reconcile is for
    examples = app.reconcile.run(seconds=120, dry_run=True, restart=True).examples
    assert {example["outcome"] for example in examples} <= {"removed"}

"""Health says what is wrong with the model, and warns when its weights are random."""

import json
import shutil
from dataclasses import replace

import pytest

from functions.health import health, stats
from shared_code.app import App, use_models
from shared_code.domain.errors import Misconfigured
from shared_code.reindex.model_switch import ModelSwitch
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.functions.conftest import call
from tests.twins.blobs import MemoryBlobStore
from tests.twins.index import MemoryIndex


@pytest.fixture
def starter(tmp_path):
    """A copy of the starter bundle to spoil, in an app that serves it."""
    bundle = shutil.copytree(Settings().model_dir, tmp_path / "bundle")
    settings = replace(Settings(), model_dir=bundle, local_dir=tmp_path)
    app = App(settings)
    app.adapters.index, app.adapters.images = MemoryIndex(), MemoryBlobStore()
    app.adapters.failure_records = MemoryBlobStore()
    previous = use_models(ModelSwitch(app))
    yield bundle
    use_models(previous)


def get_health(**params):
    response = call(health, method="GET", params=params)
    return response.status_code, json.loads(response.get_body())


def test_a_sound_bundle(starter):
    status, body = get_health()
    assert (status, body["status"], body["model"]) == (200, "running", "starter")
    assert "warnings" not in body
    assert get_health(deep="true")[1]["checks"]["model"] == "ok"


def test_a_changed_file_is_noticed_by_the_deep_check(starter):
    """The size is the same and one bit differs, so only reading the file shows it."""
    content = bytearray((starter / "text.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (starter / "text.onnx").write_bytes(content)
    assert get_health()[0] == 200
    status, body = get_health(deep="true")
    assert (status, body["status"]) == (503, "failing")
    assert "SHA-256 of text.onnx" in body["checks"]["model"]
    assert "export" in body["checks"]["model"]


def test_a_truncated_file_is_noticed_at_once(starter):
    content = (starter / "image.onnx").read_bytes()
    (starter / "image.onnx").write_bytes(content[: len(content) // 2])
    status, body = get_health()
    assert (status, body["model"]) == (503, None)
    assert "image.onnx" in body["checks"]["model"]


def test_random_weights_are_reported_in_health_stats_and_the_log(starter, caplog):
    manifest = json.loads((starter / "manifest.json").read_text())
    manifest["random_weights"] = True
    (starter / "manifest.json").write_text(json.dumps(manifest))
    status, body = get_health()
    assert status == 200
    assert "weights are random" in body["warnings"][0]
    model = json.loads(call(stats, method="GET").get_body())["model"]
    assert model["random_weights"] is True
    assert "weights are random" in model["warning"]
    assert "random weights" in caplog.text


def test_a_dimension_that_is_not_the_files_is_refused_at_the_first_vector(starter):
    manifest = json.loads((starter / "manifest.json").read_text())
    manifest["dimension"] = 500
    (starter / "manifest.json").write_text(json.dumps(manifest))
    encoder = open_encoder(replace(Settings(), model_dir=starter))
    with pytest.raises(Misconfigured, match="not vectors of 500"):
        encoder.encode_texts(["a red dress"])

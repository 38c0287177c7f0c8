"""From a configuration to a bundle that the whole app serves, for every kind of model."""

import json
import shutil
from pathlib import Path

import pytest

from model_export.__main__ import main
from samples.catalogue import load
from tests.host import Host, eventually

FULL_SIZE = Path("model_export/configs/clip-vit-base-patch32.json")


@pytest.fixture(scope="module")
def few_pictures(tmp_path_factory):
    """A folder for --eval-images: fewer pictures than the samples, so that a test is short."""
    folder = tmp_path_factory.mktemp("pictures")
    captions = {}
    for product in load()[:24]:
        name = f"{product.product_id}{product.images[0].suffix}"
        shutil.copy(product.images[0], folder / name)
        captions[name] = [product.name, product.name_fr]
    (folder / "captions.json").write_text(json.dumps(captions))
    return folder


def serve(bundle, folder):
    return Host(folder, MODEL_DIR=str(bundle))


@pytest.mark.parametrize("model", ["clip", "siglip", "clip with its own text tower", FULL_SIZE])
def test_a_configuration_becomes_a_bundle_that_is_served(model, config, few_pictures, tmp_path):
    file = model if isinstance(model, Path) else config(model.split()[0])
    arguments = ["--random-weights", str(file), "--out", str(tmp_path / "bundle")]
    arguments += ["--eval-images", str(few_pictures), "--min-overlap", "0.8"]
    if "own text" in str(model):
        arguments += ["--text-model", str(config("distilbert"))]
    assert main(arguments) == 0
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["precision"] == "int8"
    assert manifest["random_weights"] is True
    assert ("own text" in str(model)) == (manifest["text"]["inputs"]["mask"] is not None)
    assert all(
        difference < 1e-4 for difference in manifest["report"]["difference_from_torch"].values()
    )
    report = (tmp_path / "bundle" / "report.md").read_text()
    assert "Random weights" in report
    assert "24 pictures" in report
    check_it_serves(tmp_path / "bundle", manifest, tmp_path / "app")


def check_it_serves(bundle, manifest, folder):
    products = load()[0], load()[60]
    host = serve(bundle, folder)
    try:
        health = host.client.get("/api/v1/health", params={"deep": "true"}).json()
        assert health["checks"]["model"] == "ok"
        assert "random" in health["warnings"][0]
        for product in products:
            target = host.images / product.product_id / product.images[0].name
            target.parent.mkdir(parents=True)
            target.write_bytes(product.images[0].read_bytes())
        eventually(lambda: host.stats()["images"] == 2, "both pictures indexed", seconds=60)
        model = host.stats()["model"]
        assert (model["name"], model["dimension"]) == (manifest["name"], manifest["dimension"])
        assert model["random_weights"] is True
        for product in products:
            assert host.search_image(product.images[0].read_bytes())[0] == product.product_id
        assert len(host.search("une robe rouge")) == 2
        words = "a very long description of a dress " * 40
        answer = host.client.post("/api/v1/search", json={"query": words[:1000]}).json()
        assert any("token" in warning or "parts" in warning for warning in answer["warnings"])
    finally:
        host.kill()


def test_float32_on_request(config, few_pictures, tmp_path):
    arguments = ["--random-weights", str(config("clip")), "--eval-images", str(few_pictures)]
    assert main([*arguments, "--out", str(tmp_path / "bundle"), "--precision", "fp32"]) == 0
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["precision"] == "fp32"
    assert [t["chosen"] for t in manifest["report"]["towers"].values()] == ["fp32", "fp32"]


def test_float16_on_request_is_served(config, few_pictures, tmp_path):
    """On the CPU, which converts; no GPU runs it here."""
    arguments = ["--random-weights", str(config("clip")), "--eval-images", str(few_pictures)]
    assert main([*arguments, "--out", str(tmp_path / "bundle"), "--precision", "fp16"]) == 0
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["precision"] == "fp16"
    towers = manifest["report"]["towers"].values()
    assert [[t["recipe"] for t in tower["trials"]] for tower in towers] == [["fp32", "fp16"]] * 2
    check_it_serves(tmp_path / "bundle", manifest, tmp_path / "app")


def test_a_tower_that_no_recipe_brings_through_the_gate_stays_float32(
    config, few_pictures, tmp_path, capsys
):
    arguments = ["--random-weights", str(config("clip")), "--eval-images", str(few_pictures)]
    arguments += ["--out", str(tmp_path / "bundle"), "--min-cosine", "0.9999999"]
    assert main(arguments) == 0
    output = capsys.readouterr().out
    assert "No int8 recipe passed the gate for the image tower: it stays float32" in output
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["precision"] == "fp32"
    assert not any(trial["passed"] for trial in manifest["report"]["towers"]["image"]["trials"][1:])


def test_the_same_command_makes_the_same_bundle(config, few_pictures, tmp_path):
    arguments = ["--random-weights", str(config("clip")), "--eval-images", str(few_pictures)]
    for name in ("one", "two"):
        assert main([*arguments, "--out", str(tmp_path / name)]) == 0
    for file in ("image.onnx", "text.onnx", "tokenizer.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()

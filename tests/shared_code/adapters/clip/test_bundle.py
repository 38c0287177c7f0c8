"""A bundle is opened whole or not at all, and the error says what is wrong with it."""

import json
import shutil
from pathlib import Path

import pytest

from shared_code.adapters.clip.bundle import load_bundle
from shared_code.domain.errors import Misconfigured
from shared_code.settings import Settings

STARTER = Settings().model_dir


@pytest.fixture
def folder(tmp_path):
    """A copy of the starter bundle to damage."""
    return Path(shutil.copytree(STARTER, tmp_path / "bundle"))


def change_manifest(folder, **changes):
    """Changes the manifest: ``image__resize="x"`` sets that field of its image section."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for path, value in changes.items():
        *sections, field = path.split("__")
        target = manifest
        for section in sections:
            target = target[section]
        target[field] = value
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_the_starter_bundle_is_sound():
    bundle = load_bundle(STARTER)
    for file in bundle.manifest.files:
        assert bundle.verify_file(file) == STARTER / file
    model = bundle.model
    assert (model.name, model.dimension) == ("starter", bundle.manifest.dimension)
    assert not model.random_weights


def test_the_fingerprint_follows_the_files_and_nothing_else(folder):
    before = load_bundle(folder).fingerprint
    assert len(before) == 12
    assert int(before, 16) >= 0
    change_manifest(folder, name="another name")
    assert load_bundle(folder).fingerprint == before
    files = json.loads((folder / "manifest.json").read_text())["files"]
    files["text.onnx"]["sha256"] = "0" * 64
    change_manifest(folder, files=files)
    assert load_bundle(folder).fingerprint != before


def test_a_folder_that_is_not_there_names_the_setting_and_no_path(tmp_path):
    with pytest.raises(Misconfigured, match="MODEL_DIR") as caught:
        load_bundle(tmp_path / "nowhere")
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("file", ["manifest.json", "image.onnx", "text.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(folder, file):
    (folder / file).unlink()
    with pytest.raises(Misconfigured, match=f"{file} is missing"):
        load_bundle(folder)


def test_a_truncated_file_is_noticed_when_the_bundle_is_opened(folder):
    content = (folder / "text.onnx").read_bytes()
    (folder / "text.onnx").write_bytes(content[:-1])
    with pytest.raises(Misconfigured, match=rf"text.onnx has {len(content) - 1} bytes, not"):
        load_bundle(folder)


def test_a_changed_file_is_noticed_when_it_is_needed(folder):
    content = bytearray((folder / "text.onnx").read_bytes())
    content[1000] ^= 1
    (folder / "text.onnx").write_bytes(content)
    bundle = load_bundle(folder)
    assert bundle.verify_file("image.onnx")
    with pytest.raises(Misconfigured, match=r"SHA-256 of text.onnx.*again"):
        bundle.verify_file("text.onnx")


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "\0", '{"format": 1}'])
def test_a_manifest_that_cannot_be_read_is_named(folder, content):
    (folder / "manifest.json").write_text(content)
    with pytest.raises(Misconfigured, match=r"manifest.json"):
        load_bundle(folder)


@pytest.mark.parametrize("number", [0, 2, "1", None])
def test_another_format_is_refused(folder, number):
    change_manifest(folder, format=number)
    with pytest.raises(Misconfigured, match=rf"has format {number}; this app reads 1"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"image__resize": "stretch"}, "image.resize"),
        ({"image__interpolation": "cubic"}, "image.interpolation"),
        ({"image__size": [224]}, "image.size"),
        ({"image__size": [0, 224]}, "image.size"),
        ({"image__std": [1, 0, 1]}, "image.std"),
        ({"image__pad_color": None}, "pad_color"),
        ({"text__max_tokens": 2}, "max_tokens"),
        ({"text__pad_to": 8}, "pad_to"),
        ({"text__pad_id": "x"}, "pad_id"),
        ({"text__tokenizer": "other.json"}, "other.json"),
        ({"dimension": 0}, "dimension"),
        ({"dimension": "512"}, "dimension"),
    ],
)
def test_an_impossible_value_is_named(folder, changes, field):
    change_manifest(folder, **changes)
    with pytest.raises(Misconfigured, match=field):
        load_bundle(folder)


def test_further_fields_are_for_people(folder):
    change_manifest(folder, curator="someone", image__note="x")
    assert load_bundle(folder).model

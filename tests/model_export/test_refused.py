"""What cannot be exported is refused in one line that says what to do; nothing is left behind."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from model_export.__main__ import main
from model_export.bundle import replacing, write_bundle
from model_export.errors import ExportError, SourceUnavailable
from model_export.export import Plan, export
from model_export.loading import families, sentence_families
from tests.model_export.configs import CONFIGS


def refused(capsys, asked, code=ExportError.exit_code):
    assert main([str(part) for part in asked]) == code
    *_, line = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("Not exported: ")
    return line


def test_a_hub_out_of_reach_says_how_to_go_on(tmp_path):
    """In a process of its own: the hub's address is read when its library is imported."""
    command = [sys.executable, "-m", "model_export", "--model", "openai/clip-vit-base-patch32"]
    nowhere = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "hf")}
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "bundle")], capture_output=True, text=True, env=nowhere
    )
    assert done.returncode == SourceUnavailable.exit_code
    assert "hf download openai/clip-vit-base-patch32 --local-dir" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "bundle").exists()


def test_a_folder_that_is_not_there(tmp_path, capsys):
    asked = ["--model", "./nowhere", "--out", tmp_path / "bundle"]
    line = refused(capsys, asked, SourceUnavailable.exit_code)
    assert "no folder './nowhere'" in line


def test_a_folder_that_is_no_model(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    line = refused(capsys, ["--model", tmp_path / "empty", "--out", tmp_path / "bundle"])
    assert "config.json" in line


def test_a_revision_of_a_folder(tmp_path, capsys):
    asked = ["--model", tmp_path, "--revision", "abc", "--out", tmp_path / "bundle"]
    assert "--revision" in refused(capsys, asked)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"model_type": "resnet"}', "model_type 'resnet' is not supported; known: clip, siglip"),
        ("[]", "is no configuration"),
        ("{", "is no JSON"),
        (
            json.dumps({**CONFIGS["clip"], "vision_config": {"hidden_act": "relu"}}),
            "activation 'relu' is not supported",
        ),
    ],
)
def test_a_configuration_of_something_else(content, told, tmp_path, capsys):
    (tmp_path / "c.json").write_text(content)
    asked = ["--random-weights", tmp_path / "c.json", "--out", tmp_path / "bundle"]
    assert told in refused(capsys, asked)
    assert not (tmp_path / "bundle").exists()


def test_two_towers_of_different_spaces(config):
    image, _ = families.random(config("clip"), ["a red dress"])
    text = sentence_families.random_text(config("bert"), 49, ["a red dress"])
    with pytest.raises(ExportError, match="48 dimensions, the text tower 49"):
        export(image, text, Plan())


@pytest.mark.parametrize("pictures", [0, 3])
def test_too_few_pictures_to_judge_by(pictures, config, tmp_path, capsys):
    (tmp_path / "few").mkdir()
    for number in range(pictures):
        (tmp_path / "few" / f"{number}.png").write_bytes(b"x")
    asked = ["--random-weights", config("clip"), "--eval-images", tmp_path / "few"]
    line = refused(capsys, [*asked, "--out", tmp_path / "bundle"])
    assert f"{pictures} pictures; 20 or more" in line


def test_a_picture_that_cannot_be_read_is_named(config, tmp_path, capsys):
    (tmp_path / "bad").mkdir()
    for number in range(20):
        (tmp_path / "bad" / f"{number:02}.png").write_bytes(b"no picture")
    asked = ["--random-weights", config("clip"), "--eval-images", tmp_path / "bad"]
    assert "00.png" in refused(capsys, [*asked, "--out", tmp_path / "bundle"])


def test_captions_of_a_picture_that_is_not_there(config, tmp_path, capsys):
    (tmp_path / "some").mkdir()
    for number in range(20):
        (tmp_path / "some" / f"{number:02}.png").write_bytes(b"no picture")
    (tmp_path / "some" / "captions.json").write_text('{"gone.png": "a dress"}')
    asked = ["--random-weights", config("clip"), "--eval-images", tmp_path / "some"]
    assert "'gone.png'" in refused(capsys, [*asked, "--out", tmp_path / "bundle"])


@pytest.mark.parametrize("said", ['{"00.png": 5}', '{"00.png": [" "]}', '{"00.png": {"en": "a"}}'])
def test_captions_that_are_no_texts(said, config, tmp_path, capsys):
    (tmp_path / "some").mkdir()
    for number in range(20):
        (tmp_path / "some" / f"{number:02}.png").write_bytes(b"no picture")
    (tmp_path / "some" / "captions.json").write_text(said)
    asked = ["--random-weights", config("clip"), "--eval-images", tmp_path / "some"]
    assert "a text or a list" in refused(capsys, [*asked, "--out", tmp_path / "bundle"])


def test_a_place_that_cannot_be_written_is_refused_before_the_work(config, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    asked = ["--random-weights", config("clip"), "--out", tmp_path / "file" / "bundle"]
    line = refused(capsys, asked)
    assert "nothing can be written beside" in line


def test_a_revision_of_random_weights(config, tmp_path, capsys):
    asked = ["--random-weights", config("clip"), "--revision", "abc", "--out", tmp_path / "b"]
    assert "--revision" in refused(capsys, asked)


def test_an_interrupted_replacement_brings_the_old_bundle_back(tmp_path):
    out = tmp_path / "bundle"
    out.mkdir()
    (out / "mark").write_text("of the old one")
    with pytest.raises(FileNotFoundError), replacing(out) as new:
        shutil.rmtree(new)  # so that the last step fails, after the old one was put aside
    assert (out / "mark").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_an_existing_bundle_is_replaced_only_by_force(config, tmp_path, capsys):
    out = tmp_path / "bundle"
    asked = ["--random-weights", config("clip"), "--out", out, "--precision", "fp32"]
    assert main([str(part) for part in asked]) == 0
    capsys.readouterr()
    assert "--force" in refused(capsys, asked)
    (out / "mark").write_text("of the old one")
    assert main([str(part) for part in [*asked, "--force"]]) == 0
    assert not (out / "mark").exists()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["bundle"]


def test_force_replaces_bundles_only(config, tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_bytes(b"mine")
    asked = ["--random-weights", config("clip"), "--out", tmp_path / "photos", "--force"]
    assert "is no model bundle" in refused(capsys, asked)
    assert (tmp_path / "photos" / "mine.jpg").exists()


def test_an_export_that_fails_late_leaves_the_old_bundle(config, tmp_path, capsys):
    out = tmp_path / "bundle"
    asked = ["--random-weights", config("clip"), "--out", out, "--precision", "fp32"]
    assert main([str(part) for part in asked]) == 0
    before = (out / "manifest.json").read_bytes()
    sources = families.random(config("clip"), ["a red dress"])
    exported = export(*sources, Plan(precision="fp32", say=lambda _: None))
    broken = replace(exported.text_source.tokenization, content="{}")
    unusable = replace(exported, text_source=replace(exported.text_source, tokenization=broken))
    with pytest.raises(ExportError, match=r"cannot serve the bundle.*tokenizer\.json"):
        write_bundle(unusable, out, "a test")
    assert (out / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "clip.json"]

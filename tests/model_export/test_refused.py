"""What cannot be exported is refused in one line that says what to do; nothing is left behind."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from model_export.__main__ import main
from model_export.bundle import replace_folder, write_bundle
from model_export.errors import ExportError, SourceUnavailable
from model_export.export import ExportPlan, export
from model_export.loading import families, sentence_families
from tests.model_export.configs import CONFIGS


def run_refused(capsys, arguments, code=ExportError.exit_code):
    assert main([str(part) for part in arguments]) == code
    *_, line = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("Not exported: ")
    return line


def test_a_hub_out_of_reach_says_how_to_go_on(tmp_path):
    """Needs a process of its own: the hub's library reads the address when it is imported."""
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
    arguments = ["--model", "./nowhere", "--out", tmp_path / "bundle"]
    line = run_refused(capsys, arguments, SourceUnavailable.exit_code)
    assert "no folder './nowhere'" in line


def test_a_folder_that_is_no_model(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    line = run_refused(capsys, ["--model", tmp_path / "empty", "--out", tmp_path / "bundle"])
    assert "config.json" in line


def test_a_revision_of_a_folder(tmp_path, capsys):
    arguments = ["--model", tmp_path, "--revision", "abc", "--out", tmp_path / "bundle"]
    assert "--revision" in run_refused(capsys, arguments)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"model_type": "resnet"}', "model_type 'resnet' is not supported; known: clip, siglip"),
        ("[]", "is not a configuration"),
        ("{", "is not JSON"),
        (
            json.dumps({**CONFIGS["clip"], "vision_config": {"hidden_act": "relu"}}),
            "activation 'relu' is not supported",
        ),
    ],
)
def test_a_configuration_of_something_else(content, message, tmp_path, capsys):
    (tmp_path / "c.json").write_text(content)
    arguments = ["--random-weights", tmp_path / "c.json", "--out", tmp_path / "bundle"]
    assert message in run_refused(capsys, arguments)
    assert not (tmp_path / "bundle").exists()


def test_two_towers_of_different_spaces(config):
    image, _ = families.build_random(config("clip"), ["a red dress"])
    text = sentence_families.build_random_text(config("bert"), 49, ["a red dress"])
    with pytest.raises(ExportError, match="48 dimensions, the text tower 49"):
        export(image, text, ExportPlan())


@pytest.mark.parametrize("pictures", [0, 3])
def test_too_few_pictures_to_judge_by(pictures, config, tmp_path, capsys):
    (tmp_path / "few").mkdir()
    for number in range(pictures):
        (tmp_path / "few" / f"{number}.png").write_bytes(b"x")
    arguments = ["--random-weights", config("clip"), "--eval-images", tmp_path / "few"]
    line = run_refused(capsys, [*arguments, "--out", tmp_path / "bundle"])
    assert f"{pictures} pictures; 20 or more" in line


def test_a_picture_that_cannot_be_read_is_named(config, tmp_path, capsys):
    (tmp_path / "bad").mkdir()
    for number in range(20):
        (tmp_path / "bad" / f"{number:02}.png").write_bytes(b"no picture")
    arguments = ["--random-weights", config("clip"), "--eval-images", tmp_path / "bad"]
    assert "00.png" in run_refused(capsys, [*arguments, "--out", tmp_path / "bundle"])


def test_captions_of_a_picture_that_is_not_there(config, tmp_path, capsys):
    (tmp_path / "some").mkdir()
    for number in range(20):
        (tmp_path / "some" / f"{number:02}.png").write_bytes(b"no picture")
    (tmp_path / "some" / "captions.json").write_text('{"gone.png": "a dress"}')
    arguments = ["--random-weights", config("clip"), "--eval-images", tmp_path / "some"]
    assert "'gone.png'" in run_refused(capsys, [*arguments, "--out", tmp_path / "bundle"])


@pytest.mark.parametrize(
    "captions", ['{"00.png": 5}', '{"00.png": [" "]}', '{"00.png": {"en": "a"}}']
)
def test_captions_that_are_no_texts(captions, config, tmp_path, capsys):
    (tmp_path / "some").mkdir()
    for number in range(20):
        (tmp_path / "some" / f"{number:02}.png").write_bytes(b"no picture")
    (tmp_path / "some" / "captions.json").write_text(captions)
    arguments = ["--random-weights", config("clip"), "--eval-images", tmp_path / "some"]
    assert "a text or a list" in run_refused(capsys, [*arguments, "--out", tmp_path / "bundle"])


def test_a_place_that_cannot_be_written_is_refused_before_the_work(config, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    arguments = ["--random-weights", config("clip"), "--out", tmp_path / "file" / "bundle"]
    line = run_refused(capsys, arguments)
    assert "nothing can be written beside" in line


def test_a_revision_of_random_weights(config, tmp_path, capsys):
    arguments = ["--random-weights", config("clip"), "--revision", "abc", "--out", tmp_path / "b"]
    assert "--revision" in run_refused(capsys, arguments)


def test_an_interrupted_replacement_brings_the_old_bundle_back(tmp_path):
    out = tmp_path / "bundle"
    out.mkdir()
    (out / "mark").write_text("of the old one")
    with pytest.raises(FileNotFoundError), replace_folder(out) as new:
        shutil.rmtree(new)  # so that the last step fails, after the old one was put aside
    assert (out / "mark").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_an_existing_bundle_is_replaced_only_by_force(config, tmp_path, capsys):
    out = tmp_path / "bundle"
    arguments = ["--random-weights", config("clip"), "--out", out, "--precision", "fp32"]
    assert main([str(part) for part in arguments]) == 0
    capsys.readouterr()
    assert "--force" in run_refused(capsys, arguments)
    (out / "mark").write_text("of the old one")
    assert main([str(part) for part in [*arguments, "--force"]]) == 0
    assert not (out / "mark").exists()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["bundle"]


def test_force_replaces_bundles_only(config, tmp_path, capsys):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_bytes(b"mine")
    arguments = ["--random-weights", config("clip"), "--out", tmp_path / "photos", "--force"]
    assert "is not a model bundle" in run_refused(capsys, arguments)
    assert (tmp_path / "photos" / "mine.jpg").exists()


def test_an_export_that_fails_late_leaves_the_old_bundle(config, tmp_path, capsys):
    out = tmp_path / "bundle"
    arguments = ["--random-weights", config("clip"), "--out", out, "--precision", "fp32"]
    assert main([str(part) for part in arguments]) == 0
    before = (out / "manifest.json").read_bytes()
    sources = families.build_random(config("clip"), ["a red dress"])
    result = export(*sources, ExportPlan(precision="fp32", log=lambda _: None))
    broken = replace(result.text_source.tokenization, content="{}")
    unusable = replace(result, text_source=replace(result.text_source, tokenization=broken))
    with pytest.raises(ExportError, match=r"cannot serve the new bundle.*tokenizer\.json"):
        write_bundle(unusable, out, "a test")
    assert (out / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "clip.json"]

"""Models as people have them: folders of weights, tokenizers and preprocessing files."""

import json
import shutil

import numpy as np
import pytest
import torch
import transformers

from model_export.errors import ExportError
from model_export.graphs.emit import emit
from model_export.loading import families, random_models, sentence_families
from model_export.loading.checkout import UNKNOWN, check_out, choose_weight_files
from model_export.loading.tokenizer_json import PROBES, convert_tokenizer
from model_export.quantisation.measurements import open_session
from shared_code.adapters.clip.bundle import TextInputs, TextSpec
from shared_code.adapters.clip.tokenize import Tokenize
from tests.model_export.configs import CLIP_VOCABULARY, CONFIGS

TEXTS = random_models.list_sample_texts()


def save(folder, name, model_class, tokenizer):
    """Saves a model with ``save_pretrained`` and returns it."""
    config = {key: value for key, value in CONFIGS[name].items() if key != "model_type"}
    model = model_class(model_class.config_class(**config)).eval()
    random_models.randomise(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model


@pytest.fixture
def clip_folder(tmp_path):
    folder = tmp_path / "my-clip"
    tokenizer = random_models.make_clip_tokenizer(CLIP_VOCABULARY)
    save(folder, "clip", transformers.CLIPModel, tokenizer)
    facts = {
        "size": {"shortest_edge": 50},
        "crop_size": {"height": 50, "width": 50},
        "do_center_crop": True,
        "resample": 2,
        "image_mean": [0.1, 0.2, 0.3],
        "image_std": [0.4, 0.5, 0.6],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(facts))
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: mit\n---\n# A model\n")
    return folder


def test_a_folder_is_loaded_with_what_it_says_of_itself(clip_folder):
    image, text = families.load(check_out(str(clip_folder)), TEXTS)
    assert image.origin.name == "my-clip"
    assert image.origin.licence == "mit"
    assert not image.origin.random
    facts = image.preprocessing
    assert (facts.resize, facts.interpolation) == ("crop", "bilinear")
    assert (facts.mean, facts.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    model = transformers.CLIPModel.from_pretrained(clip_folder)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(clip_folder)
    inputs = tokenizer(TEXTS[:3], padding=True, return_tensors="pt", truncation=True, max_length=20)
    theirs = torch.nn.functional.normalize(model.get_text_features(**inputs).pooler_output, dim=-1)
    tower = open_session(emit(text.tower))
    for feed, vector in zip(text.make_feeds(TEXTS[:3]), theirs.detach().numpy(), strict=True):
        assert np.abs(tower.run(None, feed)[0][0] - vector).max() < 1e-4


def test_a_folder_that_says_no_licence(clip_folder):
    (clip_folder / "README.md").unlink()
    assert check_out(str(clip_folder)).licence == UNKNOWN


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": {"shortest_edge": 64}}, "pictures resized to"),
        ({"do_center_crop": False}, "pictures resized to"),
        ({"do_normalize": False}, "do_normalize"),
        ({"rescale_factor": 1.0}, "rescale_factor"),
        ({"image_mean": None}, "image_mean"),
        ({"resample": 9}, "resample"),
    ],
)
def test_preprocessing_that_a_manifest_cannot_express_is_refused(clip_folder, changes, message):
    file = clip_folder / "preprocessor_config.json"
    facts = {**json.loads(file.read_text()), **changes}
    file.write_text(json.dumps(facts))
    with pytest.raises(ExportError, match=message):
        families.load(check_out(str(clip_folder)), TEXTS)


def test_weights_cut_short_are_refused(clip_folder):
    weights = clip_folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ExportError, match="cannot load my-clip"):
        families.load(check_out(str(clip_folder)), TEXTS)


def test_a_folder_without_a_tokenizer_is_refused(clip_folder):
    """transformers would make up a vocabulary of three tokens, and every query a run of one."""
    for file in ("tokenizer.json", "vocab.json", "merges.txt"):
        (clip_folder / file).unlink(missing_ok=True)
    with pytest.raises(ExportError, match="has no tokenizer"):
        families.load(check_out(str(clip_folder)), TEXTS)


def test_half_precision_weights_are_loaded_as_float32(clip_folder):
    transformers.CLIPModel.from_pretrained(clip_folder).to(torch.bfloat16).save_pretrained(
        clip_folder
    )
    _, text = families.load(check_out(str(clip_folder)), TEXTS)
    [feed] = text.make_feeds(["a red dress"])
    ours = open_session(emit(text.tower)).run(None, feed)[0]
    assert np.abs(ours - text.embed_with_torch(feed)).max() < 1e-4


def test_weights_that_are_missing_are_not_made_up(clip_folder):
    """transformers fills them in at random and warns; a search would find nonsense."""
    from safetensors.torch import load_file, save_file

    weights = load_file(clip_folder / "model.safetensors")
    del weights["text_model.encoder.layers.1.mlp.fc1.weight"]
    save_file(weights, clip_folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ExportError, match=r"no weights for text_model\.encoder\.layers\.1"):
        families.load(check_out(str(clip_folder)), TEXTS)


def test_a_sentence_transformers_folder_with_its_dense_layer(tmp_path):
    folder = tmp_path / "multilingual"
    tokenizer = random_models.make_wordpiece_tokenizer(800)
    model = save(folder, "distilbert", transformers.DistilBertModel, tokenizer)
    weight = torch.randn(48, 64)
    write_sentence_files(folder, weight)
    text = sentence_families.load_text(check_out(str(folder)), TEXTS)
    assert text.tokenization.max_tokens == 100
    assert not text.tokenization.lowercase
    [feed] = text.make_feeds(["une robe rouge"])
    with torch.inference_mode():
        inputs = tokenizer("une robe rouge", return_tensors="pt")
        hidden = model(inputs["input_ids"], inputs["attention_mask"]).last_hidden_state
        theirs = torch.nn.functional.normalize(hidden.mean(1) @ weight.T, dim=-1).numpy()
    assert np.abs(open_session(emit(text.tower)).run(None, feed)[0] - theirs).max() < 1e-4


def write_sentence_files(folder, weight, activation="torch.nn.modules.linear.Identity"):
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Dense": "Dense"}
    modules = [
        {"path": path, "type": f"sentence_transformers.models.{kind}"}
        for path, kind in kinds.items()
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 100}')
    for name in ("1_Pooling", "2_Dense"):
        (folder / name).mkdir()
    pooling = {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    dense = {"in_features": 64, "out_features": 48, "bias": False}
    dense["activation_function"] = activation
    (folder / "2_Dense" / "config.json").write_text(json.dumps(dense))
    torch.save({"linear.weight": weight}, folder / "2_Dense" / "pytorch_model.bin")


def test_a_dense_layer_is_loaded_from_the_folder_in_modules_json(tmp_path):
    folder = tmp_path / "multilingual"
    save(
        folder,
        "distilbert",
        transformers.DistilBertModel,
        random_models.make_wordpiece_tokenizer(800),
    )
    write_sentence_files(folder, torch.randn(48, 64))
    (folder / "2_Dense").rename(folder / "3_Dense")
    modules = (folder / "modules.json").read_text().replace("2_Dense", "3_Dense")
    (folder / "modules.json").write_text(modules)
    (folder / "sentence_bert_config.json").write_text(
        '{"max_seq_length": 512, "do_lower_case": true}'
    )
    text = sentence_families.load_text(check_out(str(folder)), TEXTS)
    assert text.tower.projection.weight.shape == (64, 48)
    assert text.tokenization.max_tokens == CONFIGS["distilbert"]["max_position_embeddings"]
    assert text.tokenization.lowercase


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("2_Dense/pytorch_model.bin", "no weights", "dense layer in 2_Dense cannot be read"),
        ("modules.json", "[1]", "names no modules"),
        ("1_Pooling/config.json", '{"pooling_mode_cls_token": true}', "only mean pooling"),
        ("2_Dense/config.json", '{"activation_function": "torch.nn.Tanh"}', "Dense layer with"),
        ("modules.json", '[{"type": "sentence_transformers.models.WordEmbeddings"}]', "modules"),
        ("config.json", '{"model_type": "t5"}', "'t5' is not supported"),
    ],
)
def test_sentence_models_of_another_make_are_refused(file, content, message, tmp_path):
    folder = tmp_path / "multilingual"
    save(
        folder,
        "distilbert",
        transformers.DistilBertModel,
        random_models.make_wordpiece_tokenizer(800),
    )
    write_sentence_files(folder, torch.randn(48, 64))
    (folder / file).write_text(content)
    with pytest.raises(ExportError, match=message):
        sentence_families.load_text(check_out(str(folder)), TEXTS)


def test_a_model_without_modules_is_no_sentence_model(clip_folder):
    with pytest.raises(ExportError, match=r"modules\.json"):
        sentence_families.load_text(check_out(str(clip_folder)), TEXTS)


@pytest.fixture(scope="module")
def sentencepiece_tokenizer(tmp_path_factory):
    """SigLIP's own tokenizer class on a small sentencepiece model."""
    import sentencepiece

    folder = tmp_path_factory.mktemp("spiece")
    (folder / "texts").write_text("\n".join(TEXTS))
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "texts"),
        model_prefix=str(folder / "spiece"),
        vocab_size=600,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    return transformers.SiglipTokenizer(str(folder / "spiece.model"))


def made_tokenizers(sentencepiece_tokenizer):
    return {
        "clip": random_models.make_clip_tokenizer(CLIP_VOCABULARY),
        "wordpiece": random_models.make_wordpiece_tokenizer(800),
        "unigram": random_models.make_unigram_tokenizer(700),
        "sentencepiece": sentencepiece_tokenizer,
    }


@pytest.mark.parametrize("kind", ["clip", "wordpiece", "unigram", "sentencepiece"])
def test_the_apps_tokens_are_transformers_own(kind, sentencepiece_tokenizer):
    tokenizer = made_tokenizers(sentencepiece_tokenizer)[kind]
    content, lowercase = convert_tokenizer(tokenizer, TEXTS)
    spec = TextSpec(
        file="",
        inputs=TextInputs("ids"),
        output="",
        tokenizer="tokenizer.json",
        max_tokens=512,
        pad_id=0,
        lowercase=lowercase,
    )
    tokenize = Tokenize(spec, content.encode())
    for text in [*PROBES, *TEXTS]:
        [window] = tokenize.split_into_windows(text)
        assert list(window.ids) == list(tokenizer(text)["input_ids"])


def test_a_tokenizer_that_cannot_be_converted_is_refused(sentencepiece_tokenizer):
    class Twisted:
        backend_tokenizer = random_models.make_unigram_tokenizer(700).backend_tokenizer

        def __call__(self, text, **options):
            return {"input_ids": [1, 2, 3]}

    with pytest.raises(ExportError, match="cannot be converted: 'a photo of a red dress'"):
        convert_tokenizer(Twisted(), [])

    class NoModel:
        """A slow tokenizer that is not sentencepiece."""

    with pytest.raises(ExportError, match=r"NoModel cannot be converted.*tokenizer\.json"):
        convert_tokenizer(NoModel(), [])


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["config.json", "pytorch_model.bin", "flax_model.msgpack"], ["pytorch_model.bin"]),
        (["pytorch_model.bin", "model.safetensors"], ["model.safetensors"]),
        (
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
            ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
        ),
        (
            ["model.safetensors", "2_Dense/pytorch_model.bin", "openvino/openvino_model.bin"],
            ["model.safetensors", "2_Dense/pytorch_model.bin"],
        ),
    ],
)
def test_of_a_hub_repository_each_folders_weights_are_fetched_once(listed, expected):
    assert choose_weight_files("owner/model", listed) == expected


def test_a_repository_without_weights_for_transformers_is_refused():
    with pytest.raises(ExportError, match="no weights"):
        choose_weight_files("owner/model", ["config.json", "onnx/model.onnx"])


def test_a_folder_says_that_it_is_one(clip_folder, tmp_path):
    """(A hub id's commit is the name of the folder that the hub's library downloads it to.)"""
    assert check_out(str(clip_folder)).revision == "local folder"
    shutil.copytree(clip_folder, tmp_path / "copy")
    assert check_out(str(tmp_path / "copy")).name == "copy"

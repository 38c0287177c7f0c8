"""Texts become windows of tokens: none is cut, none is empty."""

import dataclasses

import pytest

from shared_code.adapters.clip.bundle import TextInputs, TextSpec
from shared_code.adapters.clip.tokenize import Tokenize
from shared_code.domain.errors import Misconfigured, Unprocessable
from shared_code.settings import Settings

STARTER = Settings().model_dir
CLS, SEP, UNK = 101, 102, 100
SPEC = TextSpec(
    file="text.onnx",
    inputs=TextInputs("ids", "mask"),
    output="out",
    tokenizer="tokenizer.json",
    max_tokens=8,
    pad_id=0,
    unk_id=UNK,
)


def tokenize(**changes):
    return Tokenize(dataclasses.replace(SPEC, **changes), (STARTER / "tokenizer.json").read_bytes())


def test_a_short_text_is_one_window_between_special_tokens():
    [window] = tokenize().split_into_windows("red dress")
    assert window.ids[0] == CLS
    assert window.ids[-1] == SEP
    assert len(window.ids) == 4
    assert window.known == 2


def test_a_long_text_is_split_and_nothing_is_lost():
    words = "one two three four five six seven eight nine ten eleven twelve thirteen".split()  # noqa: SIM905
    windows = tokenize().split_into_windows(" ".join(words))
    assert [len(w.ids) for w in windows] == [8, 8, 3]
    assert all(w.ids[0] == CLS and w.ids[-1] == SEP for w in windows)
    inner = [token for w in windows for token in w.ids[1:-1]]
    [whole] = tokenize(max_tokens=64).split_into_windows(" ".join(words))
    assert inner == list(whole.ids[1:-1])


def test_exactly_full_is_not_split():
    assert len(tokenize().split_into_windows("one two three four five six")) == 1
    assert len(tokenize().split_into_windows("one two three four five six seven")) == 2


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "👗", "👗 👠", "\0", "\u200b"])
def test_a_text_without_a_known_word_is_refused(text):
    with pytest.raises(Unprocessable, match="no word that the model knows"):
        tokenize().split_into_windows(text)


def test_a_long_refused_text_is_shown_in_part():
    with pytest.raises(Unprocessable) as caught:
        tokenize().split_into_windows("👗" * 500)
    assert len(str(caught.value)) < 120


def test_unknown_words_among_known_ones_do_not_count():
    [window] = tokenize().split_into_windows("red 👗")
    assert window.known == 1
    assert UNK in window.ids


def test_windows_without_a_known_word_are_left_out():
    windows = tokenize().split_into_windows("red dress " + "👗 " * 30)
    assert [w.known for w in windows] == [2]


def test_without_an_unknown_token_every_token_counts():
    [window] = tokenize(unk_id=None).split_into_windows("👗")
    assert window.known == 1


def test_a_batch_is_padded_to_its_longest():
    tokens = tokenize()
    windows = [*tokens.split_into_windows("red"), *tokens.split_into_windows("a blue dress")]
    feeds = tokens.build_feeds(windows)
    assert feeds["ids"].dtype == "int64"
    assert feeds["ids"].shape == feeds["mask"].shape == (2, 5)
    assert feeds["ids"][0, 3:].tolist() == [0, 0]
    assert feeds["mask"].tolist() == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]


def test_a_model_may_want_one_length_another_padding_and_no_mask():
    tokens = tokenize(pad_to=16, pad_id=7, inputs=TextInputs("input_ids"))
    feeds = tokens.build_feeds(tokens.split_into_windows("red"))
    assert set(feeds) == {"input_ids"}
    assert feeds["input_ids"].shape == (1, 16)
    assert feeds["input_ids"][0, 3:].tolist() == [7] * 13


def test_lower_case_is_the_manifests_wish(tmp_path):
    cased = (
        (STARTER / "tokenizer.json").read_text().replace('"lowercase":true', '"lowercase":false')
    )
    cased = cased.replace('"lowercase": true', '"lowercase": false')
    (tmp_path / "tokenizer.json").write_text(cased)
    plain = Tokenize(SPEC, (tmp_path / "tokenizer.json").read_bytes())
    lower = Tokenize(
        dataclasses.replace(SPEC, lowercase=True), (tmp_path / "tokenizer.json").read_bytes()
    )
    assert plain.split_into_windows("RED x")[0].ids != plain.split_into_windows("red x")[0].ids
    assert lower.split_into_windows("RED x")[0].ids == plain.split_into_windows("red x")[0].ids


def test_a_file_that_is_no_tokenizer_is_named(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(Misconfigured, match=r"tokenizer\.json"):
        Tokenize(SPEC, (tmp_path / "tokenizer.json").read_bytes())


def test_special_tokens_in_a_text_are_text():
    """Otherwise a text could end itself: the model ignores whatever follows an end token."""
    [plain] = tokenize().split_into_windows("red [SEP] dress")
    assert list(plain.ids).count(plain.ids[-1]) == 1

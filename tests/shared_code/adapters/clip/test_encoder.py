"""One suite for every encoder: the starter bundle on onnxruntime, and the twin."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from shared_code.adapters.clip import sessions, tower
from shared_code.adapters.clip.bundle import load_bundle
from shared_code.adapters.clip.encoder import ClipEncoder, EncoderOptions
from shared_code.adapters.clip.loading import BackgroundLoader
from shared_code.adapters.clip.sessions import Sessions, SessionSpec
from shared_code.domain.errors import Internal, Misconfigured, Unprocessable, UnsupportedImage
from shared_code.domain.timing import collect_stages
from shared_code.settings import Settings
from shared_code.wiring import open_encoder
from tests.golden.pictures import PICTURES, TEXTS, photo
from tests.pictures import bomb, picture
from tests.twins.encoder import TwinEncoder

STARTER = Settings().model_dir


def compute_cosine(a, b):
    return float(np.dot(a, b))


class EncoderContract:
    def test_vectors_are_float32_of_unit_length(self, encoder):
        pictures = [encoder.decode(data) for data in PICTURES.values()]
        vectors = encoder.encode_images(pictures)
        texts = [embedding.vector for embedding in encoder.encode_texts(TEXTS)]
        assert vectors.shape == (len(pictures), encoder.model.dimension)
        for vector in [*vectors, *texts]:
            assert vector.dtype == np.float32
            assert vector.shape == (encoder.model.dimension,)
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)

    def test_a_batch_gives_what_single_calls_give(self, encoder):
        pictures = [encoder.decode(data) for data in PICTURES.values()] * 5
        for decoded, vector in zip(pictures, encoder.encode_images(pictures), strict=True):
            assert compute_cosine(vector, encoder.encode_images([decoded])[0]) > 0.9995
        texts = TEXTS * 6
        for text, embedding in zip(texts, encoder.encode_texts(texts), strict=True):
            assert compute_cosine(embedding.vector, encoder.encode_texts([text])[0].vector) > 0.9995

    def test_an_empty_batch_gives_an_empty_result(self, encoder):
        assert encoder.encode_images([]).shape == (0, encoder.model.dimension)
        assert encoder.encode_texts([]) == []

    def test_a_long_text_is_split_and_says_so(self, encoder):
        assert encoder.encode_texts(["a red dress"])[0].windows == 1
        long = encoder.encode_texts(["a red dress with long sleeves " * 60])[0]
        assert long.windows > 1
        assert np.linalg.norm(long.vector) == pytest.approx(1, abs=1e-5)
        assert compute_cosine(long.vector, encoder.encode_texts(["a red dress"])[0].vector) > 0.3

    @pytest.mark.parametrize("text", ["", " ", "👗"])
    def test_a_text_without_a_word_is_refused(self, encoder, text):
        with pytest.raises(Unprocessable, match="no word"):
            encoder.encode_texts(["red dress", text])

    def test_what_is_no_usable_picture_is_refused(self, encoder):
        with pytest.raises(UnsupportedImage):
            encoder.decode(b"a text called a.png")
        with pytest.raises(Unprocessable):
            encoder.decode(picture()[:60])
        with pytest.raises(Unprocessable, match="pixels"):
            encoder.decode(bomb())

    def test_many_threads_get_the_same_answers(self, encoder):
        decoded = encoder.decode(PICTURES["disc"])
        expected = encoder.encode_images([decoded])[0], encoder.encode_texts(["a mug"])[0].vector

        def encode_both(_):
            picture_vector = encoder.encode_images([encoder.decode(PICTURES["disc"])])[0]
            return picture_vector, encoder.encode_texts(["a mug"])[0].vector

        with ThreadPoolExecutor(32) as pool:
            for vectors in pool.map(encode_both, range(32)):
                np.testing.assert_allclose(vectors, expected, atol=1e-6)

    def test_its_stages_are_timed(self, encoder):
        with collect_stages() as stages:
            encoder.encode_images([encoder.decode(picture())])
            encoder.encode_texts(["red"])
        assert list(stages) == ["decode", "embed"]

    def test_the_same_picture_in_another_size_and_format_is_near(self, encoder):
        shots = [
            encoder.decode(photo(800, 600, kind="PNG")),
            encoder.decode(photo(800, 600, kind="JPEG")),
        ]
        assert compute_cosine(*encoder.encode_images(shots)) > 0.98


class TestTwin(EncoderContract):
    @pytest.fixture
    def encoder(self):
        return TwinEncoder()

    def test_words_find_pictures_of_their_colour(self, encoder):
        names = ["red", "green", "blue"]
        pictures = encoder.encode_images([encoder.decode(picture(name)) for name in names])
        texts = np.stack([e.vector for e in encoder.encode_texts(names)])
        assert (texts @ pictures.T).argmax(axis=1).tolist() == [0, 1, 2]


class TestClip(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls):
        return open_encoder(Settings())

    def test_a_twelve_megapixel_jpeg_may_be_decoded_the_short_way(self, encoder):
        short = encoder.decode(photo(4000, 3000, kind="JPEG"))
        whole = encoder.decode(photo(4000, 3000, kind="PNG"))  # no format but JPEG has a short way
        assert compute_cosine(*encoder.encode_images([short, whole])) > 0.99


def test_a_text_search_loads_no_picture_tower():
    encoder = open_encoder(Settings())
    assert encoder.loaded == set()
    decoded = encoder.decode(picture())
    assert encoder.loaded == set()
    encoder.encode_texts(["red"])
    assert encoder.loaded == {"text"}
    encoder.encode_images([decoded])
    assert encoder.loaded == {"image", "text"}


def test_a_failed_load_is_tried_again(tmp_path):
    folder = Path(shutil.copytree(STARTER, tmp_path / "bundle"))
    sound = (folder / "text.onnx").read_bytes()
    encoder = ClipEncoder(
        load_bundle(folder), max_pixels=1000, options=EncoderOptions(rebuild_pause_s=0)
    )
    (folder / "text.onnx").write_bytes(b"\0" * len(sound))
    with pytest.raises(Misconfigured, match=r"text\.onnx"):
        encoder.encode_texts(["red"])
    (folder / "text.onnx").write_bytes(sound)
    assert encoder.encode_texts(["red"])


def test_many_first_requests_build_one_session():
    built = []
    lazy = BackgroundLoader(lambda: built.append(1) or object(), wait_s=30)
    with ThreadPoolExecutor(16) as pool:
        parts = list(pool.map(lambda _: lazy.get(), range(64)))
    assert len(built) == 1
    assert len(set(map(id, parts))) == 1


@pytest.mark.parametrize("vector", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_a_vector_without_direction_is_never_returned(vector):
    with pytest.raises(Internal):
        tower.normalise_rows(np.array([[1.0, 0.0], vector]), "a model")


def test_vectors_are_scaled_whatever_the_export_promised():
    assert tower.normalise_rows([[3.0, 4.0]], "a model").tolist() == [
        [pytest.approx(0.6), pytest.approx(0.8)]
    ]


def test_one_thread_gives_what_many_give():
    sessions_ = Sessions(STARTER / "image.onnx", SessionSpec(threads=4))
    assert sessions_.one_core is not sessions_.all_cores
    assert sessions_.one_core is sessions_.one_core
    pixels = np.random.default_rng(0).random((3, 3, 224, 224), np.float32)
    [name] = [each.name for each in sessions_.all_cores.get_inputs()]
    shape = sessions_.all_cores.get_inputs()[0].shape
    feed = {name: pixels[:, :, : shape[2], : shape[3]]}
    many, one = (each.run(None, feed)[0] for each in (sessions_.all_cores, sessions_.one_core))
    assert np.abs(many - one).max() < 1e-7


def test_a_second_copy_that_cannot_be_had_fails_nothing(tmp_path, caplog):
    path = Path(shutil.copy(STARTER / "image.onnx", tmp_path))
    sessions_ = Sessions(path, SessionSpec(threads=2))
    path.unlink()
    assert sessions_.one_core is sessions_.all_cores
    assert "runs on all cores only" in caplog.text


def test_with_one_core_there_is_one_copy_of_the_weights():
    sessions_ = Sessions(STARTER / "image.onnx", SessionSpec(threads=1))
    assert sessions_.one_core is sessions_.all_cores


@pytest.mark.parametrize(
    ("content", "cpus"),
    [("max 100000", None), ("150000 100000", 2), ("50000 100000", 1), ("", None)],
)
def test_a_containers_quota_limits_the_threads(tmp_path, content, cpus):
    (tmp_path / "cpu.max").write_text(content)
    assert sessions._read_cpu_quota(tmp_path / "cpu.max") == cpus
    assert sessions.count_usable_cpus() >= 1

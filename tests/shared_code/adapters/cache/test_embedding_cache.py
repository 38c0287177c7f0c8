"""Both embedding caches, memory and a real Redis, and a Redis that does not answer."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import redis

from shared_code.adapters.cache.memory import ENTRY_OVERHEAD_BYTES, MemoryCache
from shared_code.adapters.cache.redis import KEY_PREFIX, RedisCache
from shared_code.domain.errors import Unprocessable
from shared_code.domain.ports import Embedding
from shared_code.domain.products import Region
from shared_code.search.embeddings import Embeddings
from shared_code.search.query import Photo
from tests.local_services import running_redis
from tests.pictures import picture
from tests.twins.encoder import DIMENSION, TwinEncoder


def make_embedding(angle=0.0, windows=1):
    vector = np.zeros(DIMENSION, np.float32)
    vector[:2] = np.cos(angle), np.sin(angle)
    return Embedding(vector, windows)


def make_redis_cache(url):
    return RedisCache.connect(url, dimension=DIMENSION)


@pytest.fixture(params=["memory", "redis"])
def cache(request):
    if request.param == "memory":
        return MemoryCache(1_000_000)
    server = request.getfixturevalue("redis_server")
    redis.Redis.from_url(server.url).flushall()
    return make_redis_cache(server.url)


def test_what_is_put_comes_back(cache):
    cache.put("a", make_embedding(1.0, windows=3))
    cached = cache.get("a")
    np.testing.assert_array_equal(cached.vector, make_embedding(1.0).vector)
    assert cached.windows == 3
    assert cache.get("b") is None


def test_the_last_one_counts(cache):
    cache.put("a", make_embedding(1.0))
    cache.put("a", make_embedding(2.0))
    np.testing.assert_array_equal(cache.get("a").vector, make_embedding(2.0).vector)


def test_memory_is_bounded_in_bytes_and_the_least_used_go_first():
    size = make_embedding().vector.nbytes + ENTRY_OVERHEAD_BYTES
    cache = MemoryCache(10 * size)
    for n in range(10):
        cache.put(str(n), make_embedding(n))
    assert cache.get("0") is not None
    for n in range(10, 15):
        cache.put(str(n), make_embedding(n))
    assert cache.bytes <= 10 * size
    assert cache.entries == 10
    assert cache.get("0") is not None
    assert cache.get("1") is None


def test_a_cache_of_no_bytes_stores_nothing():
    cache = MemoryCache(0)
    cache.put("a", make_embedding())
    assert cache.get("a") is None


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\0" * (4 + DIMENSION * 4), b"\xff" * (4 + DIMENSION * 4)]
)
def test_bytes_that_are_no_embedding_are_ignored(redis_server, data):
    redis.Redis.from_url(redis_server.url).set(KEY_PREFIX + "a", data)
    assert make_redis_cache(redis_server.url).get("a") is None


def test_what_redis_stores_expires(redis_server):
    make_redis_cache(redis_server.url).put("ttl", make_embedding())
    assert 0 < redis.Redis.from_url(redis_server.url).ttl(KEY_PREFIX + "ttl") <= 7 * 86_400


def test_a_redis_that_hangs_costs_one_short_wait():
    with running_redis() as server:
        cache = make_redis_cache(server.url)
        cache.put("a", make_embedding())
        server.process.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        for _ in range(100):
            assert cache.get("a") is None
            cache.put("b", make_embedding())
        assert time.monotonic() - started < 5  # 200 waits of 0.1 s would be 20


def test_a_redis_that_stopped_is_no_failure():
    with running_redis() as server:
        cache = make_redis_cache(server.url)
        cache.put("a", make_embedding())
    assert cache.get("a") is None
    cache.put("a", make_embedding())


class PausableEncoder(TwinEncoder):
    def __init__(self):
        super().__init__()
        self.embedded = []
        self.slow = threading.Event()
        self.slow.set()

    def encode_texts(self, texts):
        self.slow.wait(30)
        self.embedded += texts
        return super().encode_texts(texts)

    def encode_images(self, pictures):
        self.embedded += ["picture"] * len(pictures)
        return super().encode_images(pictures)


@pytest.fixture
def encoder():
    return PausableEncoder()


@pytest.fixture
def embeddings(encoder):
    return Embeddings(encoder, [MemoryCache(1_000_000)])


def test_each_text_is_embedded_once(encoder, embeddings):
    first = embeddings.text("red dress")
    for same in ("red dress", " red  dress\n", "red dress"):
        np.testing.assert_array_equal(embeddings.text(same).vector, first.vector)
    embeddings.text("Red dress")
    assert encoder.embedded == ["red dress", "Red dress"]
    assert (embeddings.counts.hits, embeddings.counts.misses) == (3, 2)


def test_letters_composed_otherwise_are_the_same(encoder, embeddings):
    embeddings.text("\u00e9t\u00e9")
    embeddings.text("e\u0301te\u0301")
    assert len(encoder.embedded) == 1


def test_each_picture_and_each_part_of_it_is_embedded_once(encoder, embeddings):
    half = Region(0, 0, 0.5, 1)
    for photo in [Photo(picture("red")), Photo(picture("red"), half), Photo(picture("blue"))] * 2:
        embeddings.photo(photo)
    assert encoder.embedded == ["picture"] * 3


def test_several_at_once_embed_only_what_is_new(encoder, embeddings):
    embeddings.text("b")
    embedded = embeddings.texts(["a", "b", "a", "c"])
    assert encoder.embedded == ["b", "a", "c"]
    np.testing.assert_array_equal(embedded[0].vector, embedded[2].vector)
    np.testing.assert_array_equal(embedded[1].vector, TwinEncoder().encode_texts(["b"])[0].vector)
    assert len(embeddings.photos([Photo(picture("red"))] * 3)) == 3
    assert encoder.embedded.count("picture") == 1


def test_simultaneous_requests_for_the_same_text_share_the_work(encoder, embeddings):
    encoder.slow.clear()
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(embeddings.text, "red dress") for _ in range(8)]
        while embeddings.counts.misses < 8:
            time.sleep(0.005)
        encoder.slow.set()
        vectors = [future.result(30).vector for future in futures]
    assert encoder.embedded == ["red dress"]
    assert all(vector is vectors[0] for vector in vectors)


def test_a_failure_is_not_cached(encoder, embeddings):
    for _ in range(2):
        with pytest.raises(Unprocessable):
            embeddings.text("?!")
    assert encoder.embedded == ["?!", "?!"]


def test_instances_share_what_redis_knows(redis_server, encoder):
    redis.Redis.from_url(redis_server.url).flushall()

    def make_embeddings(model):
        return Embeddings(model, [MemoryCache(1_000_000), make_redis_cache(redis_server.url)])

    first = make_embeddings(encoder).text("red dress")
    other = PausableEncoder()
    second = make_embeddings(other)
    np.testing.assert_array_equal(second.text("red dress").vector, first.vector)
    assert other.embedded == []
    redis.Redis.from_url(redis_server.url).flushall()
    second.text("red dress")  # from its own memory by now
    assert other.embedded == []


def test_another_model_shares_nothing(encoder):
    cache = MemoryCache(1_000_000)
    Embeddings(encoder, [cache]).text("red dress")
    model = SimpleNamespace(fingerprint="other")
    another = SimpleNamespace(model=model, encode_texts=lambda texts: [make_embedding(2.0)])
    assert Embeddings(another, [cache]).text("red dress").vector[0] == np.float32(np.cos(2.0))

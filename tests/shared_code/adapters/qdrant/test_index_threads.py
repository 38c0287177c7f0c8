"""Every index: many threads at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.index_records import picture, search, text


def run_in_threads(count, work):
    """Returns what ``work(0)``, ``work(1)``, … return; all start at the same moment."""
    barrier = threading.Barrier(count)

    def start(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


def test_two_pictures_and_new_words_at_once(index):
    for number in range(10):
        product_id = f"p{number}"
        writes = [
            ([picture(product_id, "a.jpg", words=1)], []),
            ([picture(product_id, "b.jpg", words=1)], [text(product_id, 1)]),
            ([], [text(product_id, 2)]),
        ]
        run_in_threads(3, lambda n, writes=writes: index.write(*writes[n]))
    hits = search(index)
    assert len(hits) == 20
    assert {hit.product.description for hit in hits} == {"d2"}


def test_no_write_of_32_threads_is_lost(index):
    def work(number):
        for step in range(5):
            own = picture(f"own{number}", f"{step}.jpg", angle=number)
            index.write([own], [text("shared", number * 5 + step + 1)])
            assert search(index, angle=number, limit=200)
            assert index.sources([own.ref])

    run_in_threads(32, work)
    counts = index.counts()
    assert (counts.products, counts.images) == (1, 160)
    assert index.product("shared").text.name == "shared v160"


def test_32_threads_may_make_the_first_call(build):
    index = build()
    run_in_threads(32, lambda n: index.write([picture(f"p{n}")], []))
    assert index.counts().images == 32

"""The number of arenas that glibc makes for a pool of threads, counted by malloc_info(3)."""

import subprocess
import sys

import pytest

from devhost import ROOT

COUNT = """
import ctypes, sys, tempfile, threading
from shared_code.allocator import limit_arenas
print(limit_arenas(int(sys.argv[1])))
together = threading.Barrier(8)
def work():
    together.wait()
    for _ in range(50):
        bytearray(20_000)  # more than Python's own allocator takes for itself
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as report:
    stream = ctypes.c_void_p(libc.fopen(report.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(report.read().decode().count("<heap nr="))
"""


def count_arenas(most):
    command = [sys.executable, "-c", COUNT, str(most)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    was_set, arenas = run.stdout.split()
    return was_set == "True", int(arenas)


def test_threads_share_as_many_arenas_as_are_allowed():
    was_set, arenas = count_arenas(2)
    if not was_set:
        pytest.skip("this C library is not glibc: it has no arenas to limit")
    assert arenas <= 2
    free, without = count_arenas(0)
    assert not free
    assert without > 2

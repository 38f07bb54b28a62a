"""linepipe under Python: prints nanoseconds a node, and milliseconds to write and to read 100 MB, as JSON."""

import json
import logging
import sys
import tempfile
import time

logging.disable(logging.CRITICAL)

from linepipe.node import Node
from linepipe.pipeline import Pipeline

NODES = 1000
BYTES = 100_000_000


def increment(n):
    return n + 1


def time_nodes():
    nodes = [Node(increment, [f"x{n}"], [f"x{n + 1}"]) for n in range(NODES)]
    start = time.perf_counter()
    Pipeline(nodes, x0=0).run()
    return (time.perf_counter() - start) / NODES * 1e9


def time_cache(data):
    with tempfile.TemporaryDirectory() as folder:
        settings = {"cache_storage_path": f"{folder}/cache", "use_persistent_cache": True}
        start = time.perf_counter()
        Pipeline([Node(lambda: data, [], ["data"])], **settings).run()
        written = time.perf_counter()
        lengths = []
        Pipeline([Node(lambda data: lengths.append(len(data)), ["data"], [])], **settings).run()
        read = time.perf_counter()
        assert lengths == [BYTES]
        return (written - start) * 1e3, (read - written) * 1e3


rounds = int(sys.argv[1])
data = bytes(BYTES)
caches = [time_cache(data) for _ in range(rounds)]
median = lambda values: sorted(values)[len(values) // 2]
print(json.dumps({
    "node": median([time_nodes() for _ in range(rounds)]),
    "write": median([write for write, _ in caches]),
    "read": median([read for _, read in caches]),
}))

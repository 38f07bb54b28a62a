"""The work of `actors.ts` by PyDotCompute itself: kernels of one process, on uvloop.

    python _pydotcompute.py one_way MESSAGES
    python _pydotcompute.py from_program MESSAGES
    python _pydotcompute.py producers PRODUCERS MESSAGES
    python _pydotcompute.py round_trips TRIPS
    python _pydotcompute.py ring KERNELS HOPS
    python _pydotcompute.py lives KERNELS

Prints one line of JSON: nanoseconds per message and the sum of their numbers, or nanoseconds of each round trip.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import uvloop
from pydotcompute import RingKernelRuntime, message

TEXT = "x" * 56
WARM_UP = 2000


@message
@dataclass
class Payload:
    number: int
    text: str = TEXT
    message_id: UUID = field(default_factory=uuid4)
    priority: int = 128
    correlation_id: UUID | None = None


def sum_up(messages):
    """A kernel that takes so many messages and sends how long they took, and their sum, on."""

    async def sink(context):
        total = (await context.receive()).number
        start = time.perf_counter()
        for _ in range(messages - 1):
            total += (await context.receive()).number
        nanoseconds = (time.perf_counter() - start) / (messages - 1) * 1e9
        await context.send(Payload(json.dumps({"time": nanoseconds, "sum": total})))

    return sink


async def send_all(runtime, numbers):
    for number in numbers:
        await runtime.send("sink", Payload(number))


async def producers(runtime, count, messages):
    kernels = {"sink": sum_up(messages)}
    for n in range(count):
        numbers = range(n, messages, count)
        kernels[f"source {n}"] = lambda context, numbers=numbers: send_all(runtime, numbers)
    await start(runtime, kernels)
    return json.loads((await runtime.receive("sink")).number)


async def from_program(runtime, messages):
    await start(runtime, {"sink": sum_up(messages)})
    await send_all(runtime, range(messages))
    return json.loads((await runtime.receive("sink")).number)


async def round_trips(runtime, trips):
    async def answer(context):
        for _ in range(WARM_UP + trips):
            asked = await context.receive()
            await context.send(Payload(asked.number, correlation_id=asked.message_id))

    async def ask(context):
        times = []
        for n in range(WARM_UP + trips):
            start = time.perf_counter()
            answered = await runtime.send_and_receive("answer", Payload(n))
            times.append((time.perf_counter() - start) * 1e9)
            assert answered.number == n
        await context.send(Payload(times[WARM_UP:]))

    await start(runtime, {"answer": answer, "ask": ask})
    return (await runtime.receive("ask")).number


async def ring(runtime, count, hops):
    """One message goes round; each kernel adds one."""

    def hop(following):
        async def kernel(context):
            while not context.should_terminate:
                number = (await context.receive()).number
                if number == hops:
                    await context.send(Payload(time.perf_counter()))
                else:
                    await runtime.send(following, Payload(number + 1))

        return kernel

    names = [f"kernel {n}" for n in range(count)]
    await start(runtime, {name: hop(names[(n + 1) % count]) for n, name in enumerate(names)})
    begin = time.perf_counter()
    await runtime.send(names[0], Payload(0))
    end = (await runtime.receive(names[hops % count])).number
    return {"time": (end - begin) / hops * 1e9, "sum": hops}


async def lives(runtime, count):
    """Kernels that are launched, asked once and ended."""

    async def answer(context):
        asked = await context.receive()
        await context.send(Payload(asked.number, correlation_id=asked.message_id))

    names = [f"kernel {n}" for n in range(count)]
    begin = time.perf_counter()
    await asyncio.gather(*(runtime.launch(name, answer) for name in names))
    await asyncio.gather(*(runtime.activate(name) for name in names))
    for n, name in enumerate(names):
        await runtime.send(name, Payload(n))
    answers = await asyncio.gather(*(runtime.receive(name) for name in names))
    await asyncio.gather(*(runtime.terminate(name) for name in names))
    return {"time": (time.perf_counter() - begin) / count * 1e9, "sum": sum(answer.number for answer in answers)}


async def start(runtime, kernels):
    for name, kernel in kernels.items():
        await runtime.launch(name, kernel)
    for name in kernels:
        await runtime.activate(name)


WORK = {
    "one_way": lambda runtime, messages: producers(runtime, 1, messages),
    "producers": producers,
    "from_program": from_program,
    "round_trips": round_trips,
    "ring": ring,
    "lives": lives,
}


async def main():
    kind, *numbers = sys.argv[1:]
    async with RingKernelRuntime() as runtime:
        print(json.dumps(await WORK[kind](runtime, *map(int, numbers))), flush=True)
        # The runtime would wait for kernels that still receive.
        os._exit(0)


uvloop.run(main())

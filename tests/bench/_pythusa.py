"""The work of `pythusa.ts` by PYTHUSA itself.

    python _pythusa.py frames BYTES FRAMES WINDOW
    python _pythusa.py spectra SIGNALS POINTS FRAMES WINDOW

Each task that reads prints one line of JSON: the seconds at which it had its first frame and its last, and what it found.
"""

import json
import os
import sys
import time

import numpy as np
import pythusa

KIND, *NUMBERS = sys.argv[1:]
NUMBERS = [int(number) for number in NUMBERS]
# Seconds until all readers are there: a writer that begins before them runs ahead, and fails when they come.
JOINING = 1
# Seconds to sleep where there is nothing to do. Of 0, 50 us, 200 us and 1 ms, these were the fastest.
WAIT = {"frames": 0, "spectra": 0.0002}[KIND]


def report(start, found):
    line = json.dumps({"start": start, "end": time.monotonic(), "found": found})
    # In one piece: several processes share the output.
    os.write(1, f"{line}\n".encode())


def put(stream, frame):
    while not stream.write(frame):
        time.sleep(WAIT)


def take(stream, frame):
    while not stream.read_into(frame):
        time.sleep(WAIT)


def write(frames):
    size, count, _ = NUMBERS
    time.sleep(JOINING)
    frame = np.zeros(size // 4, np.uint32)
    for n in range(count):
        frame[0] = n
        put(frames, frame)


def read(frames):
    size, count, _ = NUMBERS
    frame = np.zeros(size // 4, np.uint32)
    total = 0
    for n in range(count):
        take(frames, frame)
        if n == 0:
            start = time.monotonic()
        total += int(frame[0])
    report(start, total)


def generate(**signals):
    count, points, frames, _ = NUMBERS
    time.sleep(JOINING)
    angles = 2 * np.pi * np.arange(points) / points
    waves = [np.sin((100 + n) * angles) for n in range(count)]
    for _ in range(frames):
        for n, wave in enumerate(waves):
            put(signals[f"signal{n}"], wave)


def transform(signal):
    _, points, frames, _ = NUMBERS
    frame = np.zeros(points)
    total = 0
    for n in range(frames):
        take(signal, frame)
        if n == 0:
            start = time.monotonic()
        total += float(abs(np.fft.rfft(frame)[100 + int(signal.name[6:])]))
    report(start, total)


def declare_frames(pipe):
    size, _, window = NUMBERS
    pipe.add_stream("frames", shape=(size // 4,), dtype=np.uint32, frames=window)
    pipe.add_task("write", fn=write, writes={"frames": "frames"})
    pipe.add_task("read", fn=read, reads={"frames": "frames"})


def declare_spectra(pipe):
    count, points, _, window = NUMBERS
    names = [f"signal{n}" for n in range(count)]
    for name in names:
        pipe.add_stream(name, shape=(points,), dtype=np.float64, frames=window)
        pipe.add_task(f"transform {name}", fn=transform, reads={"signal": name})
    pipe.add_task("generate", fn=generate, writes={name: name for name in names})


if __name__ == "__main__":
    with pythusa.Pipeline(KIND) as pipe:
        {"frames": declare_frames, "spectra": declare_spectra}[KIND](pipe)
        pipe.run()

/** The other thread of the tests: a worker that opens the shared memory and does what it is asked to. */

import { codes, layout } from "../../src/ring/core.generated.ts";
import { type Binding, openBinding } from "../../src/ring/bindings.ts";
import { type BindingDescription, type BindingOf, readerAddress } from "../../src/ring/description.ts";
import { Reader } from "../../src/ring/reader.ts";
import { SharedMemory, type SharedMemoryHandle } from "../../src/ring/shared_memory.ts";
import { TaskEvent } from "../../src/ring/task_event.ts";
import { Writer } from "../../src/ring/writer.ts";
import { Random } from "./_helpers.ts";
import { queueJobs } from "./_queue_jobs.ts";
import { selectJobs } from "./_select_jobs.ts";
import { fillFrame, numberOf } from "./_sequence.ts";

/** Longer than any watchdog, in nanoseconds: whoever is parked for so long and not woken fails the test. */
const FOR_GOOD = 120e9;

/** How a frame is read. */
export type ReadMethod = "look" | "read" | "readInto" | "readIntoFrame";

/** What is wrong, or `null`. */
export type Finding = string | null;

const handles = new Map<string, Binding>();

/** The handle of a binding, opened at its first use. */
function handleOf(memory: SharedMemory, binding: BindingDescription): Binding {
  const key = JSON.stringify(binding);
  const handle = handles.get(key) ?? openBinding(memory, binding);
  handles.set(key, handle);
  return handle;
}

/** A function that reads a frame by `method`: its number, -1 if it is torn, or `null` if there is none. */
function numberReader(reader: Reader<"uint32">, method: ReadMethod, timeoutMs: number): () => number | null {
  const out = method === "readIntoFrame" ? reader.frame() : new Uint32Array(reader.frameLength);
  switch (method) {
    case "read":
      return () => {
        const frame = reader.read(timeoutMs);
        return frame && numberOf(frame);
      };
    case "look":
      return () => {
        const frame = reader.look(timeoutMs);
        const number = frame && numberOf(frame);
        return frame && reader.increment() ? number : null;
      };
    default:
      return () => reader.readInto(out, timeoutMs) ? numberOf(out) : null;
  }
}

/** A step, which is told for how long to spin before it parks. */
type Step = (spins: number) => void;

/** A writer by the core alone. It publishes what is there, and parks for good whenever the ring is full. */
function parkingWriter({ core }: SharedMemory, { ring }: BindingOf<"writer">): Step {
  const { stride } = ring.frame!;
  core.writer_refresh(ring.address, 1);
  return (spins) => {
    while (core.writer_look(ring.address, stride) < 0) core.writer_wait(ring.address, stride, spins, FOR_GOOD);
    core.writer_advance(ring.address, stride);
  };
}

/** A reader by the core alone. It parks for good whenever the ring is empty. */
function parkingReader({ core }: SharedMemory, { ring, index }: BindingOf<"reader">): Step {
  const { stride } = ring.frame!;
  const reader = readerAddress(ring, index);
  return (spins) => {
    while (core.reader_look(ring.address, reader, stride) < 0) {
      core.reader_wait(ring.address, reader, stride, spins, FOR_GOOD);
    }
    core.reader_advance(ring.address, reader, stride);
  };
}

/** A taker of an event's activations by the core alone. It parks for good whenever none is pending. */
function parkingTaker({ core }: SharedMemory, event: number): Step {
  return (spins) => {
    while (core.event_take(event, 0) !== 0) core.event_wait(event, 0, spins, FOR_GOOD);
  };
}

/**
 * Does each step in turn, `rounds` times. The spins and the pauses differ from round to round, and are of about the same
 * length: so each side does what the other waits for at every moment of the wait, also just before that parks.
 */
function takeTurns(rounds: number, seed: number, ...steps: readonly Step[]): void {
  const random = new Random(seed);
  for (let round = 0; round < rounds; round++) {
    for (const step of steps) {
      step(random.below(20));
      for (let pause = random.below(200); pause > 0; pause--) random.below(2);
    }
  }
}

const jobs = {
  ...queueJobs,
  ...selectJobs,

  /** Calls a method of a handle. */
  async call(memory: SharedMemory, binding: BindingDescription, method: string, ...args: readonly unknown[]) {
    // deno-lint-ignore no-explicit-any
    return await (handleOf(memory, binding) as any)[method](...args) as unknown;
  },

  /** Calls a waiting function of the core with the arguments that come before the spins, and parks for good. */
  park({ core }: SharedMemory, name: "reader_wait" | "writer_wait" | "event_wait", ...args: readonly number[]): number {
    const wait = core[name] as (...args: readonly number[]) => number;
    return wait(...args, 0, FOR_GOOD);
  },

  /** Writes numbered frames, and ends the stream. */
  writeFrames(memory: SharedMemory, binding: BindingOf<"writer">, frames: number, inPlace: boolean): void {
    using writer = new Writer<"uint32">(memory, binding);
    for (let number = 0; number < frames; number++) {
      const frame = inPlace ? writer.look(Infinity)! : writer.frame();
      fillFrame(frame, number);
      if (inPlace) writer.increment();
      else writer.write(frame, Infinity);
    }
  },

  /** Reads numbered frames until the stream ends. */
  readFrames(memory: SharedMemory, binding: BindingOf<"reader">, frames: number, method: ReadMethod): Finding {
    using reader = new Reader<"uint32">(memory, binding);
    const read = numberReader(reader, method, Infinity);
    for (let number = 0; number < frames; number++) {
      const found = read();
      if (found !== number) return `frame ${number} reads as ${found}`;
    }
    return read() === null && reader.closed ? null : "the stream has more frames than were written";
  },

  /** Reads numbered frames until the stream ends, now holding the writer back and now not. */
  readNowAndThen(memory: SharedMemory, binding: BindingOf<"reader">, seed: number): Finding {
    using reader = new Reader<"uint32">(memory, binding);
    const random = new Random(seed);
    const methods: ReadMethod[] = ["look", "read", "readInto", "readIntoFrame"];
    const reads = methods.map((method) => numberReader(reader, method, 10));
    let last = -1;
    while (!reader.closed) {
      reader.setBlocking(random.below(2) === 0);
      for (let count = random.below(100), isFirst = true; count > 0; count--) {
        const number = random.pick(reads)();
        if (number === null) continue;
        if (number === -1) return `after frame ${last} comes a torn one`;
        const follows = reader.isBlocking() && !isFirst ? number === last + 1 : number > last;
        if (!follows) return `after frame ${last} comes frame ${number}`;
        last = number;
        isFirst = false;
      }
    }
    return null;
  },

  /** Lets the writer go and holds it back again, over and over: what comes then is whole and without a gap. */
  rejoinOften(memory: SharedMemory, binding: BindingOf<"reader">, seed: number): Finding {
    using reader = new Reader<"uint32">(memory, binding);
    const random = new Random(seed);
    const read = numberReader(reader, "readIntoFrame", 10);
    while (!reader.closed) {
      reader.setBlocking(false);
      for (let pause = random.below(100); pause > 0; pause--) random.below(2);
      reader.setBlocking(true);
      for (let count = 0, expected: number | null = null; count < 4; count++) {
        const number = read();
        if (number === null) break;
        if (number !== (expected ?? number) || number === -1) return `instead of frame ${expected} comes ${number}`;
        expected = number + 1;
      }
    }
    return null;
  },

  /** Writes one frame to each ring, as soon as its reader is there, and ends it at once. */
  endAll(memory: SharedMemory, rings: readonly number[], turn: number): void {
    const { core } = memory;
    const random = new Random(6);
    const awaitTurn = parkingTaker(memory, turn);
    for (const ring of rings) {
      awaitTurn(20);
      for (let pause = random.below(40); pause > 0; pause--) random.below(2);
      core.writer_look(ring, 1);
      core.writer_advance(ring, 1);
      core.writer_close(ring);
    }
  },

  /** Looks at each ring until something is there, without a pause at first. Returns how many ended without. */
  lookAtAll({ core }: SharedMemory, rings: readonly number[], turn: number): number {
    let missed = 0;
    for (const ring of rings) {
      const reader = ring + layout.RING_HEADER;
      core.event_signal(turn);
      let found: number = codes.NOT_READY;
      for (let look = 0; found === codes.NOT_READY; look++) {
        if (look > 10_000) core.reader_wait(ring, reader, 1, 0, FOR_GOOD);
        found = core.reader_look(ring, reader, 1);
      }
      if (found === codes.CLOSED) missed++;
    }
    return missed;
  },

  /** Writes to one stream and waits for an answer on the other, parked for good each time. */
  ask(memory: SharedMemory, to: BindingOf<"writer">, from: BindingOf<"reader">, rounds: number): void {
    takeTurns(rounds, 1, parkingWriter(memory, to), parkingReader(memory, from));
  },

  /** Waits for something on one stream and answers on the other, parked for good each time. */
  answer(memory: SharedMemory, from: BindingOf<"reader">, to: BindingOf<"writer">, rounds: number): void {
    takeTurns(rounds, 2, parkingReader(memory, from), parkingWriter(memory, to));
  },

  /** Writes, parked for good whenever the ring is full. */
  pour(memory: SharedMemory, to: BindingOf<"writer">, frames: number): void {
    takeTurns(frames, 3, parkingWriter(memory, to));
  },

  /** Reads, parked for good whenever the ring is empty. */
  drain(memory: SharedMemory, from: BindingOf<"reader">, frames: number): void {
    takeTurns(frames, 4 + from.index, parkingReader(memory, from));
  },

  /** Answers the activations of one event with those of the other, parked for good each time. */
  answerEvent(memory: SharedMemory, from: number, to: number, rounds: number): void {
    takeTurns(rounds, 5, parkingTaker(memory, from), () => memory.core.event_signal(to));
  },

  /** Takes activations until nobody is left who could signal. Returns how many. */
  takeActivations(memory: SharedMemory, binding: BindingOf<"event">): number {
    const event = new TaskEvent(memory, binding);
    let taken = 0;
    while (event.wait()) if (event.take()) taken++;
    return taken;
  },

  /** Signals so many times, and leaves. */
  signalTimes(memory: SharedMemory, binding: BindingOf<"event">, times: number): void {
    const event = new TaskEvent(memory, binding);
    for (let time = 0; time < times; time++) event.signal();
    memory.core.event_leave(binding.event.address);
  },
};

/** What a peer can do. */
export type Jobs = typeof jobs;

/** What the test's thread sends. */
export type Request =
  | { readonly handle: SharedMemoryHandle }
  | { readonly id: number; readonly job: keyof Jobs; readonly args: readonly unknown[] };

/** What the peer sends back. */
export type Response =
  & { readonly id: number }
  & (
    | { readonly kind: "begun" }
    | { readonly kind: "done"; readonly value: unknown }
    | { readonly kind: "threw"; readonly name: string; readonly message: string }
  );

const scope = globalThis as unknown as EventTarget & { postMessage(response: Response): void };
let memory: SharedMemory;

scope.addEventListener("message", async (event) => {
  const request = (event as MessageEvent<Request>).data;
  if ("handle" in request) {
    memory = new SharedMemory(request.handle);
    return;
  }
  const { id, job, args } = request;
  scope.postMessage({ id, kind: "begun" });
  try {
    const run = jobs[job] as (memory: SharedMemory, ...args: readonly unknown[]) => unknown;
    scope.postMessage({ id, kind: "done", value: await run(memory, ...args) });
  } catch (error) {
    const { name, message } = error as Error;
    scope.postMessage({ id, kind: "threw", name, message });
  }
});

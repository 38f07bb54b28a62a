/** What the tasks of the soak do. Each counts what it has done, and throws as soon as anything is not as it must be. */

import type { Reader, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";
import { Random } from "../ring/_helpers.ts";
import { fillFrame, numberOf } from "../ring/_sequence.ts";
import type { Tally } from "./_tally.ts";

/** What the tasks have in common. */
interface CommonParams {
  readonly seed: number;
  /** Where it counts. */
  readonly tally: Tally;
  /** Frames after which it throws, if it does. */
  readonly crashAt: number;
  /** Frames in a row before it takes a break, 0 for never. */
  readonly burst: number;
}

/** A stream as its ends know it: frame n carries the number `first` + n. */
export interface Numbering {
  readonly first: number;
  readonly count: number;
}

export interface SourceParams extends CommonParams {
  readonly out: Numbering;
}

export interface SinkParams extends CommonParams {
  readonly in: Numbering;
  /** How it reads: every frame, what it can get, now so and now so, or a part and no more. */
  readonly mode: "blocking" | "passing" | "toggling" | "leaving";
}

export interface RelayParams extends CommonParams {
  readonly in: Numbering;
  readonly out: Numbering;
}

export interface SignalerParams extends CommonParams {
  readonly signals: number;
}

/** What a task throws that was planned to. */
export const CRASH = "a planned crash";

/** Frames are handled in the same way for so long. */
const CHUNK = 256;

/** Frames as words, whatever numbers they are made of. Each view is made once. */
class Words {
  readonly #views = new WeakMap<ArrayBufferView, Uint32Array>();

  of(frame: ArrayBufferView): Uint32Array {
    let view = this.#views.get(frame);
    if (!view) {
      view = new Uint32Array(frame.buffer, frame.byteOffset, frame.byteLength / 4);
      this.#views.set(frame, view);
    }
    return view;
  }
}

/** Breaks and crashes, as planned. */
class Course {
  readonly #params: CommonParams;
  readonly #context: TaskContext;
  #frames = 0;

  constructor(context: TaskContext<CommonParams>) {
    this.#params = context.params;
    this.#context = context;
  }

  /** Another frame is done. */
  step(): void {
    this.#frames++;
    if (this.#frames === this.#params.crashAt) throw new Error(CRASH);
    if (this.#params.burst > 0 && this.#frames % this.#params.burst === 0) this.#context.sleep(1);
  }
}

/** A frame of any kind, in the shared memory or not. */
type Frame = Parameters<Writer["write"]>[0];

/** Writes numbered frames, in changing ways. */
class NumberedWriter {
  readonly #writer: Writer;
  readonly #numbering: Numbering;
  readonly #words = new Words();
  readonly #ways: readonly ((number: number) => void)[];
  #way: (number: number) => void;
  readonly #random: Random;
  written = 0;

  constructor(writer: Writer, numbering: Numbering, random: Random) {
    const scratch = writer.frame(), own = writer.frame().slice();
    this.#writer = writer;
    this.#numbering = numbering;
    this.#random = random;
    this.#ways = [
      (number) => this.#write(scratch, number),
      (number) => this.#write(own, number),
      (number) => {
        fillFrame(this.#words.of(writer.look(Infinity)!), number);
        writer.increment();
      },
      (number) => {
        fillFrame(this.#words.of(scratch), number);
        while (!writer.write(scratch, 0));
      },
    ];
    this.#way = this.#ways[0];
  }

  #write(frame: Frame, number: number): void {
    fillFrame(this.#words.of(frame), number);
    if (!this.#writer.write(frame, Infinity)) throw new Error("write() without bound did not write");
  }

  write(): void {
    if (this.written % CHUNK === 0) this.#way = this.#random.pick(this.#ways);
    this.#way((this.#numbering.first + this.written) >>> 0);
    this.written++;
  }

  /** Writes so many, or fewer, in one go. Returns how many. */
  writeMany(most: number): number {
    const slots = this.#writer.lookMany(most, { timeoutMs: Infinity })!;
    for (const slot of slots) fillFrame(this.#words.of(slot), (this.#numbering.first + this.written++) >>> 0);
    this.#writer.increment();
    return slots.length;
  }

  async writeAsync(): Promise<void> {
    const frame = this.#writer.frame();
    fillFrame(this.#words.of(frame), (this.#numbering.first + this.written) >>> 0);
    if (!await this.#writer.writeAsync(frame)) throw new Error("writeAsync() without bound did not write");
    this.written++;
  }
}

/** Reads numbered frames in changing ways, and checks that none is lost uncounted, doubled, out of order or torn. */
class NumberedReader {
  readonly #reader: Reader;
  readonly #numbering: Numbering;
  readonly #words = new Words();
  readonly #ways: readonly ((timeoutMs: number) => Uint32Array | null)[];
  #way: (timeoutMs: number) => Uint32Array | null;
  readonly #random: Random;
  #calls = 0;
  received = 0;

  constructor(reader: Reader, numbering: Numbering, random: Random) {
    const scratch = reader.frame(), own = reader.frame().slice();
    this.#reader = reader;
    this.#numbering = numbering;
    this.#random = random;
    const readInto = (frame: Frame) => (timeoutMs: number) =>
      reader.readInto(frame, timeoutMs) ? this.#words.of(frame) : null;
    this.#ways = [
      readInto(scratch),
      readInto(own),
      (timeoutMs) => {
        const frame = reader.read(timeoutMs);
        return frame && new Uint32Array(frame.buffer);
      },
    ];
    this.#way = this.#ways[0];
  }

  /** Whether there was a frame. It is checked. */
  read(timeoutMs: number): boolean {
    if (this.#calls++ % CHUNK === 0) this.#way = this.#random.pick(this.#ways);
    const words = this.#way(timeoutMs);
    if (words) this.#check(numberOf(words));
    return words !== null;
  }

  /** The same without a copy: what was overtaken meanwhile may be torn, and counts as lost. */
  look(timeoutMs: number): boolean {
    const frame = this.#reader.look(timeoutMs);
    if (!frame) return false;
    const number = numberOf(this.#words.of(frame));
    if (!this.#reader.increment()) return false;
    this.#check(number);
    return true;
  }

  /** Reads frames that are there together, and consumes some of them. Returns how many, 0 at the end. */
  lookMany(most: number): number {
    const frames = this.#reader.lookMany(most, { timeoutMs: Infinity });
    if (!frames) return 0;
    const taken = this.#random.below(2) === 0 ? frames.length : Math.ceil(frames.length / 2);
    for (const frame of frames.slice(0, taken)) this.take(frame);
    if (!this.#reader.increment(taken)) throw new Error(`a frame of "${this.#reader.name}" was overtaken`);
    return taken;
  }

  /** Takes a frame that is looked at. */
  take(frame: Frame): void {
    this.#check(numberOf(this.#words.of(frame)));
  }

  #check(number: number): void {
    if (number === -1) throw new Error(`frame ${this.received} of "${this.#reader.name}" is torn`);
    const index = (number - this.#numbering.first) >>> 0, expected = this.received + this.#reader.lost;
    if (index !== expected) {
      throw new Error(
        `frame ${index} of "${this.#reader.name}" comes where ${expected} should, ${this.#reader.lost} lost`,
      );
    }
    this.received++;
  }

  /** Checks that nothing is missing at the end of the stream. */
  finish(): void {
    const { count } = this.#numbering, { lost, name } = this.#reader;
    if (this.received + lost === count) return;
    throw new Error(`"${name}" ends after ${this.received} frames and ${lost} lost, of ${count}`);
  }
}

/** Writes all frames. */
export function source({ out }: { out: Writer }, context: TaskContext<SourceParams>) {
  const { params } = context, course = new Course(context);
  const random = new Random(params.seed), writer = new NumberedWriter(out, params.out, random);
  while (writer.written < params.out.count) {
    const left = Math.min(CHUNK, params.out.count - writer.written);
    if (random.below(4) === 0) {
      for (let written = writer.writeMany(left); written > 0; written--) course.step();
    } else {
      for (let frame = 0; frame < left; frame++, course.step()) writer.write();
    }
  }
}

/** The same without blocking its thread. */
export async function sourceAsync({ out }: { out: Writer }, context: TaskContext<SourceParams>) {
  const { params } = context, course = new Course(context);
  const writer = new NumberedWriter(out, params.out, new Random(params.seed));
  while (writer.written < params.out.count) {
    await writer.writeAsync();
    course.step();
  }
}

/** Writes a frame for each that it reads. */
export function relay({ in: from, out }: { in: Reader; out: Writer }, context: TaskContext<RelayParams>) {
  const { params } = context, course = new Course(context), random = new Random(params.seed);
  const reader = new NumberedReader(from, params.in, random), writer = new NumberedWriter(out, params.out, random);
  try {
    while (reader.read(Infinity)) {
      writer.write();
      course.step();
    }
    reader.finish();
  } finally {
    count(params.tally, reader, from);
  }
}

/** Reads what its mode says. */
export function sink({ in: from }: { in: Reader }, context: TaskContext<SinkParams>) {
  const { params } = context, course = new Course(context), random = new Random(params.seed);
  const reader = new NumberedReader(from, params.in, random);
  try {
    if (params.mode === "blocking") readAll(from, reader, course, random);
    else if (params.mode === "leaving") readSome(reader, course, random.below(params.in.count));
    else readNowAndThen(from, reader, course, random, params.mode === "toggling");
    if (params.mode !== "leaving") reader.finish();
  } finally {
    count(params.tally, reader, from);
  }
}

/** The same, of all frames, without blocking its thread. */
export async function sinkAsync({ in: from }: { in: Reader }, context: TaskContext<SinkParams>) {
  const { params } = context, course = new Course(context);
  const reader = new NumberedReader(from, params.in, new Random(params.seed));
  try {
    for await (const frame of from) {
      reader.take(frame);
      course.step();
    }
    reader.finish();
  } finally {
    count(params.tally, reader, from);
  }
}

function count(tally: Tally, reader: NumberedReader, from: Reader): void {
  const counts = new Float64Array(tally);
  counts[0] += reader.received;
  counts[1] += reader.received * from.frameBytes;
  counts[2] += from.lost;
}

function readAll(from: Reader, reader: NumberedReader, course: Course, random: Random): void {
  const way = random.below(3);
  if (way === 0) {
    for (const frame of from) {
      reader.take(frame);
      course.step();
    }
  } else if (way === 1) {
    for (let taken; (taken = reader.lookMany(1 + random.below(CHUNK))) > 0;) {
      for (; taken > 0; taken--) course.step();
    }
  } else {
    while (random.below(2) === 0 ? reader.look(Infinity) : reader.read(Infinity)) course.step();
  }
}

function readSome(reader: NumberedReader, course: Course, frames: number): void {
  for (; frames > 0 && reader.read(Infinity); frames--) course.step();
}

/** Lets the writer pass, or at times holds it back again; skips to the newest frame now and then. */
function readNowAndThen(from: Reader, reader: NumberedReader, course: Course, random: Random, toggles: boolean): void {
  from.setBlocking(false);
  while (!from.closed) {
    if (toggles) from.setBlocking(random.below(2) === 0);
    if (random.below(16) === 0) from.skipToNewest();
    for (let left = random.below(CHUNK); left > 0; left--) {
      if (left % 2 === 0 ? reader.look(10) : reader.read(10)) course.step();
    }
  }
}

/** Signals so many times. */
export function signaler({ go }: { go: TaskEvent }, context: TaskContext<SignalerParams>) {
  const course = new Course(context);
  for (let left = context.params.signals; left > 0; left--) {
    go.signal();
    course.step();
  }
}

/** Takes all activations that others signal. */
export function taker({ go }: { go: TaskEvent }, context: TaskContext<CommonParams>) {
  const taken = new Float64Array(context.params.tally), course = new Course(context);
  while (go.wait()) {
    if (!go.take()) continue;
    taken[3]++;
    course.step();
  }
}

/** Runs for each activation. */
export function taken(_: unknown, { params }: TaskContext<CommonParams>) {
  new Float64Array(params.tally)[3]++;
}

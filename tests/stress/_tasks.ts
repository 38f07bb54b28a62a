/** What the tasks of the soak do. Each counts what it has done, and throws as soon as anything is not as it must be. */

import type { Reader, TaskContext, TaskEvent, Writer } from "@ringmill/ringmill";
import { Random } from "../ring/_helpers.ts";
import { CHUNK, NumberedReader, NumberedWriter, type Numbering } from "./_numbered.ts";
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

/** Writes all frames. */
export function source({ out }: { out: Writer }, context: TaskContext<SourceParams>) {
  const { params } = context;
  const course = new Course(context);
  const random = new Random(params.seed);
  const writer = new NumberedWriter(out, params.out, random);
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
  const { params } = context;
  const course = new Course(context);
  const writer = new NumberedWriter(out, params.out, new Random(params.seed));
  while (writer.written < params.out.count) {
    await writer.writeAsync();
    course.step();
  }
}

/** Writes a frame for each that it reads. */
export function relay({ in: from, out }: { in: Reader; out: Writer }, context: TaskContext<RelayParams>) {
  const { params } = context;
  const course = new Course(context);
  const random = new Random(params.seed);
  const reader = new NumberedReader(from, params.in, random);
  const writer = new NumberedWriter(out, params.out, random);
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
  const { params } = context;
  const course = new Course(context);
  const random = new Random(params.seed);
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
  const { params } = context;
  const course = new Course(context);
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
  const taken = new Float64Array(context.params.tally);
  const course = new Course(context);
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

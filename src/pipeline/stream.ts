/** Streams: the typed channels between tasks. */

import { frameBytes } from "../ring/description.ts";
import { type DType, type DTypeOf, DTYPES, type NumpyCode, parseDType } from "../ring/dtypes.ts";
import { WAIT_STRATEGIES, type WaitStrategy } from "../ring/waiting.ts";
import type { RingSpec } from "../worker/specs.ts";

/** Options of `Pipeline.addStream()`. */
export interface StreamOptions<Name extends DType | NumpyCode = DType | NumpyCode> {
  /** Elements of a frame along each dimension, each 1 or more. */
  shape: readonly number[];
  /** The type of an element. */
  dtype: Name;
  /**
   * Frames that the ring holds, 1 or more. The ring may have up to 2^31 - 1 bytes.
   *
   * @default {32}
   */
  frames?: number;
  /**
   * Whether each frame begins on a cache line: its bytes are rounded up to a multiple of 64.
   *
   * @default {true}
   */
  cacheAlign?: boolean;
  /**
   * The writer looks at its readers after this many writes, although there is room: 1 to 2^32 - 1.
   *
   * @default {64}
   */
  minReaderPosRefreshInterval?: number;
  /**
   * The same after this many milliseconds, 0 to `Infinity`. The clock is read at some of the writes only.
   *
   * @default {5}
   */
  minReaderPosRefreshMs?: number;
  /**
   * How a blocked end waits. `"adaptive"` spins for as long as that pays and then parks, `"spin"` uses a core for the
   * shortest delay, `"park"` gives the core away at once. Spin only if every task has a core to itself: where tasks
   * outnumber cores, the one that spins keeps the one that it waits for from running, and all get very slow.
   *
   * @default {"adaptive"}
   */
  wait?: WaitStrategy;
  /** For people. */
  description?: string;
}

const CACHE_LINE = 64;
const MAX_BYTES = 2 ** 31 - 1;

/**
 * A declared stream, to be bound to tasks.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { equal } from "node:assert/strict";
 *
 * const image = new Pipeline("camera").addStream("image", { shape: [480, 640, 3], dtype: "uint8" });
 * equal(image.frameBytes, 921_600);
 * equal(image.frames, 32);
 * ```
 */
export class StreamHandle<D extends DType = DType> {
  /** Its name, unique within the pipeline. */
  readonly name: string;
  /** Elements of a frame along each dimension. */
  readonly shape: readonly number[];
  /** The type of an element. */
  readonly dtype: D;
  /** Frames that the ring holds. */
  readonly frames: number;
  /** Whether each frame begins on a cache line. */
  readonly cacheAlign: boolean;
  /** Writes after which the writer looks at its readers. */
  readonly minReaderPosRefreshInterval: number;
  /** Milliseconds after which the writer looks at its readers. */
  readonly minReaderPosRefreshMs: number;
  /** How a blocked end waits. */
  readonly wait: WaitStrategy;
  /** For people. */
  readonly description: string | undefined;
  /** Bytes of a frame. */
  readonly frameBytes: number;
  /** Bytes from one frame to the next. */
  readonly stride: number;

  /** Checks the options. `Pipeline.addStream()` does this. */
  constructor(name: string, options: StreamOptions) {
    const check = new OptionCheck(name);
    this.name = name;
    this.shape = check.shape(options.shape);
    this.dtype = check.dtype(options.dtype) as D;
    this.frames = check.integer("frames", options.frames ?? 32, MAX_BYTES);
    this.cacheAlign = check.boolean("cacheAlign", options.cacheAlign ?? true);
    const interval = options.minReaderPosRefreshInterval ?? 64;
    this.minReaderPosRefreshInterval = check.integer("minReaderPosRefreshInterval", interval, 2 ** 32 - 1);
    this.minReaderPosRefreshMs = check.duration("minReaderPosRefreshMs", options.minReaderPosRefreshMs ?? 5);
    this.wait = check.wait(options.wait ?? "adaptive");
    this.description = options.description;
    this.frameBytes = frameBytes(this);
    this.stride = this.cacheAlign ? Math.ceil(this.frameBytes / CACHE_LINE) * CACHE_LINE : this.frameBytes;
    if (this.frames * this.stride > MAX_BYTES) {
      const received = `${this.frames} frames of ${this.stride} bytes`;
      throw new RangeError(
        `Cannot add stream "${name}": frames must fit into ${MAX_BYTES} bytes, received ${received}`,
      );
    }
  }

  /** The ring that carries it. */
  get ringSpec(): RingSpec {
    const { name, wait, shape, dtype, stride, minReaderPosRefreshInterval, minReaderPosRefreshMs } = this;
    const refresh = { minReaderPosRefreshInterval, minReaderPosRefreshMs };
    return { name, bytes: this.frames * stride, wait, ...refresh, frame: { shape, dtype, stride } };
  }
}

/** The type of the handle for options with a dtype or NumPy code. */
export type StreamHandleOf<Name extends DType | NumpyCode> = StreamHandle<DTypeOf<Name>>;

/** Checks the options of one stream, each with an error that names stream, field and value. */
class OptionCheck {
  readonly #stream: string;

  constructor(stream: string) {
    this.#stream = stream;
  }

  #refuse(kind: typeof TypeError | typeof RangeError, field: string, expected: string, value: unknown): never {
    throw new kind(
      `Cannot add stream "${this.#stream}": ${field} must be ${expected}, received ${Deno.inspect(value)}`,
    );
  }

  integer(field: string, value: number, most: number): number {
    const expected = `an integer from 1 to ${most}`;
    if (typeof value !== "number") this.#refuse(TypeError, field, expected, value);
    if (!Number.isInteger(value) || value < 1 || value > most) this.#refuse(RangeError, field, expected, value);
    return value;
  }

  duration(field: string, value: number): number {
    const expected = "a number of milliseconds, 0 or more";
    if (typeof value !== "number") this.#refuse(TypeError, field, expected, value);
    if (!(value >= 0)) this.#refuse(RangeError, field, expected, value);
    return value;
  }

  boolean(field: string, value: boolean): boolean {
    if (typeof value !== "boolean") this.#refuse(TypeError, field, "true or false", value);
    return value;
  }

  shape(value: readonly number[]): readonly number[] {
    const expected = "an array of one or more positive integers";
    if (!Array.isArray(value)) this.#refuse(TypeError, "shape", expected, value);
    if (value.length === 0 || ![...value].every((size) => Number.isSafeInteger(size) && size > 0)) {
      this.#refuse(RangeError, "shape", expected, value);
    }
    return Object.freeze([...value]);
  }

  dtype(value: string): DType {
    const expected = `one of ${Object.keys(DTYPES).join(", ")} or a little-endian NumPy code`;
    if (typeof value !== "string") this.#refuse(TypeError, "dtype", expected, value);
    return parseDType(value) ?? this.#refuse(RangeError, "dtype", expected, value);
  }

  wait(value: WaitStrategy): WaitStrategy {
    if (!WAIT_STRATEGIES.includes(value)) {
      this.#refuse(RangeError, "wait", `one of ${WAIT_STRATEGIES.join(", ")}`, value);
    }
    return value;
  }
}

/** Streams: the typed channels between tasks. */

import { parseFrameType } from "../ring/columns.ts";
import { frameBytes } from "../ring/description.ts";
import type { DTypeOf, FrameType, FrameTypeName } from "../ring/dtypes.ts";
import { WAIT_STRATEGIES, type WaitStrategy } from "../ring/waiting.ts";
import type { RingSpec } from "../manager/specs.ts";
import { CARRY_RULES, type CarryOptions } from "./carry.ts";
import type { Rule } from "../rules.ts";
import * as rules from "../rules.ts";

/** Options of `Pipeline.addStream()`. */
export interface StreamOptions<Name extends FrameTypeName = FrameTypeName> {
  /** Elements of a frame along each dimension, each 1 or more. */
  shape: readonly number[];
  /**
   * The type of an element, by its name or NumPy code; or named columns, `{ time: "int64", price: "float64" }`: a frame is an
   * object with one typed array for each then. They lie in this order, each aligned to its element, with zeros between them.
   */
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
  /** How it crosses to the machines of tasks that read it, where it has to. */
  carry?: CarryOptions;
  /** For people. */
  description?: string;
}

const CACHE_LINE = 64;
const MAX_BYTES = 2 ** 31 - 1;

/** What each option must be. Saved pipelines are checked by the same rules. */
export const STREAM_RULES = {
  shape: rules.shape,
  dtype: rules.frameType,
  frames: rules.integer(1, MAX_BYTES),
  cacheAlign: rules.boolean,
  minReaderPosRefreshInterval: rules.integer(1, 2 ** 32 - 1),
  minReaderPosRefreshMs: rules.duration,
  wait: rules.oneOf(WAIT_STRATEGIES),
} satisfies { readonly [Option in keyof StreamOptions]?: Rule };

/** The same with what needs no default. */
export const STREAM_OPTION_RULES = {
  ...STREAM_RULES,
  carry: rules.object,
  description: rules.text,
} satisfies rules.Rules;

type CheckedOptions = Required<Pick<StreamOptions, keyof typeof STREAM_RULES>>;

const DEFAULTS: Partial<CheckedOptions> = {
  frames: 32,
  cacheAlign: true,
  minReaderPosRefreshInterval: 64,
  minReaderPosRefreshMs: 5,
  wait: "adaptive",
};

/** Checks each option, with an error that names stream, option and value, and fills the defaults in. */
function checkStreamOptions(name: string, options: StreamOptions): CheckedOptions {
  const checked = Object.entries(STREAM_RULES).map(([key, rule]) => {
    const option = key as keyof CheckedOptions;
    const value = options[option] ?? DEFAULTS[option];
    rules.checkRule(`add stream "${name}"`, option, rule, value);
    return [option, value];
  });
  return Object.fromEntries(checked);
}

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
export class StreamHandle<D extends FrameType = FrameType> {
  /** Its name, unique within the pipeline. */
  readonly name: string;
  /** Elements of a frame along each dimension. */
  readonly shape: readonly number[];
  /** The type of an element, or those of the columns. */
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
  /** How it crosses to other machines; what is left out has its default. */
  readonly carry: CarryOptions | undefined;
  /** For people. */
  readonly description: string | undefined;
  /** Bytes of a frame. */
  readonly frameBytes: number;
  /** Bytes from one frame to the next. */
  readonly stride: number;

  /** Checks the options. `Pipeline.addStream()` does this. */
  constructor(name: string, options: StreamOptions) {
    rules.checkName("add a stream", name);
    rules.checkOptions(`add stream "${name}"`, options, STREAM_OPTION_RULES);
    const checked = checkStreamOptions(name, options);
    this.name = name;
    this.shape = Object.freeze([...checked.shape]);
    this.dtype = parseFrameType(`add stream "${name}"`, checked.dtype) as D;
    this.frames = checked.frames;
    this.cacheAlign = checked.cacheAlign;
    this.minReaderPosRefreshInterval = checked.minReaderPosRefreshInterval;
    this.minReaderPosRefreshMs = checked.minReaderPosRefreshMs;
    this.wait = checked.wait;
    if (options.carry) rules.checkOptions(`add stream "${name}": carry`, options.carry, CARRY_RULES);
    this.carry = options.carry && Object.freeze({ ...options.carry });
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

  /**
   * The same stream for a reader that wants the newest frame only, and never holds the writer back.
   *
   * @example
   * ```ts
   * import { Pipeline, type Reader } from "@ringmill/ringmill";
   *
   * export function show({ image }: { image: Reader<"uint8"> }) {
   *   for (const frame of image) console.log(frame.length); // the newest each time; some are left out
   * }
   *
   * const pipe = new Pipeline("camera", import.meta);
   * const images = pipe.addStream("images", { shape: [480, 640, 3], dtype: "uint8" });
   * pipe.addTask("show", { fn: show, reads: { image: images.latest } });
   * ```
   */
  get latest(): LatestStream<D> {
    return new LatestStream<D>(this);
  }

  /** The ring that carries it. */
  get ringSpec(): RingSpec {
    const { name, wait, shape, dtype, stride, minReaderPosRefreshInterval, minReaderPosRefreshMs } = this;
    const refresh = { minReaderPosRefreshInterval, minReaderPosRefreshMs };
    return { name, bytes: this.frames * stride, wait, ...refresh, frame: { shape, dtype, stride } };
  }
}

/**
 * A stream of which a reader wants the newest frame only: `reads: { image: images.latest }`. Such a reader never holds the
 * writer back, from the first frame on. Each read gives the newest frame there is, none twice, always whole.
 */
export class LatestStream<D extends FrameType = FrameType> {
  /** The stream. */
  readonly stream: StreamHandle<D>;

  /** `StreamHandle.latest` does this. */
  constructor(stream: StreamHandle<D>) {
    this.stream = stream;
  }

  /** The stream's name. */
  get name(): string {
    return this.stream.name;
  }
}

/** The type of the handle for options with a dtype, a NumPy code, or columns. */
export type StreamHandleOf<Name extends FrameTypeName> = StreamHandle<DTypeOf<Name>>;

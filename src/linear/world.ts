/** Inputs and outputs that lie outside of a pipeline: files, environment variables, the clock, a signal. */

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkName, checkOptions, checkRule, milliseconds, pathOrUrl } from "../rules.ts";

/** Kinds of declared inputs. */
export type WorldKind = "file" | "files" | "env" | "clock" | "signal";

declare const VALUE: unique symbol;

/**
 * An input that is not made by a node: {@link fileInput}, {@link envInput}, {@link clockInput} or {@link signalInput} make
 * one. `Value` is what the function gets.
 *
 * @example
 * ```ts
 * import { envInput, type WorldInput } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const region: WorldInput<string | undefined> = envInput("REGION");
 * equal(region.name, "env:REGION");
 * ```
 */
export class WorldInput<Value = unknown> {
  /** Its name, for messages and drawings. */
  readonly name: string;
  /** What it is. */
  readonly kind: WorldKind;
  /** The path, the pattern, or the name of the variable. */
  readonly target: string;
  /** How long a reading of the clock counts as the same, in milliseconds; 0 for other kinds. */
  readonly everyMs: number;
  /** Only for the type checker. */
  declare readonly [VALUE]: () => Value;

  /** An input of that kind. */
  constructor(kind: WorldKind, target: string, everyMs = 0) {
    this.kind = kind;
    this.target = target;
    this.everyMs = everyMs;
    this.name = kind === "signal" ? "signal" : `${kind === "files" ? "file" : kind}:${target}`;
  }
}

/** A file that a node writes: {@link fileOutput} makes one. */
export class FileOutput {
  /** Its name, for messages and drawings. */
  readonly name: string;
  /** Its path. */
  readonly path: string;

  /** The file at `path`. */
  constructor(path: string) {
    this.path = path;
    this.name = `file:${path}`;
  }
}

/** What the function of a node returns for a {@link fileOutput}: the content, or a function that writes to the path it is given. */
export type FileContent = string | Uint8Array | ((path: string) => unknown);

/** What a function gets for a path: several paths for a pattern with `*` or `?`. */
export type PathsOf<Path extends string | URL> = Path extends `${string}${"*" | "?"}${string}` ? string[] : string;

function textOf(action: string, path: string | URL): string {
  checkRule(action, "the path", pathOrUrl, path);
  if (!(path instanceof URL) && !path.startsWith("file:")) return path;
  return fileURLToPath(path);
}

/**
 * A file, or all files that match a pattern with `*`, `**` or `?`, as an input: the node runs again when the content of one has
 * changed, or when there are others. The function gets the path, or the sorted paths. Whether a file has changed is seen by its
 * size and times first. In a pattern, `[0-9]` and `{a,b}` are read as a shell reads them: `[[]` stands for a bracket, `[{]` for a
 * brace. A path without `*` and `?` is that file, whatever else is in it; so is a `URL`.
 *
 * @throws {TypeError} If `path` is no path or URL of a file.
 *
 * @example
 * ```ts
 * import { fileInput, LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "1\n2");
 * const load = new LinearNode({
 *   name: "load",
 *   fn: (path: string) => Deno.readTextFileSync(path).split("\n").length,
 *   inputs: [fileInput(path)],
 *   outputs: ["lines"],
 * });
 * const { results } = await new LinearPipeline({ name: "file input", nodes: [load], quiet: true }).run();
 * equal(results.lines, 2);
 * ```
 */
export function fileInput<const Path extends string | URL>(path: Path): WorldInput<PathsOf<Path>> {
  const text = textOf("take a file as an input", path);
  return new WorldInput(!(path instanceof URL) && /[*?]/.test(text) ? "files" : "file", text);
}

/**
 * A file as an output. The function returns what is to be in it (a {@link FileContent}), which is written whole or not at all.
 * The node runs again when the file is missing, or is not as it was written. A folder, a device or a pipe of that name is an error.
 *
 * @throws {TypeError} If `path` is no path or URL of a file.
 *
 * @example
 * ```ts
 * import { fileOutput, LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const path = `${await Deno.makeTempDir()}/report.txt`;
 * const report = new LinearNode({ name: "report", fn: () => "all is well", outputs: [fileOutput(path)] });
 * await new LinearPipeline({ name: "file output", nodes: [report], quiet: true }).run();
 * equal(await Deno.readTextFile(path), "all is well");
 * ```
 */
export function fileOutput(path: string | URL): FileOutput {
  return new FileOutput(textOf("take a file as an output", path));
}

/**
 * An environment variable as an input: its value, `undefined` where it is not set. The node runs again when it has changed.
 *
 * @throws {TypeError} If `name` is no text.
 *
 * @example
 * ```ts
 * import { envInput, LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * Deno.env.set("REGION", "north");
 * const name = new LinearNode({ name: "name", fn: (region?: string) => region, inputs: [envInput("REGION")], outputs: ["region"] });
 * const { results } = await new LinearPipeline({ name: "env input", nodes: [name], quiet: true }).run();
 * equal(results.region, "north");
 * ```
 */
export function envInput(name: string): WorldInput<string | undefined> {
  checkName("take an environment variable as an input", name);
  return new WorldInput("env", name);
}

/**
 * The clock as an input: a `Date`, the last whole multiple of `everyMs` since 1970 in UTC. So the node runs again once in each
 * such period: once a day for 86,400,000.
 *
 * @throws {TypeError} If `everyMs` is no number.
 * @throws {RangeError} If it is less than 1.
 *
 * @example
 * ```ts
 * import { clockInput, LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const day = clockInput({ everyMs: 86_400_000 });
 * const label = new LinearNode({ name: "label", fn: (day: Date) => day.getUTCHours(), inputs: [day], outputs: ["hour"] });
 * const { results } = await new LinearPipeline({ name: "clock input", nodes: [label], quiet: true }).run();
 * equal(results.hour, 0);
 * ```
 */
export function clockInput(options: { everyMs: number }): WorldInput<Date> {
  const action = "take the clock as an input";
  checkOptions(action, options, CLOCK_INPUT_RULES);
  checkRule(action, "everyMs", CLOCK_INPUT_RULES.everyMs, options.everyMs);
  return new WorldInput("clock", String(options.everyMs), options.everyMs);
}

/** Options of {@link clockInput}. */
const CLOCK_INPUT_RULES = { everyMs: milliseconds(1, Number.MAX_SAFE_INTEGER) };

/**
 * The signal of the run as an input: an `AbortSignal`, with which a function that takes long can stop. It does not count for the
 * cache.
 *
 * @example
 * ```ts
 * import { LinearNode, LinearPipeline, signalInput } from "@ringmill/ringmill/linear";
 * import { equal } from "node:assert/strict";
 *
 * const fetchAll = new LinearNode({
 *   name: "fetch",
 *   fn: (signal: AbortSignal) => signal.aborted,
 *   inputs: [signalInput()],
 *   outputs: ["aborted"],
 * });
 * const { results } = await new LinearPipeline({ name: "signal input", nodes: [fetchAll], quiet: true }).run();
 * equal(results.aborted, false);
 * ```
 */
export function signalInput(): WorldInput<AbortSignal> {
  return new WorldInput("signal", "");
}

/** The absolute path of a file, by which an input and the output that it reads are told to be the same. */
export function absolutePathOf(file: WorldInput | FileOutput): string {
  return resolve(file instanceof FileOutput ? file.path : file.target);
}

/** One declaration, of which a program runs the part that publishes or the part that subscribes. As a program: `_line.ts JSON`. */

import { Pipeline } from "@ringmill/ringmill";
import {
  nats,
  type NatsOptions,
  publish,
  type PublishOptions,
  subscribe,
  type SubscribeOptions,
  tcp,
  type TcpOptions,
} from "@ringmill/ringmill/cluster";
import { count, type CountParams, note, type NoteParams } from "./_tasks.ts";

/** What a program does. */
export interface LineOptions {
  readonly url: string | readonly string[];
  readonly nats?: NatsOptions;
  readonly tcp?: TcpOptions;
  readonly shape?: readonly number[];
  readonly dtype?: "float64" | "float32";
  readonly frames?: number;
  /** Whether only the newest frame crosses. */
  readonly isNewest?: boolean;
  readonly count?: CountParams;
  readonly publish?: Omit<PublishOptions, "to">;
  readonly note?: NoteParams;
  readonly subscribe?: Omit<SubscribeOptions, "from">;
}

/** Short, so that tests in which a program is killed are short. */
export const LEASE_MS = 1000;

/** The pipeline of a program: with `count` it publishes, with `note` it subscribes. */
export function line(options: LineOptions): Pipeline {
  const { url, shape = [4], dtype = "float64", frames = 16, isNewest } = options;
  const pipe = new Pipeline("line", new URL("./_tasks.ts", import.meta.url));
  const stream = pipe.addStream("frames", { shape, dtype: dtype as "float64", frames });
  const crossing = isNewest ? stream.latest : stream;
  const transport = typeof url === "string" && url.startsWith("tcp:")
    ? tcp(url, { leaseMs: LEASE_MS, ...options.tcp })
    : nats(url, { leaseMs: LEASE_MS, ...options.nats });
  if (options.count) {
    pipe.addTask("count", { fn: count, writes: { frames: stream }, params: options.count });
    publish(pipe, crossing, { to: transport, ...options.publish });
  } else if (options.note) {
    pipe.addTask("note", { fn: note, reads: { frames: crossing }, params: options.note });
    subscribe(pipe, crossing, { from: transport, ...options.subscribe });
  }
  return pipe;
}

/** Runs both ends in this program, to their ends; for so long at most. */
export async function runBoth(source: Pipeline, sink: Pipeline, mostMs: number): Promise<void> {
  await sink.start();
  await source.start();
  const watchdog = setTimeout(() => sink.stop(), mostMs);
  await Promise.all([source.join(), sink.join()]);
  clearTimeout(watchdog);
}

/** Runs the pipeline of a program to its end. */
export async function runLine(options: LineOptions): Promise<void> {
  await using pipe = line(options);
  await pipe.run();
}

if (import.meta.main) {
  try {
    await runLine(JSON.parse(Deno.args[0]));
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}

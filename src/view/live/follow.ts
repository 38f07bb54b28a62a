/** Reads a dashboard without a browser. */

import { whyUnreadable } from "../../format_version.ts";
import { checkOptions, type Rules, signal } from "../../rules.ts";
import type { Snapshot } from "../../manager/metrics.ts";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { LiveFrame } from "./live_frame.ts";
import { type LiveUpdate, UPDATE_VERSION, UPDATE_VERSION_HEADER } from "./update.ts";

/** Something that a dashboard sends: below the address of its page. */
function below(url: string | URL, name: string): URL {
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/$/, "")}/${name}`;
  return address;
}

/** Options of {@link followDashboard}. */
export interface FollowDashboardOptions {
  /** Ends it. */
  signal?: AbortSignal;
}

/** The rules of {@link FollowDashboardOptions}. */
const FOLLOW_RULES: Rules = { signal };

/**
 * What a dashboard sends, from anywhere on the same machine: what is known now, then each update until the run is over. The
 * last one is final, unless the dashboard was closed, or its program ended, before. `Taken` is the type of its snapshots,
 * those of a pipeline if left out: nobody checks it. Runtimes of kernels send an {@link ActorsSnapshot}.
 *
 * @throws {TypeError} If the address is none, nothing answers there, or an option is wrong.
 * @throws {Error} If what answers is no dashboard, or one of a newer Ringmill.
 *
 * @example
 * ```ts
 * import { Pipeline } from "@ringmill/ringmill";
 * import { followDashboard } from "@ringmill/ringmill/view";
 * import { equal } from "node:assert/strict";
 *
 * await using pipe = new Pipeline("loop");
 * const samples = pipe.addStream("samples", { shape: [4], dtype: "float32" });
 * pipe.openWriter(samples), pipe.openReader(samples);
 * const { url } = await pipe.serveDashboard();
 * for await (const { title, snapshot } of followDashboard(url)) {
 *   equal(title, "loop");
 *   equal(snapshot.streams.samples.pressurePercent, 0);
 *   break;
 * }
 * ```
 */
export async function* followDashboard<Taken = Snapshot>(
  url: string | URL,
  options: FollowDashboardOptions = {},
): AsyncGenerator<LiveUpdate<Taken>, void> {
  checkOptions("follow a dashboard", options, FOLLOW_RULES);
  yield* eventsAt<LiveUpdate<Taken>>(url, below(url, "updates"), options.signal);
}

/** The newest frames of some nodes that a dashboard sends, as they change, until no other follows. Nobody checks them. */
export function followFramesAt(
  url: string | URL,
  nodes: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<LiveFrame, void> {
  const frames = below(url, "frames");
  frames.search = `${new URLSearchParams(nodes.map((node) => ["node", node]))}`;
  return eventsAt<LiveFrame>(url, frames, signal);
}

async function* eventsAt<Event>(url: string | URL, address: URL, signal?: AbortSignal): AsyncGenerator<Event, void> {
  const response = await fetch(address, { signal });
  const type = response.headers.get("content-type") ?? "";
  if (!response.ok || !response.body || !type.startsWith("text/event-stream")) {
    await response.body?.cancel();
    throw new Error(`Cannot follow ${url}: it is no dashboard, received status ${response.status} of type "${type}"`);
  }
  const why = whyUnreadable(Number(response.headers.get(UPDATE_VERSION_HEADER) ?? 1), { newest: UPDATE_VERSION });
  if (why !== null) {
    await response.body.cancel();
    throw new Error(`Cannot follow ${url}: ${why}`);
  }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) yield JSON.parse(data);
}

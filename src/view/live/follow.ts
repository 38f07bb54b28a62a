/** Reads a dashboard without a browser. */

import { whyUnreadable } from "../../format_version.ts";
import { checkOptions, type Rules, signal } from "../../rules.ts";
import type { Snapshot } from "../../manager/metrics.ts";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type LiveUpdate, UPDATE_VERSION, UPDATE_VERSION_HEADER } from "./update.ts";

/** Where a dashboard sends updates: below the address of its page. */
function updatesOf(url: string | URL): URL {
  const updates = new URL(url);
  updates.pathname = `${updates.pathname.replace(/\/$/, "")}/updates`;
  return updates;
}

/** Options of {@link followDashboard}. */
export interface FollowDashboardOptions {
  /** Ends it. */
  signal?: AbortSignal;
}

/** The rules of {@link FollowDashboardOptions}. */
export const FOLLOW_RULES: Rules = { signal };

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
  const response = await fetch(updatesOf(url), { signal: options.signal });
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

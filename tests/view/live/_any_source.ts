/** A source that is no pipeline. */

import type { LiveUpdate, ViewDescription } from "@ringmill/ringmill/view";

/** A description of nodes without edges. */
export function nodesOnly(title: string, ...names: string[]): ViewDescription {
  return { title, nodes: names.map((name) => ({ id: name, kind: "task", title: name })), edges: [] };
}

/** A source of one node that tells what it is given to tell. */
export function anySource(tell: () => Iterable<Partial<LiveUpdate>> | AsyncIterable<Partial<LiveUpdate>>) {
  return {
    description: nodesOnly("any", "a"),
    widest: {},
    async *updates(): AsyncGenerator<LiveUpdate> {
      const constant = {
        run: "1",
        title: "any",
        intervalMs: 1000,
        failures: [],
        facts: [],
        drawing: 0,
        figures: {},
        tables: [],
      };
      for await (const told of tell()) {
        yield { ...constant, state: "running", isFinal: false, sampledAt: Date.now(), snapshot: null, ...told };
      }
    },
    close() {},
  };
}

import { LACKS_NATS, NatsServer } from "./_server.ts";
import { deepEqual } from "node:assert/strict";
import { LEASE_MS, line, runLine } from "./_line.ts";
import { checkExact, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;

for (
  const [what, shape, options] of [
    ["small frames in parcels", [4], {}],
    ["frames in parts", [3001], { parcelBytes: 5000 }],
    ["frames through a full server", [1000], { maxBytes: 100_000, parcelBytes: 10_000 }],
    ["frames in memory", [4], { keep: "memory" }],
  ] as const
) {
  Deno.test(`publish() and subscribe() carry ${what}: each once, in order, to the end`, { ignore }, async () => {
    await using server = await NatsServer.start();
    using notes = new Notes();
    const { url } = server;
    const total = shape[0] > 100 ? 300 : 3000;
    await Promise.all([
      runLine({ url, shape, count: { total, run: 1 }, publish: options }),
      (async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await runLine({ url, shape, note: { path: notes.path } });
      })(),
    ]);
    checkExact(notes, 1, total);
  });
}

for (const isNewest of [false, true]) {
  const what = isNewest ? "the newest frames" : "all frames";
  Deno.test(`A reader of ${what} that is first at a new server waits for its writer`, { ignore }, async () => {
    await using server = await NatsServer.start();
    using notes = new Notes();
    const { url } = server;
    await using sink = line({ url, isNewest, note: { path: notes.path } });
    await sink.start();
    // It looks for the writing program several times in that.
    deepEqual(await sink.join({ timeoutMs: LEASE_MS * 1.5 }), false);
    await runLine({ url, isNewest, count: { total: 3, run: 1 } });
    await sink.join();
    deepEqual(notes.read().at(-1), [1, 2]);
  });
}

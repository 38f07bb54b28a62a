import { deepEqual, match } from "node:assert/strict";
import { freePort } from "../_free_port.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { line, type LineOptions, runLine } from "./_line.ts";
import { allOf, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;
const failure = (options: LineOptions): Promise<string> => runLine(options).then(() => "", ({ message }) => message);

Deno.test(
  "A task that fails is named on the other machine, behind the frames that have crossed",
  { ignore },
  async () => {
    await using server = await NatsServer.start();
    using notes = new Notes();
    const { url } = server;
    const [published, subscribed] = await Promise.all([
      failure({ url, count: { total: 500, run: 1, pauseMs: 1, failsAfter: 100 } }),
      failure({ url, note: { path: notes.path, pauseMs: 1 } }),
    ]);
    match(published, /^Task "count" failed: it threw RangeError: the lens is dirty/);
    match(subscribed, /: on machine .*: task "count" failed: it threw RangeError: the lens is dirty/);
    const noted = notes.read();
    deepEqual(noted, allOf(1, noted.length));
  },
);

Deno.test(
  "A stop before the end of the stream is told to the other end, and the next run is accepted",
  { ignore },
  async () => {
    await using server = await NatsServer.start();
    using notes = new Notes();
    const { url } = server;
    await using source = line({ url, count: { total: 1e6, run: 1, pauseMs: 1 } });
    await source.start();
    const subscribed = failure({ url, note: { path: notes.path }, subscribe: { onLostPeer: "fail" } });
    await notes.reach(20);
    source.stop();
    await source.join();
    match(await subscribed, /: on machine .*: its program was stopped before the end of the stream/);
    const before = notes.read();
    deepEqual(before, allOf(1, before.length));
    await runLine({ url, count: { total: 5, run: 2 } });
    await runLine({ url, note: { path: notes.path } });
    deepEqual(notes.read(), [...before, ...allOf(2, 5)]);
  },
);

for (const engine of ["nats", "tcp"]) {
  for (const [what, shape] of [["whole frames", [100]], ["frames in parts", [400]]] as const) {
    Deno.test(`A stop while a full link holds ${what} up is told to the other end, by ${engine}`, {
      ignore: ignore && engine === "nats",
    }, async () => {
      await using server = engine === "nats" ? await NatsServer.start() : null;
      using notes = new Notes();
      const url = server?.url ?? `tcp://127.0.0.1:${freePort()}`;
      const publish = { parcelBytes: 1024, maxBytes: 40_000, windowBytes: 65_536 };
      await using source = line({ url, shape, count: { total: 1e6, run: 1 }, publish });
      await source.start();
      const note = { path: notes.path, pauseMs: 3 };
      const subscribed = failure({ url, shape, note, subscribe: { onLostPeer: "end" } });
      await notes.reach(60);
      source.stop();
      await source.join();
      deepEqual(await subscribed, "");
      const noted = notes.read();
      deepEqual(noted, allOf(1, noted.length));
    });
  }
}

Deno.test("A subscribing program that is stopped gets what it had not consumed again", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  await runLine({ url, count: { total: 300, run: 1 }, publish: { parcelBytes: 1024 } });
  await using sink = line({ url, note: { path: notes.path, pauseMs: 2 } });
  await sink.start();
  await notes.reach(50);
  sink.stop();
  await sink.join();
  const before = notes.read().length;
  await runLine({ url, note: { path: notes.path } });
  const after = notes.read().slice(before);
  deepEqual(after, allOf(1, 300).slice(after[0][1]));
  deepEqual(after[0][1] <= before, true);
});

for (const engine of ["nats", "tcp"]) {
  for (const buffer of [undefined, 5]) {
    const commits = buffer === undefined ? "consumed" : "explicit";
    Deno.test(
      `A subscribing program that is drained commits all that it has consumed, by ${engine}, commit "${commits}"`,
      {
        ignore: ignore && engine === "nats",
      },
      async () => {
        await using server = engine === "nats" ? await NatsServer.start() : null;
        using notes = new Notes();
        const url = server?.url ?? `tcp://127.0.0.1:${freePort()}`;
        const shape = [100];
        // Each frame is a parcel, so that none comes again with others.
        const publish = { parcelBytes: 1024 };
        await using source = line({ url, shape, count: { total: 1e6, run: 1, pauseMs: 1 }, publish });
        await source.start();
        const sink = (pauseMs: number) =>
          line({ url, shape, note: { path: notes.path, pauseMs, buffer }, subscribe: { commit: commits } });
        await using drained = sink(4);
        await drained.start();
        await notes.reach(40);
        await drained.drain();
        const before = notes.read().length;
        await using next = sink(0);
        await next.start();
        await notes.reach(before + 20);
        next.stop();
        await next.join();
        const noted = notes.read();
        deepEqual(noted, allOf(1, noted.length));
      },
    );
  }
}

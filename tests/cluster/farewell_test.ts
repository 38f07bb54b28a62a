import { deepEqual, match } from "node:assert/strict";
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

import { deepEqual, match, ok } from "node:assert/strict";
import { IS_LONG } from "./_long.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { allOf, checkExact, LineProgram, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test(
  "A server that is killed and restarted loses and doubles nothing that is kept in files",
  { ignore },
  async () => {
    await using server = await NatsServer.start();
    using notes = new Notes();
    const { url } = server;
    const total = IS_LONG ? 1500 : 700;
    await using source = new LineProgram({ url, count: { total, run: 1, pauseMs: 1 }, publish: { parcelBytes: 1024 } });
    await using sink = new LineProgram({ url, note: { path: notes.path } });
    for (const reached of IS_LONG ? [200, 700] : [200]) {
      await notes.reach(reached);
      await server.kill();
      await pause(300);
      await server.start();
    }
    deepEqual((await source.ended).code, 0);
    deepEqual((await sink.ended).code, 0);
    checkExact(notes, 1, total);
  },
);

Deno.test("A server that is restarted has lost what is kept in memory, which both ends say", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  await using source = new LineProgram({ url, count: { total: 1e6, run: 1, pauseMs: 1 }, publish: { keep: "memory" } });
  await using sink = new LineProgram({ url, note: { path: notes.path, pauseMs: 20 } });
  await notes.reach(50);
  await server.kill();
  await server.start();
  const [published, subscribed] = [await source.ended, await sink.ended];
  deepEqual([published.code, subscribed.code], [1, 1]);
  const held =
    /TransportError: Cannot publish stream "frames": the server has lost the link, which held up to (\d+) frames/;
  match(published.err, held);
  ok(Number(held.exec(published.err)![1]) > 0);
  match(subscribed.err, /TransportError: Cannot subscribe stream "frames": the server has lost the link/);
  const noted = notes.read();
  deepEqual(noted, allOf(1, noted.length));
});

import { deepEqual } from "node:assert/strict";
import { IS_LONG } from "./_long.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { checkOrder, LineProgram, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;
const RING = 16;

Deno.test("A subscribing program that is killed gets what it had not consumed again, and nothing is lost", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  const total = 400;
  await using source = new LineProgram({ url, count: { total, run: 1, pauseMs: 2 }, publish: { parcelBytes: 1024 } });
  const sink = { url, frames: RING, note: { path: notes.path, pauseMs: 1 } };
  for (const reached of IS_LONG ? [100, 300] : [100]) {
    await using program = new LineProgram(sink);
    await notes.reach(reached);
    await program.kill();
  }
  await using last = new LineProgram(sink);
  deepEqual(await last.ended, { code: 0, err: "" });
  deepEqual(await source.ended, { code: 0, err: "" });
  // What was noted in the last 50 ms is not committed, nor what its ack was on the way for.
  checkOrder(notes, 1, total, { restarts: IS_LONG ? 2 : 1, most: 128 });
});

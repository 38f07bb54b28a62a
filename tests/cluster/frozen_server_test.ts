import { deepEqual } from "node:assert/strict";
import { IS_LONG } from "./_long.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { checkExact, LineProgram, Notes } from "./_programs.ts";

/** The long one is longer than it takes the client to give the connection up. */
const FREEZE_MS = IS_LONG ? 12_000 : 2000;
const ignore = LACKS_NATS;

Deno.test("A server that is frozen for a while loses and doubles nothing, and nobody is taken for dead", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  const count = { total: 800, run: 1, pauseMs: 1 };
  await using source = new LineProgram({ url, count, publish: { parcelBytes: 1024 } });
  await using sink = new LineProgram({ url, note: { path: notes.path } });
  await notes.reach(100);
  server.signal("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, FREEZE_MS));
  server.signal("SIGCONT");
  deepEqual((await source.ended).code, 0);
  deepEqual((await sink.ended).code, 0);
  checkExact(notes, 1, 800);
});

Deno.test("A server that is restarted when all was acked away has the writer go on", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  // A pause in which all is consumed, and the server is killed.
  await using source = new LineProgram({ url, count: { total: 60, run: 1, pauseMs: 20, restAt: 30, restMs: 2000 } });
  await using sink = new LineProgram({ url, note: { path: notes.path } });
  await notes.reach(30);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await server.kill();
  await server.start();
  deepEqual((await source.ended).code, 0);
  deepEqual((await sink.ended).code, 0);
  checkExact(notes, 1, 60);
});

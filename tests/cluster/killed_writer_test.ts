import { deepEqual, match } from "node:assert/strict";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { allOf, LineProgram, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;

for (const onNewRun of ["fail", "accept"] as const) {
  Deno.test(
    `A publishing program that is killed begins a new run: with onNewRun "${onNewRun}" nothing is dropped silently`,
    { ignore },
    async () => {
      await using server = await NatsServer.start();
      using notes = new Notes();
      const { url } = server;
      await using sink = new LineProgram({ url, note: { path: notes.path }, subscribe: { onNewRun } });
      await using first = new LineProgram({ url, count: { total: 1e6, run: 1, pauseMs: 2 } });
      await notes.reach(100);
      await first.kill();
      await using second = new LineProgram({ url, count: { total: 50, run: 2 } });
      deepEqual(await second.ended, { code: 0, err: "" });
      const { code, err } = await sink.ended;
      const before = notes.read().filter(([run]) => run === 1);
      deepEqual(before, allOf(1, before.length));
      if (onNewRun === "accept") {
        deepEqual([code, err], [0, ""]);
        deepEqual(notes.read().slice(before.length), allOf(2, 50));
        return;
      }
      deepEqual([code, notes.read().length], [1, before.length]);
      match(
        err,
        /TransportError: Cannot subscribe stream "frames": .* began anew before the end of the stream; onNewRun/,
      );
      // Starting it again is to accept the new run.
      await using again = new LineProgram({ url, note: { path: notes.path } });
      deepEqual(await again.ended, { code: 0, err: "" });
      deepEqual(notes.read().slice(before.length), allOf(2, 50));
    },
  );
}

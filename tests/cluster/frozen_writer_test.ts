import { deepEqual, match } from "node:assert/strict";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { allOf, LineProgram, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;

Deno.test(
  "A writer that was frozen while another took its place stores nothing more, and says who it was",
  { ignore },
  async () => {
    await using server = await NatsServer.start();
    using notes = new Notes();
    const { url } = server;
    await using sink = new LineProgram({ url, note: { path: notes.path }, subscribe: { onNewRun: "accept" } });
    await using first = new LineProgram({ url, count: { total: 1e6, run: 1, pauseMs: 2 } });
    await notes.reach(50);
    first.signal("SIGSTOP");
    await using second = new LineProgram({ url, count: { total: 2000, run: 2, pauseMs: 1 } });
    await notes.reach(notes.read().length + 200);
    first.signal("SIGCONT");
    const { code, err } = await first.ended;
    deepEqual(code, 1);
    match(
      err,
      /FencedError: Cannot publish stream "frames": another program has this end of the link: ".*", pid \d+, since 2/,
    );
    deepEqual(await second.ended, { code: 0, err: "" });
    deepEqual(await sink.ended, { code: 0, err: "" });
    const before = notes.read().filter(([run]) => run === 1);
    deepEqual(notes.read(), [...allOf(1, before.length), ...allOf(2, 2000)]);
  },
);

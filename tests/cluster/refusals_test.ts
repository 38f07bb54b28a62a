import { deepEqual, match } from "node:assert/strict";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { line, type LineOptions, runLine } from "./_line.ts";
import { checkExact, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;
const failure = (options: LineOptions): Promise<string> => runLine(options).then(() => "", ({ message }) => message);

Deno.test(
  "A second writer and a second reader are refused and named, and the first are not disturbed",
  { ignore },
  async () => {
    await using server = await NatsServer.start();
    using notes = new Notes();
    const { url } = server;
    await using source = line({ url, count: { total: 4000, run: 1, pauseMs: 1 } });
    await using sink = line({ url, note: { path: notes.path } });
    await source.start();
    await sink.start();
    await notes.reach(10);
    const [writer, reader] = await Promise.all([
      failure({ url, count: { total: 10, run: 2 } }),
      failure({ url, note: { path: notes.path } }),
    ]);
    const held = `another program has this end of the link: ".*", pid ${Deno.pid}, since \\d+`;
    match(writer, new RegExp(`FencedError: Cannot publish stream "frames": ${held}`));
    match(reader, new RegExp(`FencedError: Cannot subscribe stream "frames": ${held}`));
    await source.join();
    await sink.join();
    checkExact(notes, 1, 4000);
  },
);

for (
  const [what, other, text] of [
    ["shape", { shape: [8] }, "float64 [8]"],
    ["element type", { dtype: "float32" }, "float32 [4]"],
  ] as const
) {
  Deno.test(
    `Another ${what} at the other end is refused before the first frame, with both printed`,
    { ignore },
    async () => {
      await using server = await NatsServer.start();
      using notes = new Notes();
      const { url } = server;
      await using source = line({ url, count: { total: 5, run: 1 } });
      await source.run();
      const both = (here: string, there: string) =>
        `: the other end of link "line.frames" declares ${there}, this one ${here}; if no end declares that any more, ` +
        "remove JetStream stream RM_line_2eframes, with what it holds";
      const reading = await failure({ url, ...other, note: { path: notes.path } });
      deepEqual(reading.includes(`Cannot subscribe stream "frames"${both(text, "float64 [4]")}`), true, reading);
      const writing = await failure({ url, ...other, count: { total: 5, run: 2 } });
      deepEqual(writing.includes(`Cannot publish stream "frames"${both(text, "float64 [4]")}`), true, writing);
      deepEqual(notes.read(), []);
      await runLine({ url, note: { path: notes.path } });
      checkExact(notes, 1, 5);
    },
  );
}

Deno.test("A publishing program that may not publish says so, with the subject", { ignore }, async () => {
  const users =
    `authorization { users: [{ user: u, password: p, permissions: { publish: { deny: ["rm.>"] } } }] }\nno_auth_user: u`;
  await using server = await NatsServer.start(users);
  const message = await failure({ url: server.url, count: { total: 5, run: 1 } });
  match(message, /TransportError: Cannot publish stream "frames": .*Permissions Violation.*rm\.line_2eframes/i);
});

Deno.test("A server with less room than a link asks for is named, with what it was asked for", { ignore }, async () => {
  await using server = await NatsServer.start("", { storage: "max_file: 10MB" });
  const message = await failure({ url: server.url, count: { total: 5, run: 1 } });
  match(
    message,
    /insufficient storage resources available; it was asked for the 67108864 bytes of the option maxBytes/,
  );
});

import { deepEqual, match, ok } from "node:assert/strict";
import { IS_LONG } from "./_long.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { allOf, checkExact, LineProgram, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;
const resume = { onNewRun: "resume" } as const;

Deno.test("A writer that is killed and resumes leaves no hole, and nothing comes twice", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  const count = { total: 400, pauseMs: 1, resumes: true };
  const source = (run: number) => new LineProgram({ url, count: { ...count, run }, publish: resume });
  await using sink = new LineProgram({ url, note: { path: notes.path }, subscribe: resume });
  for (const run of IS_LONG ? [1, 2] : [1]) {
    await using program = source(run);
    await notes.reach(run * 150);
    await program.kill();
  }
  await using last = source(3);
  deepEqual(await last.ended, { code: 0, err: "" });
  deepEqual(await sink.ended, { code: 0, err: "" });
  const noted = notes.read();
  deepEqual(noted.map(([, number]) => number), allOf(0, 400).map(([, number]) => number));
  deepEqual(Array.from(new Set(noted.map(([run]) => run))), IS_LONG ? [1, 2, 3] : [1, 3]);
});

Deno.test("A writer that comes back when all is consumed resumes behind what was", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  const count = { total: 100, resumes: true };
  // The source fails, and its frames are consumed, before the next run begins.
  await using first = new LineProgram({
    url,
    count: { ...count, run: 1, pauseMs: 1, failsAfter: 40 },
    publish: resume,
  });
  deepEqual((await first.ended).code, 1);
  await using sink = new LineProgram({ url, note: { path: notes.path, byNumber: true }, subscribe: resume });
  await notes.reach(1);
  const crossed = await notes.reachRest();
  await using second = new LineProgram({ url, count: { ...count, run: 2 }, publish: resume });
  deepEqual(await second.ended, { code: 0, err: "" });
  deepEqual(await sink.ended, { code: 0, err: "" });
  deepEqual(notes.read(), [...allOf(1, crossed), ...allOf(2, 100).slice(crossed)]);
});

Deno.test("A new run that does not begin where the one before has ended is refused by its numbers", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  await using sink = new LineProgram({ url, note: { path: notes.path }, subscribe: resume });
  // It does not say that it resumes.
  await using first = new LineProgram({ url, count: { total: 1e6, run: 1, pauseMs: 1 } });
  await notes.reach(50);
  await first.kill();
  await using _second = new LineProgram({ url, count: { total: 1e6, run: 2, pauseMs: 1 } });
  const { code, err } = await sink.ended;
  deepEqual(code, 1);
  match(err, /began anew, and does not resume: it begins with frame 0, but the one before has come to \d+/);
  const noted = notes.read();
  deepEqual(noted, allOf(1, noted.length));
});

Deno.test("A sink that commits what it has written loses nothing when it is killed before it writes", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  const publish = { parcelBytes: 1024 };
  await using source = new LineProgram({ url, count: { total: 600, run: 1, pauseMs: 1 }, publish });
  const sink = () =>
    new LineProgram({
      url,
      note: { path: notes.path, buffer: 50, byNumber: true },
      subscribe: { commit: "explicit" },
    });
  for (const many of IS_LONG ? [200, 500] : [200]) {
    await using program = sink();
    await notes.reach(many);
    await program.kill();
  }
  await using last = sink();
  deepEqual(await last.ended, { code: 0, err: "" });
  deepEqual(await source.ended, { code: 0, err: "" });
  // What comes again has the number that it had: a sink that keeps it has each frame once.
  const noted = notes.read();
  deepEqual(Array.from(new Set(noted.map(([, number]) => number))), allOf(1, 600).map(([, number]) => number));
  ok(noted.length >= 600);
});

Deno.test("A sink whose writing is all it consumes has every frame once without restarts", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  const note = { path: notes.path, buffer: 7 };
  await using sink = new LineProgram({ url, note, subscribe: { commit: "explicit" } });
  await using source = new LineProgram({ url, count: { total: 100, run: 1 } });
  deepEqual(await source.ended, { code: 0, err: "" });
  deepEqual(await sink.ended, { code: 0, err: "" });
  checkExact(notes, 1, 100);
});

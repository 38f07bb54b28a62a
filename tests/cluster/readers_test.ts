import { deepEqual, ok, throws } from "node:assert/strict";
import { DeclarationError, Pipeline } from "@ringmill/ringmill";
import { nats, publish, subscribe } from "@ringmill/ringmill/cluster";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { line, runLine } from "./_line.ts";
import { allOf, checkExact, Notes } from "./_programs.ts";
import { note, noteFew } from "./_tasks.ts";

const ignore = LACKS_NATS;

Deno.test("Each of two readers gets every frame, and the slower one holds the writer back", { ignore }, async () => {
  await using server = await NatsServer.start();
  using quick = new Notes();
  using slow = new Notes();
  const { url } = server;
  const total = 400;
  const shape = [100];
  const options = { readers: ["quick", "slow"], maxBytes: 20_000, parcelBytes: 1024 };
  await using source = line({ url, shape, count: { total, run: 1 }, publish: options });
  await source.start();
  const sink = (notes: Notes, reader: string, pauseMs?: number) =>
    runLine({ url, shape, note: { path: notes.path, pauseMs }, subscribe: { reader } });
  const first = sink(quick, "quick");
  await quick.reach(1);
  // Nobody is there as the slow reader: the server holds frames for it until it is full.
  deepEqual(await source.join({ timeoutMs: 1500 }), false);
  const waiting = quick.read().length;
  ok(waiting < total, `${waiting} have come`);
  await Promise.all([first, sink(slow, "slow", 2)]);
  await source.join();
  checkExact(quick, 1, total);
  checkExact(slow, 1, total);
});

Deno.test("A reader that leaves early leaves the rest to the next program", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  await runLine({ url, count: { total: 100, run: 1 }, publish: { parcelBytes: 1024 } });
  await using pipe = new Pipeline("line", new URL("./_tasks.ts", import.meta.url));
  const frames = pipe.addStream("frames", { shape: [4], dtype: "float64" });
  pipe.addTask("note", { fn: noteFew, reads: { frames }, params: { path: notes.path, few: 40 } });
  subscribe(pipe, frames, { from: nats(url) });
  await pipe.run();
  deepEqual(notes.read(), allOf(1, 40));
  await runLine({ url, note: { path: notes.path } });
  const [again] = notes.read().slice(40);
  // Frames come again in whole parcels.
  ok(again[1] <= 40 && again[1] > 0, `from frame ${again[1]} on`);
  deepEqual(notes.read().slice(40), allOf(1, 100).slice(again[1]));
});

Deno.test("A reader that the publishing program does not name is refused, and so is one that it names no more", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  await runLine({ url, count: { total: 3, run: 1 }, publish: { readers: ["a"] } });
  const failure = (promise: Promise<void>) => promise.then(() => "", ({ message }) => message);
  const reading = await failure(runLine({ url, note: { path: notes.path }, subscribe: { reader: "b" } }));
  ok(reading.includes('link "line.frames" has no reader "b"'), reading);
  const writing = await failure(runLine({ url, count: { total: 3, run: 2 }, publish: { readers: ["b"] } }));
  ok(writing.includes("its link has readers that it does not name, a"), writing);
});

Deno.test("Names of any characters cross", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  const [link, reader] = ["a.b > *", "süd_2 /"];
  await runLine({ url, count: { total: 3, run: 1 }, publish: { link, readers: [reader] } });
  await runLine({ url, note: { path: notes.path }, subscribe: { link, reader } });
  checkExact(notes, 1, 3);
});

Deno.test("Bad options and a stream of another pipeline are refused when they are declared", () => {
  const pipe = new Pipeline("line", import.meta);
  const frames = pipe.addStream("frames", { shape: [1000], dtype: "float64" });
  const to = nats("nats://127.0.0.1:4222");
  for (
    const [options, kind, message] of [
      [{}, TypeError, /Cannot publish stream "frames": to must be a transport/],
      [{ to: "nats://127.0.0.1" }, TypeError, /to must be a transport/],
      [{ to, readers: [] }, RangeError, /readers must be an array of one or more different texts/],
      [{ to, readers: ["a", "a"] }, RangeError, /readers must be/],
      [{ to, readers: "a" }, TypeError, /readers must be/],
      [{ to, keep: "disk" }, RangeError, /keep must be one of file, memory, received "disk"/],
      [{ to, maxBytes: 10_000 }, RangeError, /maxBytes must be an integer, \d+ or more, received 10000/],
      [{ to, parcelBytes: 10 }, RangeError, /parcelBytes must be an integer from 1024/],
      [{ to, replicas: 0 }, RangeError, /replicas/],
      [{ to, window: 1 }, TypeError, /there is no option "window"/],
    ] as const
  ) {
    throws(
      () => publish(pipe, frames, options as never),
      (error: Error) => error instanceof kind && message.test(error.message),
    );
  }
  throws(() => subscribe(pipe, frames, { from: to, onNewRun: "go" as "fail" }), RangeError);
  throws(() => subscribe(pipe, frames, {} as never), /Cannot subscribe stream "frames": from must be a transport/);
  throws(() => publish(pipe, "frames" as never, { to }), DeclarationError);
  throws(() => publish(pipe, frames.latest, { to, readers: ["a"] }), /there is no option "readers"/);
  throws(() => subscribe(pipe, frames.latest, { from: to, onNewRun: "resume" }), RangeError);
  throws(() => publish(new Pipeline("other", import.meta), frames, { to }), DeclarationError);
  throws(
    () => nats("nats://user:hunter2@hub"),
    (error: Error) => error instanceof RangeError && !error.message.includes("hunter2"),
  );
  throws(() => nats([]), RangeError);
  throws(() => nats("nats://hub", { giveUpMs: -1 }), RangeError);
  throws(() => nats("nats://hub", { tls: { ca: "x" } as never }), TypeError);
  throws(() => nats("nats://hub", { tokenFile: "a", credsFile: "b" }), TypeError);
  deepEqual(Array.from(pipe.tasks.keys()), []);
  pipe.addTask("note", { fn: note, reads: { frames }, params: { path: "" } });
});

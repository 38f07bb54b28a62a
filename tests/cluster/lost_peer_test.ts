import { deepEqual, match, ok } from "node:assert/strict";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { line, type LineOptions, runLine } from "./_line.ts";
import { allOf, LineProgram, Notes } from "./_programs.ts";

const ignore = LACKS_NATS;
const failure = (options: LineOptions): Promise<string> => runLine(options).then(() => "", ({ message }) => message);
const peerTimeoutMs = 1500;
const endless = { total: 1e6, run: 1, pauseMs: 1 };

Deno.test('A reader whose writer was stopped ends with it, by onLostPeer "end"', { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  await using source = line({ url, count: endless });
  await source.start();
  const subscribed = failure({ url, note: { path: notes.path }, subscribe: { onLostPeer: "end" } });
  await notes.reach(20);
  source.stop();
  await source.join();
  deepEqual(await subscribed, "");
  deepEqual(notes.read(), allOf(1, notes.read().length));
});

Deno.test('A reader waits for a writer that was stopped, by onLostPeer "wait", and onNewRun decides', {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  using other = new Notes();
  const { url } = server;
  const readers = ["strict", "easy"];
  await using source = line({ url, count: endless, publish: { readers } });
  await source.start();
  const strict = failure({ url, note: { path: notes.path }, subscribe: { reader: "strict" } });
  const easy = failure({ url, note: { path: other.path }, subscribe: { reader: "easy", onNewRun: "accept" } });
  await Promise.all([notes.reach(20), other.reach(20)]);
  source.stop();
  await source.join();
  await runLine({ url, count: { total: 5, run: 2 }, publish: { readers } });
  match(
    await strict,
    /on machine .*: its program was stopped before the end of the stream, and began anew before the end/,
  );
  deepEqual(await easy, "");
  deepEqual(other.read().slice(-5), allOf(2, 5));
});

for (const onLostPeer of ["fail", "end"] as const) {
  Deno.test(
    `A reader and a writer whose other end was killed ${onLostPeer}, by onLostPeer "${onLostPeer}"`,
    { ignore },
    async () => {
      await using server = await NatsServer.start();
      using notes = new Notes();
      using other = new Notes();
      const { url } = server;
      const policy = { onLostPeer, peerTimeoutMs };
      // Two links: of one the writer is killed, of the other the reader.
      await using doomed = new LineProgram({ url, count: endless, publish: { link: "a" } });
      const reading = failure({ url, note: { path: notes.path }, subscribe: { link: "a", ...policy } });
      const writing = failure({ url, count: endless, publish: { link: "b", ...policy } });
      await using doomedToo = new LineProgram({ url, note: { path: other.path }, subscribe: { link: "b" } });
      await Promise.all([notes.reach(20), other.reach(20)]);
      await Promise.all([doomed.kill(), doomedToo.kill()]);
      const [read, written] = await Promise.all([reading, writing]);
      deepEqual(notes.read(), allOf(1, notes.read().length));
      if (onLostPeer === "end") return deepEqual([read, written], ["", ""]);
      match(read, /Cannot subscribe stream "frames": the program that writes it has not been there for \d/);
      match(written, /Cannot publish stream "frames": its reader "reader" has not been there for \d/);
    },
  );
}

Deno.test('A reader that is lost holds nobody back, by onLostPeer "drop", and goes on with what is new', {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  using steady = new Notes();
  using shaky = new Notes();
  const { url } = server;
  // Readers that are not there soon are dropped, too: they begin first.
  const publish = { readers: ["steady", "shaky"], onLostPeer: "drop", peerTimeoutMs: 3000 } as const;
  const sizes = { maxBytes: 60_000, parcelBytes: 1024 };
  const shape = [300];
  const count = { total: 900, run: 1, pauseMs: 1 };
  const sink = (notes: Notes, reader: string) =>
    new LineProgram({ url, shape, note: { path: notes.path, byNumber: true }, subscribe: { reader } });
  await using first = sink(steady, "steady");
  await using second = sink(shaky, "shaky");
  const source = new LineProgram({ url, shape, count, publish: { ...publish, ...sizes } });
  await using _ = source;
  await Promise.all([steady.reach(50), shaky.reach(50)]);
  await second.kill();
  const before = shaky.read().length;
  // The link can hold 24 of these frames: without it being dropped, nothing would go on.
  await steady.reach(steady.read().length + 100);
  await using third = sink(shaky, "shaky");
  deepEqual((await source.ended).code, 0);
  deepEqual(await first.ended, { code: 0, err: "" });
  deepEqual(await third.ended, { code: 0, err: "" });
  deepEqual(steady.read(), allOf(1, 900));
  const after = shaky.read().slice(before);
  ok(after[0][1] > before + 50, `it goes on with frame ${after[0]?.[1]}, behind ${before}`);
  deepEqual(after, allOf(1, 900).slice(after[0][1]));
  match((await source.ended).err, /its reader "shaky" has not been there for .* is dropped for it/);
});

for (const isNewest of [false, true]) {
  const what = isNewest ? "the newest frames" : "all frames";
  Deno.test(`A reader of ${what} whose writer never comes does what onLostPeer says`, { ignore }, async () => {
    await using server = await NatsServer.start();
    using notes = new Notes();
    const read = (onLostPeer: "fail" | "end") =>
      failure({
        url: server.url,
        isNewest,
        note: { path: notes.path },
        subscribe: { link: onLostPeer, onLostPeer, peerTimeoutMs },
      });
    const [failed, ended] = await Promise.all([read("fail"), read("end")]);
    match(failed, /Cannot subscribe stream "frames": the program that writes it has not been there for 1\.5 s/);
    deepEqual(ended, "");
  });
}

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { runLine } from "./_line.ts";
import { LineProgram, Notes } from "./_programs.ts";
import { Proxy } from "./_proxy.ts";

const ignore = LACKS_NATS;
const isNewest = true;

/** Checks that no frame comes twice or after a newer one, and returns the numbers of a run. */
function growing(notes: Notes, run: number): number[] {
  const numbers = notes.read().filter(([of]) => of === run).map(([, number]) => number);
  numbers.forEach((number, index) => ok(index === 0 || number > numbers[index - 1], `${number} comes late`));
  return numbers;
}

for (const [what, shape, parcelBytes] of [["one parcel", [4], 262_144], ["several parcels", [1000], 1024]] as const) {
  Deno.test(
    `Of the newest frames of ${what} a slow reader gets some, in order and with the last, and holds nobody back`,
    { ignore },
    async () => {
      await using server = await NatsServer.start();
      using notes = new Notes();
      const { url } = server;
      const sink = runLine({ url, isNewest, shape, note: { path: notes.path, pauseMs: 25, byNumber: true } });
      // Some three seconds, as it takes the reader one or so to be there.
      const total = 3000;
      await runLine({ url, isNewest, shape, count: { total, run: 1, pauseMs: 1 }, publish: { parcelBytes } });
      // The writer has ended while the reader, which would take a minute for all, is under way.
      ok(notes.read().length < total / 2);
      await sink;
      const numbers = growing(notes, 1);
      equal(numbers.at(-1), total - 1);
      ok(numbers.length > 2 && numbers.length < total / 2, `${numbers.length} have come`);
    },
  );
}

Deno.test("Newest frames go on behind a killed writer, reader and server, and none comes after a newer one", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  const subscribe = { onNewRun: "accept" } as const;
  const sink = () => new LineProgram({ url, isNewest, note: { path: notes.path, byNumber: true }, subscribe });
  const source = (run: number, total = 1e6) => new LineProgram({ url, isNewest, count: { total, run, pauseMs: 1 } });
  const more = () => notes.reach(notes.read().length + 20);
  await using first = source(1);
  await using doomed = sink();
  await more();
  await doomed.kill();
  await using second = sink();
  await more();
  await server.kill();
  await server.start();
  await more();
  await first.kill();
  await using third = source(2, 300);
  deepEqual(await third.ended, { code: 0, err: "" });
  deepEqual((await second.ended).code, 0);
  growing(notes, 1);
  equal(growing(notes, 2).at(-1), 299);
  const runs = notes.read().map(([run]) => run);
  deepEqual(runs, runs.toSorted((a, b) => a - b));
});

Deno.test("Newest frames by a network that cuts at any byte come whole and in order", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  let seed = 5;
  const budget = () => 3000 + (seed = seed * 48271 % 2147483647) % 30_000;
  await using near = new Proxy(server.port, budget);
  await using far = new Proxy(server.port, budget);
  const shape = [300];
  const sink = runLine({ url: far.url, isNewest, shape, note: { path: notes.path, byNumber: true } });
  await runLine({ url: near.url, isNewest, shape, count: { total: 400, run: 1, pauseMs: 1 } });
  await sink;
  ok(near.cuts > 0 && far.cuts > 0, `${near.cuts} and ${far.cuts} cuts`);
  equal(growing(notes, 1).at(-1), 399);
});

Deno.test("By default, a new run fails the reader of the newest frames, too; all frames do not cross as the newest", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  const failure = runLine({ url, isNewest, note: { path: notes.path } }).then(() => "", ({ message }) => message);
  await using first = new LineProgram({ url, isNewest, count: { total: 1e6, run: 1, pauseMs: 1 } });
  await notes.reach(5);
  await first.kill();
  await using second = new LineProgram({ url, isNewest, count: { total: 10, run: 2 } });
  deepEqual((await second.ended).code, 0);
  match(
    await failure,
    /Cannot subscribe stream "frames": .* began anew before the end of the stream; onNewRun decides/,
  );
});

import { match, rejects } from "node:assert/strict";
import { freePort } from "../_free_port.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { line, type LineOptions, runLine } from "./_line.ts";
import { Notes } from "./_programs.ts";

const ignore = LACKS_NATS;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const failure = (options: LineOptions): Promise<string> => runLine(options).then(() => "", ({ message }) => message);

Deno.test("Without a server the ends fail at once with its URL, or wait for it", { ignore }, async () => {
  using notes = new Notes();
  const url = `nats://127.0.0.1:${freePort()}`;
  match(await failure({ url, count: { total: 1, run: 1 } }), new RegExp(`TransportError: Cannot publish .*${url}: `));
  match(await failure({ url, note: { path: notes.path } }), new RegExp(`TransportError: Cannot subscribe .*${url}: `));
  await using waiting = line({ url, nats: { waitOnFirstConnect: true }, count: { total: 1, run: 1 } });
  await waiting.start();
  await pause(300);
  waiting.stop();
  await waiting.join();
});

Deno.test("A server that is waited for from the start is so for giveUpMs", async () => {
  using notes = new Notes();
  const nats = { waitOnFirstConnect: true, giveUpMs: 700 };
  const silent = / Cannot .*: nats:.* did not answer for \d+ ms: .*; giveUpMs is 700$/;
  match(await failure({ url: `nats://127.0.0.1:${freePort()}`, nats, count: { total: 1, run: 1 } }), silent);
  match(await failure({ url: "nats://no-such-host.invalid:4222", nats, note: { path: notes.path } }), silent);
});

const ACCOUNT = "accounts { A { users: [{ user: a, password: b }] } }\nno_auth_user: a";
for (
  const [who, settings, storage, expected] of [
    ["A server", "", "enabled: false", /nats-server .* has no JetStream: start it with --jetstream/],
    ["An account", ACCOUNT, "", /the program's account at the server has no JetStream/],
  ] as const
) {
  Deno.test(`${who} without JetStream fails the ends at once, or is waited for`, { ignore }, async () => {
    await using server = await NatsServer.start(settings, { storage });
    using notes = new Notes();
    const { url } = server;
    const nats = { giveUpMs: 5000 };
    match(await failure({ url, nats, count: { total: 1, run: 1 } }), expected);
    match(await failure({ url, nats, note: { path: notes.path } }), expected);
    await using waiting = line({ url, nats: { waitOnFirstConnect: true }, count: { total: 1, run: 1 } });
    await waiting.start();
    await pause(300);
    waiting.stop();
    await waiting.join();
  });
}

Deno.test("A server that does not answer for longer than giveUpMs fails the ends", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const options = { url: server.url, nats: { giveUpMs: 1000 } };
  await using source = line({ ...options, count: { total: 1e6, run: 1, pauseMs: 1 } });
  await using sink = line({ ...options, note: { path: notes.path } });
  await source.start();
  await sink.start();
  await notes.reach(10);
  await server.kill();
  const silent = (what: string) =>
    new RegExp(`TransportError: Cannot ${what} stream "frames": .* did not answer for \\d+ ms: .*; giveUpMs is 1000`);
  await rejects(() => source.join(), ({ message }) => silent("publish").test(message));
  await rejects(() => sink.join(), ({ message }) => silent("subscribe").test(message));
});

Deno.test("A stop is not held up by a server that does not answer", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  await using source = line({ url, count: { total: 1e6, run: 1, pauseMs: 1 } });
  await using sink = line({ url, note: { path: notes.path } });
  await source.start();
  await sink.start();
  await notes.reach(10);
  server.signal("SIGSTOP");
  await pause(500);
  // A task that ignores the stop for the second of grace would be an error.
  source.stop();
  await source.join();
  sink.stop();
  await sink.join();
});

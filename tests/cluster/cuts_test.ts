import { ok } from "node:assert/strict";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { runCut } from "./_cut_line.ts";
import { Notes } from "./_programs.ts";
import { Proxy } from "./_proxy.ts";

const ignore = LACKS_NATS;

Deno.test("Connections that are cut at any byte lose, double and reorder nothing", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  let size = 20_000;
  const budget = () => size += 20_000;
  await using near = new Proxy(server.port, budget);
  await using far = new Proxy(server.port, budget);
  await runCut(near.url, far.url, notes, () => Promise.resolve(), 1000);
  ok(near.cuts >= 2 && far.cuts >= 2, `${near.cuts} and ${far.cuts} cuts`);
});

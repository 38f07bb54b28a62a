import { deepEqual, match } from "node:assert/strict";
import { Hosts, lacksHosts, SERVER_ADDRESS } from "./_hosts.ts";
import type { LineOptions } from "./_line.ts";
import { checkExact, LineProgram, Notes } from "./_programs.ts";
import { freePort } from "../_free_port.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";

const lacking = await lacksHosts();
const AWAY_MS = 1500;
const count = { total: 2000, run: 1, pauseMs: 1 };

/** Runs a line from one host to another, whose cables are pulled out for a while, one after the other. */
async function runBetween(hosts: Hosts, notes: Notes, edge: LineOptions, hub: LineOptions): Promise<void> {
  const sink = new LineProgram({ ...hub, note: { path: notes.path } }, { prefix: hosts.prefixOf("hub") });
  await using _sink = sink;
  const source = new LineProgram({ ...edge, count }, { prefix: hosts.prefixOf("edge") });
  await using _source = source;
  const ended = Promise.all([source.ended, sink.ended]);
  const pull = async () => {
    for (const [frames, name] of [[50, "edge"], [500, "hub"]] as const) {
      await notes.reach(frames);
      await hosts.plug(name, false);
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      await hosts.plug(name, true);
    }
  };
  // Whoever ends before the cables were pulled says why.
  await Promise.race([pull(), ended]);
  deepEqual(await ended, [{ code: 0, err: "" }, { code: 0, err: "" }]);
  checkExact(notes, 1, count.total);
}

Deno.test("Between hosts whose cables are pulled out in turn each frame crosses once", {
  ignore: lacking || LACKS_NATS,
}, async () => {
  await using hosts = await Hosts.start("edge", "hub");
  await using server = await NatsServer.start("", { host: SERVER_ADDRESS, prefix: hosts.prefixOf() });
  using notes = new Notes();
  await runBetween(hosts, notes, { url: server.url }, { url: server.url });
});

Deno.test("Between hosts without a server, the one that has the address listens, and each frame crosses once", {
  ignore: lacking,
}, async () => {
  await using hosts = await Hosts.start("edge", "hub");
  using notes = new Notes();
  const url = `tcp://${hosts.addressOf("hub")}:${freePort()}`;
  await runBetween(hosts, notes, { url }, { url });
});

Deno.test("A host without a cable to its server says which one it cannot reach", {
  ignore: lacking || LACKS_NATS,
}, async () => {
  await using hosts = await Hosts.start("edge");
  const url = `nats://${SERVER_ADDRESS}:${freePort()}`;
  await hosts.plug("edge", false);
  await using source = new LineProgram({ url, count }, { prefix: hosts.prefixOf("edge") });
  const { code, err } = await source.ended;
  deepEqual(code, 1);
  match(err, new RegExp(`Cannot publish stream "frames": .*${url}`));
});

import { deepEqual, equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ringmill } from "../cli/_command.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";

const ignore = LACKS_NATS;
const LINE = fileURLToPath(new URL("./_machines.ts", import.meta.url));

Deno.test("One declaration runs over two programs as it runs in one", { ignore }, async () => {
  await using server = await NatsServer.start();
  const part = (machine: string) => ringmill("run", LINE, "-q", "--machine", machine, "--connect", server.url);
  const [edge, hub, alone] = await Promise.all([part("edge"), part("hub"), ringmill("run", LINE, "-q")]);
  deepEqual([edge.status, hub.status, alone.status], [0, 0, 0], edge.errors + hub.errors);
  deepEqual([edge.output, alone.output], ["200 in order\n", "200 in order\n"]);
});

Deno.test("A task's failure ends the other machine's program with its machine and task", { ignore }, async () => {
  await using server = await NatsServer.start();
  const part = (machine: string) =>
    ringmill("run", LINE, "-q", "--export", "failing", "--machine", machine, "--connect", server.url);
  const [edge, hub] = await Promise.all([part("edge"), part("hub")]);
  deepEqual([edge.status, hub.status], [1, 1]);
  match(edge.errors, /Task "count" failed: it threw RangeError: the lens is dirty/);
  match(hub.errors, /on machine edge: task "count" failed: it threw RangeError: the lens is dirty/);
});

Deno.test("check shows the machines and what crosses; draw draws a box for each", async () => {
  const { status, output } = await ringmill("check", LINE);
  equal(status, 0);
  match(output, /machine edge: count, report\nmachine hub: double\n/);
  match(output, /stream numbers: edge -> hub\nstream doubled: hub -> edge\n/);
  match((await ringmill("draw", LINE, "-f", "mermaid")).output, /subgraph g1\["hub"\]/);
});

Deno.test("Options of machines that do not go together are usage errors", async () => {
  const wrong = async (...args: string[]) => {
    const { status, errors } = await ringmill("run", LINE, ...args);
    return `${status} ${errors}`;
  };
  match(await wrong("--connect", "nats://127.0.0.1:4222"), /^2 .*--connect goes with --machine/);
  match(await wrong("--machine", "hub", "--creds", "x"), /^2 .*--creds goes with --connect/);
  match(await wrong("--machine", "hub", "--connect", "http://hub"), /^2 .*URL must be nats:\/\/host:port/);
  match(await wrong("--machine", "hup", "--connect", "nats://127.0.0.1:4222"), /^1 .*did you mean "hub"/s);
});

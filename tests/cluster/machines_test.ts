import { deepEqual, equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { ringmill, START } from "../cli/_command.ts";
import { streamOf } from "../../src/cluster/jetstream/names.ts";
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

/** Resolves when so many parcels have crossed by a link. */
async function untilCrossed({ url }: NatsServer, link: string, parcels: number): Promise<void> {
  const connection = await connect({ servers: url });
  try {
    const manager = await jetstreamManager(connection);
    const crossed = () => manager.streams.info(streamOf(link)).then(({ state }) => state.last_seq, () => 0);
    while (await crossed() < parcels) await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    await connection.close();
  }
}

/** A program of one machine, which runs on. */
function start(server: NatsServer, machine: string, name: string): Deno.ChildProcess {
  const [deno, ...first] = START;
  const args = [...first, "run", LINE, "-q", "--export", name, "--machine", machine, "--connect", server.url];
  return new Deno.Command(deno, { args, stdout: "piped", stderr: "piped", env: { NO_COLOR: "1" } }).spawn();
}

Deno.test(
  "Ctrl-C of one machine's program has the other wait, by default",
  { ignore },
  async () => {
    await using server = await NatsServer.start();
    const edge = start(server, "edge", "endless");
    const hub = start(server, "hub", "endless");
    await untilCrossed(server, "labelled.doubled", 3);
    hub.kill("SIGINT");
    const { code, stderr } = await hub.output();
    deepEqual([code, new TextDecoder().decode(stderr)], [130, ""]);
    const isRunning = await Promise.race([
      edge.status.then(() => false),
      new Promise((resolve) => setTimeout(resolve, 500, true)),
    ]);
    equal(isRunning, true);
    edge.kill("SIGINT");
    const ended = await edge.output();
    deepEqual([ended.code, new TextDecoder().decode(ended.stderr)], [130, ""]);
  },
);

Deno.test('Ctrl-C of one machine\'s program ends the other, by onLostPeer "end"', { ignore }, async () => {
  await using server = await NatsServer.start();
  const edge = start(server, "edge", "ending");
  const hub = start(server, "hub", "ending");
  await untilCrossed(server, "labelled.doubled", 3);
  // Until the other one has seen it: otherwise it is waited for as long as for one that was killed.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  hub.kill("SIGINT");
  equal((await hub.output()).code, 130);
  const { code, stdout } = await edge.output();
  equal(code, 0);
  match(new TextDecoder().decode(stdout), /^[1-9]\d* in order\n$/);
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

/** Streams between two programs' pipelines by JetStream and by TCP, against a bare TCP connection and a bare NATS client. */

import process from "node:process";
import { jetstream, jetstreamManager, StorageType } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Pipeline } from "@ringmill/ringmill";
import { nats, publish, subscribe, tcp, type Transport } from "@ringmill/ringmill/cluster";
import { freePort } from "../_free_port.ts";
import { LACKS_NATS, NatsServer } from "../cluster/_server.ts";
import { receiveRaw, sendRaw } from "./_cluster_tasks.ts";
import { isSumOfAll, mapValues, median, race, verify } from "./_measure.ts";
import { readCopies, writeCopies } from "./_stream_tasks.ts";
import { against, formatBytes, type Row, type Table } from "./_table.ts";

const TASKS = new URL("./_stream_tasks.ts", import.meta.url);
const RAW = new URL("./_cluster_tasks.ts", import.meta.url);
const ROUNDS = 3;
/** Bytes of a frame, and how many: for long enough that starting does not count. */
const CASES = [[64, 1_000_000], [16 * 1024, 32_000], [1 << 20, 512]] as const;
const ROUND_TRIPS = 300;

/** Nanoseconds from frame to frame at the sink, and microseconds of CPU of this process for each megabyte. */
interface Cost {
  readonly time: number;
  readonly cpu: number;
}

/** Adds what carries a stream from one pipeline to another. */
type Carry = (from: Pipeline, to: Pipeline) => Promise<void> | void;

let links = 0;

/** Two pipelines, as if of two programs, with what `carry` puts between them. */
async function timeCrossing(frameBytes: number, count: number, carry: Carry): Promise<Cost> {
  const declare = (name: string) => {
    const pipe = new Pipeline(name, TASKS);
    const ring = Math.max(4, Math.min(4096, Math.floor((4 << 20) / frameBytes)));
    return { pipe, frames: pipe.addStream("frames", { shape: [frameBytes / 4], dtype: "uint32", frames: ring }) };
  };
  const { pipe: from, frames: out } = declare("from");
  const { pipe: to, frames: arriving } = declare("to");
  await using _from = from;
  await using _to = to;
  from.addTask("write", { fn: writeCopies, writes: { frames: out }, params: { frames: count } });
  const receipts = to.addStream("receipts", { shape: [2], dtype: "float64" });
  to.addTask("read", { fn: readCopies, reads: { frames: arriving }, writes: { receipts } });
  const result = to.openReader(receipts);
  await carry(from, to);
  await to.compile();
  await from.compile();
  const before = process.cpuUsage();
  await Promise.all([to.run(), from.run()]);
  const { user, system } = process.cpuUsage(before);
  const [time, sum] = result.read()!;
  verify(isSumOfAll(sum, count), "a stream that crosses");
  return { time, cpu: (user + system) / (frameBytes * count) * 1e6 };
}

/** By a transport of the package. */
function by(makeTransport: () => Transport, keep: "memory" | undefined): Carry {
  return (from, to) => {
    const transport = makeTransport();
    const link = `bench ${links++}`;
    publish(from, from.stream("frames"), { to: transport, link, keep });
    subscribe(to, to.stream("frames"), { from: transport, link });
  };
}

/** By a bare TCP connection. */
const raw: Carry = async (from, to) => {
  const params = { port: freePort() };
  const reads = { frames: from.stream("frames", "uint32") };
  from.addTask("send", { fn: sendRaw, module: RAW, reads, params });
  const { replaceWriter } = await import("../../src/pipeline/replaced_writers.ts");
  to.addTask("receive", { fn: receiveRaw, module: RAW, writes: { frames: to.stream("frames", "uint32") }, params });
  replaceWriter(to, "frames", "receive");
};

async function measureCase(server: NatsServer, frameBytes: number, count: number): Promise<{ time: Row; cpu: Row }> {
  const timed = (carry: Carry) => () => timeCrossing(frameBytes, count, carry);
  const costs = await race({
    "bare TCP": timed(raw),
    TCP: timed(by(() => tcp(`tcp://127.0.0.1:${freePort()}`), undefined)),
    JetStream: timed(by(() => nats(server.url), "memory")),
  }, ROUNDS);
  const of = (figure: keyof Cost) => mapValues(costs, (all) => median(all.map((cost) => cost[figure])));
  const label = formatBytes(frameBytes);
  const times = of("time");
  const cpu = of("cpu");
  const isLarge = frameBytes > 64;
  const ratios = (figures: Record<string, number>, jet?: number, direct?: number) => [
    ...against(figures, "JetStream", { "bare TCP": jet! }, ["bare TCP"]),
    ...against(figures, "TCP", { "bare TCP": direct! }, ["bare TCP"]),
  ];
  if (!isLarge) times["core NATS, unbatched"] = await timeUnbatched(server, frameBytes, count / 4);
  return {
    time: {
      label,
      times,
      ratios: isLarge
        ? ratios(times, 0.28, 0.7)
        : [...ratios(times), ...against(times, "JetStream", { "core NATS, unbatched": 3 }, ["core NATS, unbatched"])],
    },
    cpu: { label, times: cpu, ratios: ratios(cpu, isLarge ? 1 / 2.2 : undefined) },
  };
}

/** Nanoseconds for each message that the client publishes by itself. */
async function timeUnbatched({ url }: NatsServer, bytes: number, count: number): Promise<number> {
  const connection = await connect({ servers: url });
  const payload = new Uint8Array(bytes);
  const start = performance.now();
  for (let n = 0; n < count; n++) {
    connection.publish("bare", payload);
    if (n % 1000 === 999) await connection.flush();
  }
  await connection.flush();
  const time = (performance.now() - start) / count * 1e6;
  await connection.close();
  return time;
}

/** Microseconds from a frame that is written to the same frame read, on a stream that is idle otherwise. */
async function timeIdle({ url }: NatsServer): Promise<number> {
  const [from, to] = ["from", "to"].map((name) => new Pipeline(name, TASKS));
  await using _from = from;
  await using _to = to;
  const options = { shape: [256], dtype: "uint32" } as const;
  const writer = from.openWriter(from.addStream("frames", options));
  const frames = to.addStream("frames", options);
  const reader = to.openReader(frames);
  const link = `bench ${links++}`;
  publish(from, from.stream("frames"), { to: nats(url), link, keep: "memory" });
  subscribe(to, frames, { from: nats(url), link });
  await Promise.all([from.start(), to.start()]);
  const time = await timeRoundTrips(async (number) => {
    await writer.writeAsync(new Uint32Array(256).fill(number));
    return (await reader.readAsync())![0];
  });
  writer.close();
  return time;
}

/** The same by the client alone: published into, and consumed out of a JetStream stream. */
async function timeBareIdle({ url }: NatsServer): Promise<number> {
  const connection = await connect({ servers: url });
  const manager = await jetstreamManager(connection);
  const name = `bare${links++}`;
  await manager.streams.add({ name, subjects: [name], storage: StorageType.Memory });
  await manager.consumers.add(name, { durable_name: "c" });
  const client = jetstream(connection);
  const messages = await (await client.consumers.get(name, "c")).consume();
  const incoming = messages[Symbol.asyncIterator]();
  const time = await timeRoundTrips(async (number) => {
    await client.publish(name, new Uint8Array(new Uint32Array(256).fill(number).buffer));
    const { value } = await incoming.next();
    value.ack();
    return new DataView(value.data.buffer, value.data.byteOffset).getUint32(0, true);
  });
  // The client goes on asking for messages otherwise, also when its connection is closed.
  messages.stop();
  await connection.close();
  return time;
}

async function timeRoundTrips(trip: (number: number) => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < ROUND_TRIPS; n++) {
    const start = performance.now();
    verify(await trip(n) === n, "a frame that crosses alone");
    if (n >= 20) times.push((performance.now() - start) * 1000);
  }
  return median(times);
}

/** Measures. */
export async function benchCluster(): Promise<Table[]> {
  if (LACKS_NATS) return [];
  await using server = await NatsServer.start();
  const rows = [];
  for (const [bytes, count] of CASES) rows.push(await measureCase(server, bytes, count));
  const idle = mapValues(
    await race({ stream: () => timeIdle(server), "bare client": () => timeBareIdle(server) }, ROUNDS),
    median,
  );
  return [
    {
      title: "Frames from one program's pipeline to another's",
      unit: "ns per frame",
      rows: rows.map(({ time }) => time),
    },
    {
      title: "The same in CPU of both programs, without the server",
      unit: "us of CPU per MB",
      rows: rows.map(({ cpu }) => cpu),
    },
    {
      title: "A frame of 1 KiB on an idle stream, by JetStream",
      unit: "us from write to read",
      rows: [{ label: "1 KiB", times: idle, ratios: against(idle, "stream", { "bare client": 1 / 1.3 }) }],
    },
  ];
}

/** Messages of 64 bytes between kernels, against `postMessage`, comlink, and PyDotCompute where a python3 has it. */

import { fileURLToPath } from "node:url";
import { type KernelPlace, RingKernelRuntime } from "@ringmill/ringmill/actors";
import type { DoorbellJob } from "./_doorbell_worker.ts";
import { answer, ask, handOn, Payload, send, sumUp } from "./_actor_kernels.ts";
import { runJobs } from "./_jobs.ts";
import { isSumOfAll, mapValues, median, medians, type Percentiles, race, type SHARES, verify } from "./_measure.ts";
import type { MessageAnswer, MessageJob } from "./_message_rival_worker.ts";
import { type Found, type Payload as Body, type Range, sendAll, TEXT, type TransportName } from "./_message_rivals.ts";
import { outputOf } from "./_program.ts";
import { PyDotCompute } from "./_pydotcompute.ts";
import { against, type Ratio, type Row, type Table } from "./_table.ts";

const DOORBELL_WORKER = new URL("./_doorbell_worker.ts", import.meta.url);
const WORKER = new URL("./_message_rival_worker.ts", import.meta.url);
const ROUNDS = 5;
const KERNELS_IN_RING = 8;
/** How many messages, trips or hops; fewer where each takes longer. */
const MANY = 300_000;
const SOME = 50_000;
const FEW = 10_000;

function timeOf({ time, sum }: Found, messages: number, what: string): number {
  verify(isSumOfAll(sum, messages), what);
  return time;
}

/** The numbers below `messages`, shared out. */
function ranges(producers: number, messages: number): Range[] {
  return Array.from({ length: producers }, (_, first) => ({ first, step: producers, messages }));
}

async function timeKernels(producers: number, messages: number): Promise<number> {
  await using runtime = new RingKernelRuntime();
  await runtime.launch("sink", sumUp, { params: { messages } });
  for (const range of ranges(producers, messages)) await runtime.launch(`send ${range.first}`, send, { params: range });
  for (const id of runtime.kernels) await runtime.activate(id);
  return timeOf((await runtime.receive("sink")).found, messages, "messages between kernels");
}

async function timeFromProgram(messages: number): Promise<number> {
  await using runtime = new RingKernelRuntime();
  const sink = await runtime.launch("sink", sumUp, { params: { messages } });
  await sink.activate();
  for (let number = 0; number < messages; number++) await sink.send(Payload({ number, text: TEXT }));
  return timeOf((await runtime.receive("sink")).found, messages, "messages from the program");
}

async function timeRequests(trips: number): Promise<Percentiles> {
  await using runtime = new RingKernelRuntime();
  await runtime.launch("answer", answer);
  await runtime.launch("ask", ask, { params: { trips } });
  for (const id of runtime.kernels) await runtime.activate(id);
  return (await runtime.receive("ask")).found;
}

/** Hops after which engine and waits have settled. */
const WARM_UP = 200_000;

async function findRing(hops: number, worker: KernelPlace, nested?: Body["nested"]): Promise<Found> {
  await using runtime = new RingKernelRuntime({ workers: 1 });
  const nameOf = (n: number) => `kernel ${n % KERNELS_IN_RING}`;
  for (let n = 0; n < KERNELS_IN_RING; n++) {
    await runtime.launch(nameOf(n), handOn, { params: { to: nameOf(n + 1), warmUp: WARM_UP, hops }, worker });
    await runtime.activate(nameOf(n));
  }
  await runtime.send(nameOf(0), Payload({ number: 0, text: TEXT, nested }));
  const { found } = await runtime.receive(nameOf(0));
  timeOfHop(found, hops, "a ring of kernels");
  return found;
}

async function timeRing(hops: number, worker: KernelPlace): Promise<number> {
  return (await findRing(hops, worker)).time;
}

/** The least that a hop between threads can take which wait without blocking. */
async function timeDoorbells(hops: number): Promise<number> {
  const words = new Int32Array(new SharedArrayBuffer(4 * KERNELS_IN_RING));
  const jobs = Array.from(
    { length: KERNELS_IN_RING },
    (_, place) => ({ job: { words, place, warmUp: WARM_UP, hops } satisfies DoorbellJob }),
  );
  return timeOfHop(await runJobs<DoorbellJob, Found>(DOORBELL_WORKER, ...jobs), hops, "a ring by waitAsync");
}

function timeOfHop({ time, sum }: Found, hops: number, what: string): number {
  verify(sum === hops, what);
  return time;
}

/** Async functions of one thread that hand a message on by promises: without queues, copies, or anything that can fail. */
async function timePromises(hops: number): Promise<number> {
  const inputs = Array.from({ length: KERNELS_IN_RING }, () => Promise.withResolvers<Body>());
  const done = Promise.withResolvers<Found>();
  let [start, sum] = [0, 0];
  const handOn = async (place: number) => {
    for (;;) {
      const { number, text } = await inputs[place].promise;
      inputs[place] = Promise.withResolvers();
      if (number === WARM_UP) [start, sum] = [performance.now(), 0];
      if (number === WARM_UP + hops) return done.resolve({ time: (performance.now() - start) / hops * 1e6, sum });
      sum++;
      inputs[(place + 1) % KERNELS_IN_RING].resolve({ number: number + 1, text });
    }
  };
  for (const place of inputs.keys()) handOn(place);
  inputs[0].resolve({ number: 0, text: TEXT });
  return timeOfHop(await done.promise, hops, "a ring of plain promises");
}

/** A job in a worker, with the ports that it needs. */
function inWorker(job: MessageJob) {
  return { job, transfer: [...job.ports] };
}

async function timeRivalKernels(by: TransportName, producers: number, messages: number): Promise<number> {
  const channels = Array.from({ length: producers }, () => new MessageChannel());
  const ports = channels.map(({ port1 }) => port1);
  const senders = ranges(producers, messages).map((range, n) =>
    inWorker({ by, role: "send", ports: [channels[n].port2], range })
  );
  const sink = inWorker({ by, role: "sum up", ports, messages });
  const found = await runJobs<MessageJob, MessageAnswer>(WORKER, sink, ...senders);
  return timeOf(found as Found, messages, `messages by ${by}`);
}

async function timeRivalFromProgram(by: TransportName, messages: number): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  const found = runJobs<MessageJob, MessageAnswer>(WORKER, inWorker({ by, role: "sum up", ports: [port1], messages }));
  await sendAll(by, port2, { first: 0, step: 1, messages });
  try {
    return timeOf(await found as Found, messages, `messages from the program by ${by}`);
  } finally {
    port2.close();
  }
}

async function timeRivalRequests(by: TransportName, trips: number): Promise<Percentiles> {
  const { port1, port2 } = new MessageChannel();
  const jobs = [
    inWorker({ by, role: "ask", ports: [port1], trips }),
    inWorker({ by, role: "answer", ports: [port2] }),
  ];
  return await runJobs<MessageJob, MessageAnswer>(WORKER, ...jobs) as Percentiles;
}

async function timeRivalRing(by: TransportName, hops: number): Promise<number> {
  const channels = Array.from({ length: KERNELS_IN_RING }, () => new MessageChannel());
  const jobs = channels.map(({ port2 }, n) => {
    const ports = [port2, channels[(n + 1) % KERNELS_IN_RING].port1];
    return inWorker({ by, role: "hand on", ports, place: { begins: n === 0, hops } });
  });
  return timeOfHop(await runJobs<MessageJob, MessageAnswer>(WORKER, ...jobs) as Found, hops, `a ring by ${by}`);
}

/** What a message between two kernels may take, in nanoseconds: wanted are a million a second. */
const MOST_NS = 1000;

/** How a time compares with that. */
function againstMillion({ Ringmill: time }: Readonly<Record<string, number>>): Ratio {
  return { ours: "Ringmill", rival: "a million a second", value: MOST_NS / time, wanted: 1 };
}

async function measureOneWay(python: PyDotCompute | null): Promise<Row[]> {
  const kernels = await medians({
    "Ringmill": () => timeKernels(1, MANY),
    "postMessage": () => timeRivalKernels("postMessage", 1, SOME),
    "comlink": () => timeRivalKernels("comlink", 1, SOME),
    "PyDotCompute": python
      ? async () => timeOf(await python.messages("one_way", SOME), SOME, "PyDotCompute")
      : undefined,
  }, ROUNDS);
  const program = await medians({
    "Ringmill": () => timeFromProgram(MANY),
    "postMessage": () => timeRivalFromProgram("postMessage", SOME),
    "comlink": () => timeRivalFromProgram("comlink", SOME),
    "PyDotCompute": python
      ? async () => timeOf(await python.messages("from_program", SOME), SOME, "PyDotCompute")
      : undefined,
  }, ROUNDS);
  return [
    {
      label: "between two kernels",
      times: kernels,
      ratios: [...against(kernels, "Ringmill"), againstMillion(kernels)],
    },
    { label: "from the program", times: program, ratios: against(program, "Ringmill") },
  ];
}

async function measureProducers(python: PyDotCompute | null, producers: number): Promise<Row> {
  const times = await medians({
    "Ringmill": () => timeKernels(producers, MANY),
    "postMessage": () => timeRivalKernels("postMessage", producers, SOME),
    "comlink": () => timeRivalKernels("comlink", producers, SOME),
    "PyDotCompute": python
      ? async () => timeOf(await python.messages("producers", producers, SOME), SOME, "PyDotCompute")
      : undefined,
  }, 3);
  return { label: `${producers} producers`, times, ratios: against(times, "Ringmill") };
}

async function measureRoundTrips(python: PyDotCompute | null): Promise<Row[]> {
  const found = await race<Percentiles>({
    "Ringmill": () => timeRequests(FEW),
    "postMessage": () => timeRivalRequests("postMessage", FEW),
    "comlink": () => timeRivalRequests("comlink", FEW),
    "PyDotCompute": python ? () => python.roundTrips(FEW) : undefined,
  }, ROUNDS);
  return (["p50", "p99"] satisfies (keyof typeof SHARES)[]).map((share) => {
    const times = mapValues(found, (rounds) => median(rounds.map((round) => round[share])));
    return { label: share, times, ratios: against(times, "Ringmill", share === "p50" ? { postMessage: 10 } : {}) };
  });
}

async function measureRing(python: PyDotCompute | null, worker: KernelPlace): Promise<Row> {
  const times = await medians({
    "Ringmill": () => timeRing(FEW, worker),
    "postMessage": () => timeRivalRing("postMessage", FEW),
    "comlink": () => timeRivalRing("comlink", FEW),
    "bare waitAsync": worker === "dedicated" ? () => timeDoorbells(FEW) : undefined,
    "plain promises": worker === "shared" ? () => timePromises(FEW) : undefined,
    "PyDotCompute": python
      ? async () => timeOfHop(await python.messages("ring", KERNELS_IN_RING, FEW), FEW, "PyDotCompute")
      : undefined,
  }, 3);
  const label = `${KERNELS_IN_RING} ${worker} kernels`;
  const wanted: Record<string, number> = worker === "dedicated" ? { "bare waitAsync": 1 / 1.5 } : { PyDotCompute: 5 };
  return { label, times, ratios: against(times, "Ringmill", wanted) };
}

/** What a hop may have threads compute, by the body of its message, in nanoseconds. */
const MOST_CPU_NS = { flat: 2000, nested: 5000 } as const;

async function measureCpu(body: keyof typeof MOST_CPU_NS): Promise<Row> {
  const nested = body === "nested" ? { at: [1, 2, 3] } : undefined;
  const times = await medians({ "Ringmill": async () => (await findRing(SOME, "shared", nested)).cpu! }, 3);
  const rival = `${MOST_CPU_NS[body] / 1000} us`;
  const ratio = { ours: "Ringmill", rival, value: MOST_CPU_NS[body] / times.Ringmill, wanted: 1 };
  return { label: `${KERNELS_IN_RING} shared kernels, ${body} body`, times, ratios: [ratio] };
}

/** Kernels that are launched, asked once and ended together. */
const LIVES = 5000;

async function measureLives(python: PyDotCompute | null): Promise<Row[]> {
  const times = await medians({
    "Ringmill": timeLives,
    "PyDotCompute": python ? async () => timeOfLife(await python.messages("lives", LIVES)) : undefined,
  }, 3);
  return [{ label: "launched, asked once, ended", times, ratios: against(times, "Ringmill", { PyDotCompute: 1 }) }];
}

function timeOfLife({ time, sum }: Found): number {
  verify(sum === LIVES * (LIVES - 1) / 2, "the answers of PyDotCompute's kernels");
  return time;
}

async function timeLives(): Promise<number> {
  const start = performance.now();
  const runtime = new RingKernelRuntime({ workers: 2, graceMs: 60_000 });
  const launched = Array.from(
    { length: LIVES },
    (_, n) => runtime.kernelScope(`kernel ${n}`, answer, { worker: "shared" }),
  );
  const kernels = await Promise.all(launched);
  const answers = await Promise.all(kernels.map((kernel, number) => kernel.request(Payload({ number, text: TEXT }))));
  verify(answers.every(({ number }, index) => number === index), "the answers of many kernels");
  await runtime.shutdown();
  return (performance.now() - start) / LIVES * 1e6;
}

/** What a kernel may keep on the heaps, in KiB. */
const MOST_KIB = 8;

/** What a shared kernel keeps in memory that was launched and asked once. */
async function measureMemory(): Promise<Row> {
  const program = fileURLToPath(new URL("_kernel_memory.ts", import.meta.url));
  const found = await outputOf(Deno.execPath(), ["run", "-A", "--v8-flags=--expose-gc", program]);
  const times: Record<string, number> = JSON.parse(found);
  const ratio = { ours: "heap", rival: `${MOST_KIB} KiB`, value: MOST_KIB / times.heap, wanted: 1 };
  return { label: "a kernel of 10,000", times, ratios: [ratio] };
}

/** Measures. */
export async function benchActors(install: boolean): Promise<Table[]> {
  const python = await PyDotCompute.find(install);
  if (!python) console.log("\nWithout PyDotCompute: no Python has it, --python installs it");
  const producers: Row[] = [];
  for (const count of [2, 4, 8]) producers.push(await measureProducers(python, count));
  return [
    {
      title: "One message of 64 B from one thread to another",
      unit: "ns",
      note: "PyDotCompute's kernels share one thread, and hand over references.",
      rows: await measureOneWay(python),
    },
    { title: "One message of 64 B from several kernels to one", unit: "ns", rows: producers },
    { title: "Question and answer between two kernels", unit: "ns", rows: await measureRoundTrips(python) },
    {
      title: "One hop of one message round a ring of kernels",
      unit: "ns",
      rows: [await measureRing(python, "dedicated"), await measureRing(python, "shared")],
    },
    {
      title: "What a hop has threads compute",
      unit: "ns",
      rows: [await measureCpu("flat"), await measureCpu("nested")],
    },
    {
      title: "A kernel that shares a worker with others, one of 5,000",
      unit: "ns",
      rows: await measureLives(python),
    },
    {
      title: "What a kernel keeps that shares a worker with others",
      unit: "KiB",
      note:
        "Heap: of both threads, without garbage. Resident: of the process, with what V8 has taken for objects to come.",
      rows: [await measureMemory()],
    },
  ];
}

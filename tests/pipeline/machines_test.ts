import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { type Crossing, DeclarationError, LifecycleError, type MachineTransport, Pipeline } from "@ringmill/ringmill";
import { describePipeline, drawMermaid } from "@ringmill/ringmill/view";
import { INT, newPipeline } from "./_helpers.ts";
import * as tasks from "./_tasks.ts";

/** A transport that only notes what it is asked for. */
class Noted implements MachineTransport {
  readonly asked: [machine: string, crossings: string[]][] = [];

  connect(_pipe: Pipeline, machine: string, crossings: readonly Crossing[]): void {
    this.asked.push([
      machine,
      crossings.map(({ stream, from, to, latest }) => `${stream.name}: ${from} > ${to} / ${latest}`),
    ]);
  }
}

/** Numbers from "edge" to "hub" and "wall", where only the newest count. */
function declare(): Pipeline {
  const pipe = newPipeline("radar");
  const numbers = pipe.addStream("numbers", INT);
  const local = pipe.addStream("local", INT);
  pipe.addTask("count", { fn: tasks.countForever, writes: { numbers }, machine: "edge" });
  pipe.addTask("copy", { fn: tasks.countForever, writes: { numbers: local }, machine: "hub" });
  pipe.addTask("drain", { fn: tasks.drain, reads: { numbers }, machine: "hub" });
  pipe.addTask("drain local", { fn: tasks.drain, reads: { numbers: local }, machine: "hub" });
  pipe.addTask("show", { fn: tasks.drain, reads: { numbers: numbers.latest }, machine: "wall" });
  return pipe;
}

const transport: MachineTransport = new Noted();
const why = async (pipe: Pipeline, machine: string) => {
  let message = "";
  await rejects(() => pipe.compile({ machine, transport }), (error: Error) => {
    message = error.message;
    return error instanceof DeclarationError;
  });
  return message.replace(/^Cannot run machine ".*" of pipeline "radar": /, "");
};

Deno.test("A transport is asked to carry what crosses from or to the machine, and nothing else", async () => {
  for (
    const [machine, crossings] of [
      ["edge", ["numbers: edge > hub / wall"]],
      ["hub", ["numbers: edge > hub / wall"]],
    ] as const
  ) {
    const noted = new Noted();
    await using pipe = declare();
    // Nobody has added what carries the stream.
    await rejects(() => pipe.compile({ machine, transport: noted }), /stream "numbers" has no (reader|writer)/);
    deepEqual(noted.asked, [[machine, crossings]]);
  }
});

Deno.test("A machine that nothing crosses from or to runs alone, whatever the others have", async () => {
  await using pipe = declare();
  const own = pipe.addStream("own", INT);
  pipe.addTask("three", { fn: tasks.count, writes: { numbers: own }, params: { count: 3 }, machine: "lab" });
  pipe.addTask("sink", { fn: tasks.drain, reads: { numbers: own }, machine: "lab" });
  await pipe.run({ machine: "lab" });
  deepEqual([pipe.machine, Array.from(pipe.tasks.keys())], ["lab", ["three", "sink"]]);
});

Deno.test("Without a machine all tasks run here, labels or not", async () => {
  await using pipe = declare();
  await pipe.compile();
  equal(pipe.machine, undefined);
  equal(pipe.tasks.size, 5);
  await rejects(() => pipe.start({ machine: "hub", transport }), LifecycleError);
});

Deno.test("A machine from and to which nothing crosses needs no transport, and has its own streams only", async () => {
  await using pipe = newPipeline("radar");
  for (const machine of ["edge", "hub"]) {
    const numbers = pipe.addStream(`numbers of ${machine}`, INT);
    pipe.addTask(`count on ${machine}`, { fn: tasks.countForever, writes: { numbers }, machine });
    pipe.addTask(`drain on ${machine}`, { fn: tasks.drain, reads: { numbers }, machine });
  }
  await pipe.compile({ machine: "hub" });
  deepEqual(Array.from(pipe.tasks.keys()), ["count on hub", "drain on hub"]);
  await pipe.start();
  for await (const { streams } of pipe.watch()) {
    deepEqual(Object.keys(streams), ["numbers of hub"]);
    break;
  }
  pipe.stop();
});

Deno.test("A machine that no task names is refused with those that there are", async () => {
  equal(
    await why(declare(), "hubb"),
    'no task that runs has this label, machines are "edge", "hub", "wall"; did you mean "hub"?',
  );
});

Deno.test("A task without a machine, and a crossing without a transport, are refused by name", async () => {
  const pipe = declare();
  pipe.addTask("lost", { fn: tasks.drain, reads: { numbers: "numbers" } });
  equal(await why(pipe, "hub"), 'task "lost" has no machine');
  await using lone = declare();
  await rejects(
    () => lone.compile({ machine: "hub" }),
    /nothing carries what crosses from or to it \("numbers"\): give a transport such as nats\(url\), on the command line --connect URL/,
  );
});

Deno.test("A transport without a machine, and one that is none, are refused", async () => {
  await rejects(() => declare().compile({ transport }), TypeError);
  await rejects(() => declare().compile({ machine: "hub", transport: "nats://hub" as never }), TypeError);
  await rejects(() => declare().run({ machine: "" }), RangeError);
  await rejects(() => declare().start({ machin: "hub" } as never), /no option "machin"; did you mean "machine"/);
});

Deno.test("An event of tasks on two machines is refused with the reason, one of a single machine is not", async () => {
  const pipe = declare();
  pipe.addEvent("go");
  pipe.addTask("near", { fn: tasks.ignoreEvent, events: { go: "go" }, machine: "edge" });
  pipe.addTask("nearer", { fn: tasks.ignoreEvent, events: { go: "go" }, machine: "edge" });
  await rejects(() => pipe.compile({ machine: "hub", transport }), /stream "numbers" has no writer$/);
  const other = declare();
  other.addEvent("go");
  other.addTask("near", { fn: tasks.ignoreEvent, events: { go: "go" }, machine: "edge" });
  other.addTask("far", { fn: tasks.ignoreEvent, events: { go: "go" }, machine: "hub" });
  match(await why(other, "hub"), /^event "go" is bound to tasks on "edge" and "hub", and events cannot cross, since/);
});

Deno.test("What the program itself is an end of stays on its machine", async () => {
  const reading = declare();
  reading.openReader("numbers");
  equal(
    await why(reading, "hub"),
    'the program reads stream "numbers", which has tasks on "edge": only tasks have a machine',
  );
  const party = declare();
  party.addEvent("go");
  party.addTask("near", { fn: tasks.ignoreEvent, events: { go: "go" }, machine: "edge" });
  party.openEvent("go");
  equal(
    await why(party, "hub"),
    'the program has opened event "go", which has tasks on "edge": only tasks have a machine',
  );
});

Deno.test("A circle over machines is found although no machine has all of it", async () => {
  const pipe = newPipeline("radar");
  for (const name of ["a", "b"]) pipe.addStream(name, INT);
  pipe.addTask("x", { fn: tasks.double, reads: { numbers: "a" }, writes: { doubled: "b" }, machine: "edge" });
  pipe.addTask("y", { fn: tasks.double, reads: { numbers: "b" }, writes: { doubled: "a" }, machine: "hub" });
  await rejects(() => pipe.compile({ machine: "edge", transport }), /its tasks form a cycle/);
});

Deno.test("Options of carry are checked when the stream is declared", () => {
  const add = (carry: unknown) => () => newPipeline("radar").addStream("a", { ...INT, carry: carry as never });
  throws(add({ keep: "disk" }), /Cannot add stream "a": carry: keep must be one of file, memory, received "disk"/);
  throws(add({ kep: "file" }), /there is no option "kep"; did you mean "keep"/);
  throws(add({ peerTimeoutMs: 10 }), /peerTimeoutMs must be a number of milliseconds, 1000 or more/);
  throws(add("file"), TypeError);
});

Deno.test("Labels and carry are saved, and the file is the same when it is saved again", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const pipe = newPipeline("radar");
    const carry = {
      keep: "memory",
      replicas: 1,
      maxBytes: 1e6,
      parcelBytes: 2048,
      windowBytes: 65_536,
      onLostPeer: "drop",
      peerTimeoutMs: 4000,
      onNewRun: "resume",
      commit: "explicit",
    } as const;
    const numbers = pipe.addStream("numbers", { ...INT, carry });
    pipe.addTask("count", { fn: tasks.countForever, writes: { numbers }, machine: "edge" });
    pipe.addTask("drain", { fn: tasks.drain, reads: { numbers }, machine: "hub" });
    await pipe.save(`${folder}/a.toml`);
    const text = await Deno.readTextFile(`${folder}/a.toml`);
    match(text, /format_version = 2/);
    match(text, /on_lost_peer = "drop"/);
    const allowModules = [new URL("./", import.meta.url)];
    const again = await Pipeline.reconstruct(`${folder}/a.toml`, { allowModules });
    deepEqual({ ...again.stream("numbers").carry }, carry);
    deepEqual(Array.from(again.tasks.values(), ({ machine }) => machine), ["edge", "hub"]);
    await again.save(`${folder}/b.toml`);
    equal(await Deno.readTextFile(`${folder}/b.toml`), text);
    await Deno.writeTextFile(`${folder}/c.toml`, text.replace('"drop"', '"dropp"'));
    await rejects(
      () => Pipeline.reconstruct(`${folder}/c.toml`, { allowModules }),
      /field "carry" of stream "numbers"/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A box for each machine is drawn, and streams that cross say where to", () => {
  const description = describePipeline(declare());
  deepEqual(description.groups, ["edge", "hub", "wall"].map((title) => ({ id: `machine:${title}`, title })));
  const stream = description.nodes.find(({ id }) => id === "stream:numbers")!;
  deepEqual([stream.group, stream.details![1]], ["machine:edge", "carried to hub, wall (newest only)"]);
  match(drawMermaid(description), /subgraph g0\["edge"\]/);
});

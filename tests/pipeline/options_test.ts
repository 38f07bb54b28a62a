/** Options of pipelines and managers: unknown names, wrong kinds and values out of range are refused by name. */

import { rejects, throws } from "node:assert/strict";
import { EventHandle, Pipeline, Reader, StreamHandle, TaskEvent, Writer } from "@ringmill/ringmill";
import { Graph, Node } from "@ringmill/ringmill/graph";
import { LinearPipeline } from "@ringmill/ringmill/linear";
import { Manager } from "@ringmill/ringmill/runtime";

const INT = { shape: [1], dtype: "int32" } as const;
const fn = () => {};

/** Each call with options, by a good option. */
const CALLS: Readonly<Record<string, [good: string, (options: object) => unknown]>> = {
  "new Pipeline()": ["graceMs", (options) => new Pipeline("p", import.meta, options)],
  "addStream()": ["frames", (options) => new Pipeline("p").addStream("s", { ...INT, ...options })],
  "addEvent()": ["initialState", (options) => new Pipeline("p").addEvent("e", options)],
  "addTask()": ["onAbandoned", (options) => new Pipeline("p").addTask("t", { fn, ...options })],
  "addTask() without fn": ["onAbandoned", (options) => new Pipeline("p").addTask("t", options)],
  "addTask.switchable()": ["description", (options) => new Pipeline("p").addTask.switchable("t", options as never)],
  "addTask.toggleable()": ["description", (options) => new Pipeline("p").addTask.toggleable("t", options as never)],
  "addTask.terminator()": ["description", (options) => new Pipeline("p").addTask.terminator("t", options as never)],
  "Pipeline.run()": ["signal", (options) => new Pipeline("p").run(options)],
  "Pipeline.join()": ["timeoutMs", (options) => new Pipeline("p").join(options)],
  "Pipeline.drain()": ["timeoutMs", (options) => new Pipeline("p").drain(options)],
  "Pipeline.startMonitor()": ["intervalMs", (options) => new Pipeline("p").startMonitor(options)],
  "Pipeline.reconstruct()": ["permissions", (options) => Pipeline.reconstruct("nowhere.toml", options)],
  "new Manager()": ["graceMs", (options) => new Manager("m", options)],
  "Manager.addRing()": ["bytes", (options) => new Manager("m").addRing({ name: "r", bytes: 8, ...options })],
  "Manager.addEvent()": ["initialState", (options) => new Manager("m").addEvent({ name: "e", ...options })],
  "Manager.addTask()": [
    "onAbandoned",
    (options) => new Manager("m").addTask({ name: "t", fn, module: import.meta.url, ...options }),
  ],
  "Manager.startMonitor()": ["intervalMs", (options) => new Manager("m").startMonitor(options)],
};

for (const [name, [good, call]] of Object.entries(CALLS)) {
  Deno.test(`${name} refuses an option that there is not, and says which one is meant`, async () => {
    const near = `${good.slice(0, -1)}X`;
    const expected = {
      name: "TypeError",
      message: new RegExp(`there is no option "${near}"; did you mean "${good}"\\?$`),
    };
    await rejects(async () => await call({ [near]: 1 }), expected);
  });

  Deno.test(`${name} refuses an option of the wrong kind`, async () => {
    const wrong = { name: "TypeError", message: new RegExp(`${good} must be .*, received \\[Function: fn\\]$`) };
    await rejects(async () => await call({ [good]: fn }), wrong);
  });
}

const WHOLE = [
  ...["new Pipeline()", "addEvent()", "Pipeline.run()", "Pipeline.join()", "Pipeline.drain()"],
  ...["Pipeline.startMonitor()", "Pipeline.reconstruct()", "new Manager()", "Manager.startMonitor()"],
];

for (const name of WHOLE) {
  Deno.test(`${name} refuses options that are no object`, async () => {
    for (const options of [[], 5, "text", null]) {
      await rejects(async () => await CALLS[name][1](options as unknown as object), {
        name: "TypeError",
        message: /must be an object|a time-out is an option/,
      });
    }
  });
}

Deno.test("save() and reconstruct() refuse what is no path, by name", async () => {
  for (const [path, kind] of [[undefined, "TypeError"], [null, "TypeError"], [5, "TypeError"], ["", "RangeError"]]) {
    const message = (action: string) => `Cannot ${action}: path must be a path or URL, received ${Deno.inspect(path)}`;
    await rejects(() => new Pipeline("p").save(path as string), { name: kind!, message: message('save pipeline "p"') });
    const reconstructing = () => Pipeline.reconstruct(path as string);
    await rejects(reconstructing, { name: kind!, message: message("reconstruct a pipeline") });
  }
});

const RANGES: readonly (readonly [string, object, RegExp])[] = [
  ["new Pipeline()", { fullWarningMs: 0 }, /fullWarningMs must be a number of milliseconds, 1 or more, received 0$/],
  ["new Pipeline()", { graceMs: -1 }, /graceMs must be a number of milliseconds, 0 or more, received -1$/],
  ["Pipeline.startMonitor()", { intervalMs: 1e12 }, /milliseconds from 10 to 2147483647, received 1000000000000$/],
  ["Pipeline.startMonitor()", { intervalMs: Infinity }, /milliseconds from 10 to 2147483647, received Infinity$/],
  ["Manager.addRing()", { bytes: 2 ** 31 }, /bytes must be an integer from 1 to 2147483647, received 2147483648$/],
  ["addTask()", { onAbandoned: "ignore" }, /onAbandoned must be one of stop, continue, received "ignore"$/],
];

for (const [name, options, message] of RANGES) {
  Deno.test(`${name} refuses ${Deno.inspect(options)}`, async () => {
    await rejects(async () => await CALLS[name][1](options), { name: "RangeError", message });
  });
}

Deno.test("A module that is none is refused where it is given, with what it is for", () => {
  for (const module of [null, 5, Symbol("m"), {}, [], () => {}, "", " "]) {
    const received = Deno.inspect(module).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    const error = (action: string) => ({
      name: typeof module === "string" ? "RangeError" : "TypeError",
      message: new RegExp(`^Cannot ${action}: module must be import.meta, a URL or a path, received ${received}$`),
    });
    throws(() => new Pipeline("p", module as never), error('make pipeline "p"'));
    throws(() => new Pipeline("p").addTask("t", { fn, module: module as never }), error('add task "t"'));
  }
});

Deno.test("addTask() takes no null in place of bindings", () => {
  for (const bindings of ["reads", "writes", "events"]) {
    const message = `Cannot add task "t": ${bindings} must be an object, received null`;
    throws(() => new Pipeline("p").addTask("t", { fn, [bindings]: null }), { name: "TypeError", message });
  }
});

Deno.test("Pipeline.stream() refuses what is no dtype as it does any that is not the stream's", () => {
  const pipe = new Pipeline("p");
  pipe.addStream("s", INT);
  for (const dtype of [null, 5, "", "float31", "float32", [], () => {}]) {
    const message = `Cannot find stream "s": its dtype is int32, received ${Deno.inspect(dtype)}`;
    throws(() => pipe.stream("s", dtype as never), { name: "TypeError", message });
  }
});

Deno.test("A stream's or an event's handle that is made by hand checks its name and options", () => {
  for (const name of [undefined, null, 5, "", Symbol("s"), Object.create(null)]) {
    const message = /^Cannot add (a stream|an event): its name must be a text, received /;
    throws(() => new StreamHandle(name, INT), { name: "TypeError", message });
    throws(() => new EventHandle(name), { name: "TypeError", message });
  }
  for (const options of [null, 5, []]) {
    const message = /^Cannot add (stream|event) "s": its options must be an object, received /;
    throws(() => new StreamHandle("s", options as never), { name: "TypeError", message });
    throws(() => new EventHandle("s", options as never), { name: "TypeError", message });
  }
});

Deno.test("A reader, writer or event that is made by hand says how to get one", () => {
  const made = { Reader: [Reader, "openReader"], Writer: [Writer, "openWriter"], TaskEvent: [TaskEvent, "openEvent"] };
  for (const [name, [Kind, opener]] of Object.entries(made)) {
    for (const memory of [undefined, null, 5, "samples", {}, new Pipeline("p").addStream("s", INT)]) {
      const make = () => Reflect.construct(Kind as typeof Reader, [memory]);
      const message = new RegExp(
        `^Cannot make a ${name}: tasks get theirs by .* the pipeline's ${opener}\\(\\), received `,
      );
      throws(make, { name: "TypeError", message });
    }
  }
});

Deno.test("What is no options is refused in their place: a signal, a map, a date, a promise", async () => {
  const pipe = new Pipeline("p", import.meta);
  const stream = pipe.addStream("s", { shape: [1], dtype: "int32" });
  const [writer, reader] = [pipe.openWriter(stream), pipe.openReader(stream)];
  const node = new Node("n", (n: number) => n);
  const graph = new Graph("g", { nodes: [node], start: node });
  const linear = new LinearPipeline({ name: "l", quiet: true, nodes: [] });
  await pipe.start();
  const calls: Record<string, (options: never) => unknown> = {
    readAsync: (options) => reader.readAsync(options),
    writeAsync: (options) => writer.writeAsync(Int32Array.of(1), options),
    join: (options) => pipe.join(options),
    drain: (options) => pipe.drain(options),
    execute: (options) => graph.execute(1, options),
    stream: (options) => graph.stream([1], options),
    "linear run": (options) => linear.run(options),
  };
  const none = [AbortSignal.timeout(60_000), new Map([["timeoutMs", 1]]), new Date(), Promise.resolve({}), [], /x/];
  for (const [what, call] of Object.entries(calls)) {
    for (const options of none) {
      await rejects(
        async () => void await call(options as never),
        { name: "TypeError", message: /its options must be an object, received / },
        `${what} ${Deno.inspect(options)}`,
      );
    }
  }
  await pipe.close();
  await graph.close();
});

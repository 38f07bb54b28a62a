import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { DeclarationError, LifecycleError, Pipeline, UnknownNameError } from "@ringmill/ringmill";
import { INT, newPipeline, TASKS } from "./_helpers.ts";
import { planPipeline } from "../../src/pipeline/plan.ts";
import * as tasks from "./_tasks.ts";

/** A pipeline with streams a, b and c, and events go and halt. */
function declare(): Pipeline {
  const pipe = newPipeline("radar");
  for (const name of ["a", "b", "c"]) pipe.addStream(name, INT);
  for (const name of ["go", "halt"]) pipe.addEvent(name);
  return pipe;
}

/** Adds whatever the other streams of {@link declare} need to be right. */
function complete(pipe: Pipeline, ...streams: string[]): void {
  for (const name of streams) {
    pipe.addTask(`write ${name}`, { fn: tasks.countForever, writes: { numbers: name } });
    pipe.addTask.terminator(`end ${name}`, { reads: [name] });
  }
}

/** The problems that `compile()` reports. */
async function problems(pipe: Pipeline): Promise<string> {
  let message = "";
  await rejects(() => pipe.compile(), (error: unknown) => {
    message = (error as Error).message;
    return error instanceof DeclarationError && message.startsWith('Cannot compile pipeline "radar": ');
  });
  return message.replace('Cannot compile pipeline "radar": ', "");
}

Deno.test("Pipeline.addStream(), addEvent() and addTask() refuse a name that is taken", () => {
  const pipe = declare();
  const taken = (name: string) => ({
    name: "DeclarationError",
    message: new RegExp(`"radar": the name "${name}" is taken`),
  });
  throws(() => pipe.addStream("a", INT), taken("a"));
  throws(() => pipe.addEvent("go"), taken("go"));
  pipe.addTask("t", { fn: tasks.countForever, writes: { numbers: "a" } });
  throws(() => pipe.addTask("t", { fn: tasks.countForever, writes: { numbers: "b" } }), taken("t"));
  throws(() => pipe.addTask.terminator("t", { reads: ["a"] }), taken("t"));
});

Deno.test("Pipeline.compile() reports a stream that is unknown", async () => {
  const pipe = declare();
  complete(pipe, "a", "b", "c");
  pipe.addTask("t", { fn: tasks.drain, reads: { numbers: "d" } });
  equal(await problems(pipe), 'task "t" is bound to the unknown stream "d"');
});

Deno.test("Pipeline.compile() reports an event that is unknown", async () => {
  const pipe = declare();
  complete(pipe, "a", "b", "c");
  pipe.addTask("t", { fn: tasks.ignoreEvent, events: { go: "stop" } });
  equal(await problems(pipe), 'task "t" is bound to the unknown event "stop"');
});

Deno.test("Pipeline.compile() reports a stream without a writer", async () => {
  const pipe = declare();
  complete(pipe, "b", "c");
  pipe.addTask("t", { fn: tasks.drain, reads: { numbers: "a" } });
  equal(await problems(pipe), 'stream "a" has no writer');
});

Deno.test("Pipeline.compile() reports a stream without a reader", async () => {
  const pipe = declare();
  complete(pipe, "b", "c");
  pipe.addTask("t", { fn: tasks.countForever, writes: { numbers: "a" } });
  equal(await problems(pipe), 'stream "a" has no reader');
});

Deno.test("Pipeline.compile() reports a stream with two writers, naming them", async () => {
  const pipe = declare();
  complete(pipe, "a", "b", "c");
  pipe.addTask("second", { fn: tasks.countForever, writes: { numbers: "a" } });
  equal(await problems(pipe), 'stream "a" has more than one writer: "write a", "second"');
});

Deno.test("Pipeline.compile() counts the program among the writers", async () => {
  const pipe = declare();
  complete(pipe, "a", "b", "c");
  pipe.openWriter("a");
  equal(await problems(pipe), 'stream "a" has more than one writer: "write a", the program');
});

Deno.test("Pipeline.compile() reports a cycle and its path", async () => {
  const pipe = declare();
  pipe.addTask("one", { fn: tasks.negate, reads: { left: "c" }, writes: { right: "a" } });
  pipe.addTask("two", { fn: tasks.negate, reads: { left: "a" }, writes: { right: "b" } });
  pipe.addTask("three", { fn: tasks.negate, reads: { left: "b" }, writes: { right: "c" } });
  match(
    await problems(pipe),
    /^its tasks form a cycle: (one -> two -> three -> one|two -> three -> one -> two|three -> one -> two -> three)$/,
  );
});

Deno.test("Pipeline.compile() reports a task that reads what it writes", async () => {
  const pipe = declare();
  complete(pipe, "b", "c");
  pipe.addTask("loop", { fn: tasks.negate, reads: { left: "a" }, writes: { right: "a" } });
  equal(await problems(pipe), 'task "loop" both reads and writes stream "a"');
});

Deno.test("Pipeline.compile() reports a local name that is bound twice in a task", async () => {
  const pipe = declare();
  complete(pipe, "b", "c");
  pipe.addTask.terminator("end a", { reads: ["a"] });
  // @ts-expect-error A function has one parameter of a name, so this cannot be typed.
  pipe.addTask("t", { fn: tasks.countForever, writes: { numbers: "a" }, reads: { numbers: "b" } });
  equal(await problems(pipe), 'task "t" binds the name "numbers" twice');
});

Deno.test("Pipeline.compile() reports all problems at once", async () => {
  const pipe = newPipeline("radar");
  pipe.addStream("a", INT);
  pipe.addTask("t", { fn: tasks.drain, reads: { numbers: "d" } });
  equal(
    await problems(pipe),
    'task "t" is bound to the unknown stream "d"; stream "a" has no writer; stream "a" has no reader',
  );
});

Deno.test("planPipeline() orders the tasks so that those that read come before those that write", () => {
  const pipe = declare();
  pipe.addTask("source", { fn: tasks.countForever, writes: { numbers: "a" } });
  pipe.addTask("left", { fn: tasks.negate, reads: { left: "a" }, writes: { right: "b" } });
  pipe.addTask("right", { fn: tasks.negate, reads: { left: "a" }, writes: { right: "c" } });
  pipe.addTask("join", { fn: tasks.takeBoth, reads: { one: "b", two: "c" } });
  const opened = { reads: new Set<string>(), writes: new Set<string>(), events: new Set<string>() };
  const { name, streams, events, tasks: declared } = pipe;
  const { order } = planPipeline({ name, streams, events, tasks: declared, opened });
  deepEqual(order, ["join", "right", "left", "source"]);
});

Deno.test("Pipeline.compile() can be called again after the declaration was mended", async () => {
  await using pipe = newPipeline("radar");
  pipe.addStream("a", INT);
  pipe.addTask("t", { fn: tasks.countForever, writes: { numbers: "a" } });
  equal(await problems(pipe), 'stream "a" has no reader');
  pipe.addTask.terminator("end", { reads: ["a"] });
  await pipe.compile();
});

Deno.test("Pipeline.addTask.switchable() and .toggleable() refuse activateOn that is not among the events", () => {
  const pipe = declare();
  for (const kind of ["switchable", "toggleable"] as const) {
    throws(
      // @ts-expect-error The types refuse it too.
      () => pipe.addTask[kind]("t", { fn: tasks.countForever, writes: { numbers: "a" }, activateOn: "go", events: {} }),
      (error: unknown) =>
        error instanceof DeclarationError &&
        error.message === 'Cannot add task "t": activateOn must be one of its events (none), received "go"',
    );
  }
});

Deno.test("Pipeline.addTask() refuses handles of another pipeline", () => {
  const pipe = declare();
  const other = declare();
  const stream = other.addStream("d", INT);
  const event = other.addEvent("late");
  pipe.addStream("d", INT);
  throws(
    () => pipe.addTask("t", { fn: tasks.countForever, writes: { numbers: stream } }),
    /the handle of stream "d" is of another pipeline$/,
  );
  throws(
    () => pipe.addTask("t", { fn: tasks.ignoreEvent, events: { go: event } }),
    /the handle of event "late" is of another pipeline$/,
  );
  throws(() => pipe.openReader(stream), DeclarationError);
});

Deno.test("Pipeline.openReader(), openWriter() and openEvent() refuse unknown names", () => {
  const pipe = declare();
  throws(() => pipe.openReader("d"), UnknownNameError);
  throws(() => pipe.openWriter("d"), UnknownNameError);
  throws(() => pipe.openEvent("d"), UnknownNameError);
  pipe.openWriter("a");
  throws(() => pipe.openWriter("a"), DeclarationError);
});

Deno.test("Pipeline.addTask() refuses what is no function, what is no handle, and params that cannot be cloned", () => {
  const pipe = declare();
  const refuses = (options: unknown, message: RegExp) =>
    throws(() => pipe.addTask("t", options as { fn: () => void }), { name: "TypeError", message });
  const declaring = (what: string) => new RegExp(`^Cannot add task "t": ${what}$`);
  refuses(undefined, declaring("its options must be an object, received undefined"));
  refuses({ fn: "source" }, declaring('fn must be a function and no generator, received "source"'));
  refuses({ fn: function* () {} }, declaring("fn must be a function and no generator, received .*"));
  refuses({ fn: tasks.drain, params: { callback: () => {} } }, declaring("params must be cloneable: .*"));
  refuses({ fn: tasks.drain, reads: null }, declaring("reads must be an object, received null"));
  refuses({ fn: tasks.drain, reads: ["a"] }, declaring('reads must be an object, received \\[ "a" \\]'));
  const binding = (what: string) => new RegExp(`^Cannot bind "numbers" in reads of task "t": ${what}`);
  refuses({ fn: tasks.drain, reads: { numbers: 7 } }, binding("expected a handle or a name of a stream, received 7$"));
  refuses(
    { fn: tasks.drain, reads: { numbers: pipe.addEvent("e") } },
    binding("expected .* a stream, received EventHandle"),
  );
  equal(pipe.tasks.size, 0);
});

Deno.test("Pipeline.addStream(), addEvent() and addTask.terminator() refuse options that are none", () => {
  const pipe = declare();
  const none = undefined as unknown;
  const message = (what: string) => ({
    name: "TypeError",
    message: `Cannot add ${what}: its options must be an object, received undefined`,
  });
  throws(() => pipe.addStream("s", none as typeof INT), message('stream "s"'));
  throws(() => pipe.addTask.terminator("t", none as { reads: [] }), message('task "t"'));
  throws(
    () => pipe.addTask.terminator("t", {} as { reads: [] }),
    /^TypeError: Cannot add task "t": reads must be an object, received null$/,
  );
  throws(() => pipe.addEvent("e", null as unknown as undefined), /options must be an object, received null$/);
});

Deno.test("new Pipeline() refuses a name that is none, a module that is none, and a negative grace period", () => {
  throws(() => new Pipeline(""), { name: "TypeError", message: /name must be a text, received ""/ });
  throws(() => new Pipeline("x", 7 as unknown as URL), { name: "TypeError", message: /received 7/ });
  throws(() => new Pipeline("x", TASKS, { graceMs: -1 }), { name: "RangeError", message: /graceMs .* received -1/ });
  const wrong = (options: unknown) => () => new Pipeline("x", TASKS, options as { graceMs: number });
  throws(wrong({ graceMs: "5" }), { name: "TypeError", message: /graceMs .* received "5"/ });
  throws(wrong(null), {
    name: "TypeError",
    message: 'Cannot make pipeline "x": its options must be an object, received null',
  });
});

/** Runs `work` and returns what it printed as warnings. */
async function warnings(work: () => Promise<void>): Promise<string[]> {
  const printed: string[] = [];
  const { warn } = console;
  console.warn = (text: string) => printed.push(text);
  try {
    await work();
  } finally {
    console.warn = warn;
  }
  return printed;
}

Deno.test("Pipeline.compile() warns, but does not refuse, when an event is bound into more than two tasks", async () => {
  await using pipe = newPipeline("radar");
  pipe.addEvent("go");
  for (const name of ["x", "y", "z"]) pipe.addTask(name, { fn: tasks.ignoreEvent, events: { go: "go" } });
  const printed = await warnings(() => pipe.compile());
  equal(printed.length, 1);
  match(printed[0], /^Pipeline "radar": event "go" is bound to 3 tasks \("x", "y", "z"\)/);
  deepEqual(pipe.warnings.length, 1);
});

Deno.test("Pipeline.compile() does not warn of an event with one signaller and one that waits", async () => {
  await using pipe = newPipeline("radar");
  pipe.addEvent("go");
  for (const name of ["x", "y"]) pipe.addTask(name, { fn: tasks.ignoreEvent, events: { go: "go" } });
  deepEqual(await warnings(() => pipe.compile()), []);
});

Deno.test("Pipeline.compile() warns of an event that activates a task and is never signalled", async () => {
  await using pipe = newPipeline("radar");
  pipe.addEvent("go");
  pipe.addStream("a", INT);
  pipe.addTask.toggleable("t", {
    fn: tasks.countCalls,
    writes: { numbers: "a" },
    events: { go: "go" },
    activateOn: "go",
  });
  pipe.addTask.terminator("end", { reads: { a: "a" } });
  match((await warnings(() => pipe.compile()))[0], /event "go" is never signalled/);
});

Deno.test("A compiled pipeline takes no further declarations", async () => {
  await using pipe = newPipeline("radar");
  const stream = pipe.addStream("a", INT);
  pipe.openWriter(stream);
  pipe.openReader(stream);
  await pipe.compile();
  throws(() => pipe.addStream("b", INT), LifecycleError);
  throws(() => pipe.addEvent("go"), LifecycleError);
  throws(() => pipe.addTask("t", { fn: tasks.drain, reads: { numbers: "a" } }), LifecycleError);
  throws(() => pipe.openReader("a"), LifecycleError);
});

Deno.test("compile() warns of streams that spin where tasks outnumber cores", async () => {
  const cores = navigator.hardwareConcurrency;
  for (const [more, wait] of [[1, "spin"], [0, "spin"], [1, "adaptive"]] as const) {
    await using pipe = newPipeline();
    const streams = Array.from({ length: cores + more - 1 }, (_, n) => pipe.addStream(`s${n}`, { ...INT, wait }));
    pipe.addTask("count", { fn: tasks.count, writes: { numbers: streams[0] }, params: { count: 1 } });
    for (const [n, stream] of streams.entries()) {
      const next = streams[n + 1];
      if (next) {
        pipe.addTask(`double ${n}`, { fn: tasks.double, reads: { numbers: stream }, writes: { doubled: next } });
      } else pipe.addTask("drain", { fn: tasks.drain, reads: { numbers: stream } });
    }
    const printed = await warnings(() => pipe.compile());
    equal(printed.length, more === 1 && wait === "spin" ? 1 : 0);
    if (printed.length > 0) {
      match(printed[0], new RegExp(`wait: "spin" although ${cores + 1} tasks share ${cores} cores?: who spins`));
    }
  }
});

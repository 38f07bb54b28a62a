import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { DeclarationError, LifecycleError, UnknownNameError } from "@ringmill/ringmill";
import { Manager } from "@ringmill/ringmill/runtime";
import { reverse, speak } from "./_tasks.ts";

const TASKS = new URL("./_tasks.ts", import.meta.url).href;

Deno.test("Manager runs tasks on rings of raw bytes, which wrap anywhere", async () => {
  const texts = Array.from({ length: 500 }, (_, n) => "abcdefghijklmnopqrstuvwxyz".slice(0, 1 + n % 26));
  await using manager = new Manager("raw");
  manager.addRing({ name: "chunks", bytes: 31 });
  manager.addRing({ name: "reversed", bytes: 37, wait: "park" });
  manager.addTask({
    name: "reverse",
    fn: reverse,
    module: TASKS,
    reads: { chunks: "chunks" },
    writes: { reversed: "reversed" },
  });
  manager.addTask({ name: "speak", fn: "speak", module: TASKS, writes: { chunks: "chunks" }, params: { texts } });
  const reader = manager.openReader("reversed");
  await manager.start();
  const heard: string[] = [];
  for (;;) {
    const head = await reader.lookAsync(1);
    if (!head) break;
    const length = head[0][0];
    reader.increment();
    const [start, end] = (await reader.lookAsync(length))!;
    heard.push(new TextDecoder().decode(Uint8Array.of(...start, ...end)));
    reader.increment();
  }
  equal(await manager.join(), true);
  deepEqual(heard, texts.map((text) => [...text].reverse().join("")));
});

Deno.test("Manager refuses names that are taken or unknown, and rings out of range", () => {
  const manager = new Manager("raw");
  manager.addRing({ name: "a", bytes: 8 });
  manager.addEvent({ name: "go" });
  throws(() => manager.addRing({ name: "a", bytes: 8 }), DeclarationError);
  throws(() => manager.addEvent({ name: "go" }), DeclarationError);
  throws(() => manager.addRing({ name: "b", bytes: 0 }), {
    name: "RangeError",
    message: /ring "b": bytes .* received 0$/,
  });
  throws(() => manager.addTask({ name: "t", fn: speak, module: TASKS, writes: { chunks: "b" } }), UnknownNameError);
  throws(() => manager.openEvent("stop"), UnknownNameError);
  manager.openWriter("a");
  throws(() => manager.openWriter("a"), {
    name: "DeclarationError",
    message: 'Cannot write ring "a" twice: it has a writer',
  });
});

Deno.test("Manager refuses more memory than there can be", async () => {
  const manager = new Manager("huge");
  for (const name of ["a", "b", "c"]) manager.addRing({ name, bytes: 2 ** 31 - 1 });
  await rejects(() => manager.start(), {
    name: "RangeError",
    message: /it holds at most 4 GiB, received 6442\d+ bytes/,
  });
  await manager.close();
});

Deno.test("Manager.state tells where it is in its life", async () => {
  const manager = new Manager("life");
  equal(manager.state, "declared");
  await manager.compile();
  equal(manager.state, "compiled");
  await manager.start();
  equal(manager.state, "started");
  await manager.close();
  equal(manager.state, "closed");
  await rejects(() => manager.start(), LifecycleError);
});

Deno.test("Manager names a task whose module is never done importing, when it is closed meanwhile", async () => {
  const manager = new Manager("stuck", { graceMs: 1000 });
  const module = "data:text/javascript,export function run() {} await new Promise(() => {});";
  manager.addTask({ name: "stuck", fn: "run", module });
  manager.addTask({ name: "fine", fn: "nothing", module: TASKS });
  const message = 'Task "stuck" failed: it was still importing its module, after the stop, for 1000 ms';
  const compiling = rejects(() => manager.compile(), { message });
  while (manager.state === "declared") await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await manager.close().catch((error) => equal(error.message, message));
  await compiling;
});

Deno.test("Manager.start() refuses an order that does not name each task once, and may be called again", async () => {
  await using manager = new Manager("order");
  for (const name of ["a", "b"]) manager.addTask({ name, fn: "nothing", module: TASKS });
  const refusals: [unknown, object][] = [
    [["a"], { name: "DeclarationError", message: /order leaves out "b", which could not run any more$/ }],
    [["a", "b", "a"], { name: "DeclarationError", message: /order names task "a" twice$/ }],
    [["a", "nosuch"], { name: "UnknownNameError", message: /order names the unknown task "nosuch"$/ }],
    [[], { name: "DeclarationError" }],
    ["ab", { name: "TypeError" }],
    [5, { name: "TypeError", message: /received 5$/ }],
    [null, { name: "TypeError" }],
  ];
  for (const [order, expected] of refusals) await rejects(() => manager.start(order as string[]), expected);
  await manager.run(["b", "a"]);
});

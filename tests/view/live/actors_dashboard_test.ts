import { fileURLToPath } from "node:url";
import { RingKernelRuntime, type RunDashboardOptions } from "@ringmill/ringmill/actors";
import { type ActorsSnapshot, followDashboard, type LiveUpdate, type ViewDescription } from "@ringmill/ringmill/view";
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { mortal, obedient, Order } from "../../actors/_faulty_kernels.ts";
import { Walk, walker } from "../../actors/_circle_kernels.ts";
import { PATIENTLY, until } from "../../actors/_helpers.ts";
import { Anything, echo } from "../../actors/_kernels.ts";

type Update = LiveUpdate<ActorsSnapshot>;

/** The first update of which something is the case. */
async function updateWhere(url: string, isSo: (update: Update) => boolean): Promise<Update> {
  for await (const update of followDashboard<ActorsSnapshot>(url)) if (isSo(update)) return update;
  throw new Error("There was no such update");
}

async function fail(runtime: RingKernelRuntime, id: string): Promise<void> {
  await runtime.send(id, Order({ deed: "throw" }));
  await until(() => runtime.getTelemetry(id).errors > 0, "it has failed");
}

Deno.test("RingKernelRuntime.serveDashboard() serves until the runtime is shut down, which it tells", async () => {
  const runtime = new RingKernelRuntime();
  const { url, port } = await runtime.serveDashboard({ intervalMs: 20 });
  match(url, new RegExp(`^http://127\\.0\\.0\\.1:${port}/[\\w-]{22}/$`));
  match(await (await fetch(url)).text(), /<title>/);
  const following = Array.fromAsync(followDashboard<ActorsSnapshot>(url));
  const first = await updateWhere(url, () => true);
  deepEqual([first.title, first.state, first.isFinal], ["actors", "waiting", false]);
  await (await runtime.kernelScope("echo", echo)).request(Anything({ value: 1 }), PATIENTLY);
  await updateWhere(url, ({ state }) => state === "running");
  await runtime.shutdown();
  const updates = await following;
  const { state, isFinal, snapshot, figures } = updates.at(-1)!;
  deepEqual([state, isFinal, snapshot.kernels.echo.state], ["ended", true, "terminated"]);
  equal(snapshot.kernels.echo.messagesProcessed, 1);
  equal(figures.nodes!["kernel:echo"].status, "terminated");
  equal(new Set(updates.map(({ run }) => run)).size, 1);
  await rejects(fetch(url), TypeError);
});

Deno.test("RingKernelRuntime.serveDashboard() shows kernels that are launched later, and who sends to whom", async () => {
  await using runtime = new RingKernelRuntime({ telemetry: true });
  const { url } = await runtime.serveDashboard({ intervalMs: 20 });
  const before = await updateWhere(url, () => true);
  deepEqual(before.tables[0].rows, []);
  await (await runtime.kernelScope("echo", echo)).request(Anything({ value: 1 }), PATIENTLY);
  const after = await updateWhere(
    url,
    ({ drawing, tables: [{ rows: [row] }] }) => drawing > 0 && row?.status === "active",
  );
  notEqual(after.drawing, before.drawing);
  const { columns, rows: [{ node, title, status, values }] } = after.tables[0];
  deepEqual([node, title, status], ["kernel:echo", "echo", "active"]);
  equal(values.length, columns.length);
  const has = ({ description }: { description: ViewDescription }) =>
    description.nodes.map(({ id }) => id).join() === "kernel:echo,program:in";
  let drawing = await (await fetch(`${url}drawing`)).json();
  for (; !has(drawing); drawing = await (await fetch(`${url}drawing`)).json()) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  equal(drawing.description.edges.length, 1);
});

Deno.test("RingKernelRuntime.serveDashboard() tells rates since the update before", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("echo", echo);
  const { url } = await runtime.serveDashboard({ intervalMs: 50 });
  let isOver = false;
  const asking = (async () => {
    for (let value = 0; !isOver; value++) await kernel.request(Anything({ value }), PATIENTLY);
  })();
  const { snapshot, figures } = await updateWhere(url, ({ snapshot }) => snapshot.kernels.echo.messagesPerSecond > 0);
  isOver = true;
  await asking;
  ok(snapshot.kernels.echo.messagesPerSecond >= 1);
  match(figures.nodes!["kernel:echo"].lines![0], / messages\/s$/);
  // Once nothing is asked any more.
  await updateWhere(url, ({ snapshot }) => snapshot.kernels.echo.messagesPerSecond === 0);
});

Deno.test("RingKernelRuntime.serveDashboard() tells which kernels have failed, and why", async () => {
  await using runtime = new RingKernelRuntime();
  const { url } = await runtime.serveDashboard({ intervalMs: 20 });
  await runtime.kernelScope("goes on", obedient);
  await fail(runtime, "goes on");
  const goesOn = await updateWhere(url, ({ failures }) => failures.length === 1);
  equal(goesOn.state, "running");
  equal(goesOn.figures.nodes!["kernel:goes on"].status, "active");
  equal(goesOn.figures.nodes!["kernel:goes on"].lines![1], "1 error");
  await runtime.kernelScope("ends", mortal);
  await fail(runtime, "ends");
  const { failures, figures, snapshot } = await updateWhere(url, ({ state }) => state === "failed");
  deepEqual(failures.map(({ node, title, reason }) => [node, title, reason]), [
    ["kernel:goes on", "goes on", "it threw Overload: too loud"],
    ["kernel:ends", "ends", "it threw Overload: too loud"],
  ]);
  match(failures[1].details, /^Overload: too loud\n +at /);
  match(failures[1].details, /RangeError: the reason/);
  equal(figures.nodes!["kernel:ends"].status, "failed");
  deepEqual([snapshot.kernels.ends.failure, snapshot.kernels["goes on"].failure], [
    "it threw Overload: too loud",
    null,
  ]);
  // Another kernel takes its place.
  await runtime.kernelScope("ends", mortal);
  await updateWhere(url, ({ state }) => state === "running");
});

Deno.test("RingKernelRuntime.serveDashboard() tells what kernels wait for, and who waits in a circle", async () => {
  await using runtime = new RingKernelRuntime();
  const { url } = await runtime.serveDashboard({ intervalMs: 20 });
  const [a] = await Promise.all(["a", "b"].map((id) => runtime.kernelScope(id, walker)));
  await a.send(Walk({ way: ["b", "a"], timeoutMs: Infinity }));
  const noteOf = (id: string, { tables: [{ rows }] }: Update) => rows.find(({ title }) => title === id)?.note;
  const update = await updateWhere(url, (update) => noteOf("a", update) !== undefined);
  equal(noteOf("a", update), 'waits for an answer of "b"');
  const { tables: [{ columns, rows }] } = update;
  const at = columns.findIndex(({ id }) => id === "waits");
  ok(rows[0].values[at]! >= 1000);
  const { facts } = await updateWhere(url, ({ facts }) => facts.some(({ title }) => title === "Circle"));
  match(facts.find(({ title }) => title === "Circle")!.text, /^(a → b → a|b → a → b)$/);
});

Deno.test("RingKernelRuntime.serveDashboard() refuses wrong options, a second dashboard, and a runtime that is shut down", async () => {
  const runtime = new RingKernelRuntime();
  const refused = (options: unknown, name: string, message: string) =>
    rejects(runtime.serveDashboard(options as RunDashboardOptions), { name, message });
  const what = 'Cannot serve the dashboard of "actors"';
  await refused({ port: -1 }, "RangeError", `${what}: port must be an integer from 0 to 65535, received -1`);
  await refused({ port: "80" }, "TypeError", `${what}: port must be an integer from 0 to 65535, received "80"`);
  await refused(
    { intervalMs: 5 },
    "RangeError",
    'Cannot monitor "actors": intervalMs must be a number of milliseconds from 10 to 2147483647, received 5',
  );
  await refused(null, "TypeError", `${what}: its options must be an object, received null`);
  const first = await runtime.serveDashboard();
  await refused({}, "LifecycleError", `${what}: it is served at ${first.url}`);
  const other = new RingKernelRuntime();
  await rejects(other.serveDashboard({ port: first.port }), {
    name: "AddrInUse",
    message: `${what}: port ${first.port} is in use`,
  });
  await other.shutdown();
  const following = Array.fromAsync(followDashboard(first.url));
  await (await fetch(first.url)).text();
  await first.close();
  ok((await following).every(({ isFinal }) => !isFinal), "nothing has ended");
  await runtime.serveDashboard({ port: first.port });
  await runtime.shutdown();
  await refused({}, "LifecycleError", `${what}: the runtime is shut down`);
});

Deno.test("A dashboard of actors does not keep the program alive", async () => {
  const program = `
    import { RingKernelRuntime } from "@ringmill/ringmill/actors";
    const { url } = await new RingKernelRuntime().serveDashboard({ intervalMs: 10 });
    await (await fetch(url)).text();
    console.log("served");
  `;
  const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), { args: ["eval", "--config", config, program] });
  const { success, stdout, stderr } = await command.output();
  equal(new TextDecoder().decode(stderr), "");
  equal(new TextDecoder().decode(stdout), "served\n");
  ok(success);
});

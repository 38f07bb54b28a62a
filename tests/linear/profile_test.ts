import { type LinearNodeError, type LinearNodeOptions, namedPartial, type RunReport } from "@ringmill/ringmill/linear";
import { equal, match, ok, rejects } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { measureMemory } from "../../src/linear/profile/memory_profile.ts";
import * as functions from "./_functions.ts";
import { logged, objectsOf, quietPipeline } from "./_helpers.ts";

const MIB = 2 ** 20;

/** Writes to each page, or the system would not give them. */
const allocate = (mib: number) => new Uint8Array(mib * MIB).fill(1);

Deno.test("LinearNode with profile logs the memory in the form of the seed, and has it in report and history", async () => {
  const pipeline = quietPipeline([
    { fn: () => allocate(64), name: "expensive_function", outputs: ["bytes"], profile: true },
  ], { trackHistory: true });
  const lines: string[] = [];
  lines.push(
    ...await logged(async () => {
      const { nodes } = await pipeline.run();
      const [{ memory }] = pipeline.history;
      ok(memory!.deltaMiB > 50 && memory!.peakMiB >= memory!.deltaMiB);
      equal(nodes[0].memory, memory);
    }),
  );
  equal(lines.length, 1);
  match(lines[0], /^\[expensive_function\] ΔMem: \d+\.\d\d MiB \| Peak: \d+\.\d\d MiB$/);
});

Deno.test("measureMemory() sees a peak that is over before the end, in sync and async work", async () => {
  const spike = () => {
    // Given back at once when it is transferred to nobody.
    const bytes = allocate(256);
    for (const end = performance.now() + 500; performance.now() < end;);
    bytes.buffer.transfer(0);
  };
  for (const work of [spike, () => Promise.resolve().then(spike)]) {
    // What tests before have left may be given back meanwhile, once: it is missing from the peak then.
    const uses = [(await measureMemory(work)).use, (await measureMemory(work)).use, (await measureMemory(work)).use];
    const use = uses.toSorted((a, b) => b.peakMiB - a.peakMiB)[0];
    ok(use.peakMiB > 200, `${use.peakMiB}`);
    ok(use.deltaMiB < use.peakMiB - 100, `${use.deltaMiB}`);
  }
});

Deno.test("measureMemory() passes on what the work throws", async () => {
  let caught: unknown;
  await measureMemory(() => {
    throw "no";
  }).catch((error) => caught = error);
  equal(caught, "no");
});

/** Runs one node in a worker. What it returns is `out`, if it is not a failure. */
async function inWorker(options: Omit<LinearNodeOptions, "profile">, runtime = {}) {
  const module = new URL("_functions.ts", import.meta.url);
  const pipeline = quietPipeline([{ module, outputs: ["out"], ...options, profile: "worker" }], { runtime });
  let report: RunReport | undefined;
  const lines = await logged(async () => report = await pipeline.run());
  return { out: objectsOf(pipeline).out, lines, memory: report!.nodes[0].memory! };
}

Deno.test('LinearNode with profile: "worker" runs an exported function in a worker, and measures it there', async () => {
  equal((await inWorker({ fn: functions.isApart })).out, true);
  const { out, lines, memory } = await inWorker({ fn: functions.allocate, inputs: ["mib"] }, { mib: 64 });
  equal((out as Uint8Array).length, 64 * MIB);
  match(lines[0], /^\[allocate\] ΔMem: -?\d+\.\d\d MiB \| Peak: \d+\.\d\d MiB$/);
  ok(memory.peakMiB > 50 && memory.peakMiB < 200, `${memory.peakMiB}`);
});

Deno.test('LinearNode with profile: "worker" runs what namedPartial() made', async () => {
  const fn = namedPartial(functions.allocate as (mib: number, o: { keep: number }) => Uint8Array, "small", { keep: 1 });
  const { out, lines } = await inWorker({ fn, inputs: ["mib"] }, { mib: 2 });
  equal((out as Uint8Array).length, MIB);
  match(lines[0], /^\[small\]/);
});

Deno.test('LinearNode with profile: "worker" says what goes wrong in or on the way to the worker', async () => {
  const local = () => 1;
  const cases: [Omit<LinearNodeOptions, "profile">, RegExp][] = [
    [{ fn: functions.fail }, /RangeError: too loud/],
    [{ fn: functions.makeFunction }, /what it returns cannot leave its worker: it is a function/],
    [{ fn: functions.isApart, inputs: ["call"] }, /the inputs cannot be sent to its worker: its \[0\] is a function/],
    [{ fn: functions.breakWorker }, /it broke its worker: Uncaught Error: late/],
    [{ fn: local }, /function "local" is not an export of .*_functions.ts/],
  ];
  for (const [options, message] of cases) await rejects(inWorker(options, { call: () => {} }), message);
  await rejects(inWorker({ fn: functions.fail }), (error: LinearNodeError) => {
    ok(error.cause instanceof RangeError);
    equal(error.cause.cause, "the crowd");
    return true;
  });
});

Deno.test("LinearNode with profile fails alone, and not the program, where a worker may not be started", async () => {
  const program = `
    import { LinearPipeline, LinearNode } from "@ringmill/ringmill/linear";
    const node = new LinearNode({ fn: () => 1, name: "one", outputs: ["x"], profile: true });
    await new LinearPipeline({ name: "p", nodes: [node], quiet: true }).run().catch((error) => console.log(error.message));
  `;
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "--config", config, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(program));
  await stdin.close();
  const { code, stdout } = await child.output();
  match(
    new TextDecoder().decode(stdout),
    /^Node "one".* failed: NotCapable: workers may not read ".*memory_sampler\.ts": run with --allow-read/,
  );
  equal(code, 0);
});

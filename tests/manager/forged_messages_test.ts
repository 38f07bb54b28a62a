/** Messages that tasks post which look like those of their host: the task fails, the program goes on. */

import { equal, match, rejects } from "node:assert/strict";
import { Pipeline, TaskError } from "@ringmill/ringmill";
import fc from "fast-check";
import { type KernelPlace, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { WorkerPool } from "@ringmill/ringmill/graph";
import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { forger, Text } from "./_forging_kernels.ts";
import { forge, forgeCall } from "./_forging_tasks.ts";
import { isTaskMessage } from "../../src/manager/task/task_protocol.ts";
import { isFromHost } from "../../src/actors/thread/kernel_protocol.ts";
import { isErrorReport, rebuildError, summarizeError } from "../../src/worker/error_report.ts";

const MODULE = import.meta.resolve("./_forging_tasks.ts");

const FORGED: readonly unknown[] = [
  null,
  0,
  "ended",
  [],
  {},
  { kind: "failed" },
  { kind: "failed", deed: 7 },
  { kind: "failed", deed: "x", error: 1 },
  { kind: "failed", deed: "x", error: { errors: 5, properties: {} } },
  { kind: "failed", deed: "x", error: { name: "E", message: "m", properties: null } },
  { kind: "failed", deed: "x", error: { name: "E", message: "m", properties: {}, cause: 5 } },
  { kind: "failed", deed: "x", error: { name: "E", message: "m", properties: {}, errors: [null] } },
  { kind: "refused", reason: {} },
  { kind: "toString" },
];

for (const message of FORGED) {
  Deno.test(`A task that posts ${JSON.stringify(message)} as its host would fails`, async () => {
    const uncaught: string[] = [];
    const note = (event: ErrorEvent) => (event.preventDefault(), uncaught.push(event.message));
    addEventListener("error", note);
    await using pipe = new Pipeline("forged", MODULE);
    pipe.addTask("forge", { fn: forge, params: { message: { ringmill: message } } } as never);
    await rejects(pipe.run(), (error) => {
      match((error as TaskError).message, /^Task "forge" failed: it posted a message that its host does not send$/);
      return error instanceof TaskError;
    });
    removeEventListener("error", note);
    equal(uncaught.join(), "");
  });
}

/** What once ended the program. */
const WORST = { ringmill: { kind: "failed", deed: "x", error: { errors: 5, properties: {} } } };

/** What runs a function in a worker, and fails with what it has posted. */
const HOSTS: Readonly<Record<string, (message: typeof WORST) => Promise<unknown>>> = {
  "function of a pool": async (message) => {
    await using pool = new WorkerPool({ name: "forging", workers: 1 });
    await pool.run({ module: MODULE, exportName: "forgeCall" }, [message]);
  },
  "node that is profiled in a worker": async (message) => {
    const node = new LinearNode({
      name: "n",
      fn: forgeCall,
      module: MODULE,
      inputs: ["message"],
      outputs: ["x"],
      profile: "worker",
    });
    await new LinearPipeline({ name: "forging", quiet: true, runtime: { message }, nodes: [node] }).run();
  },
  "kernel": (message) => forgeInKernel("dedicated", message),
  "kernel that shares a worker": (message) => forgeInKernel("shared", message),
  "kernel that shares a worker, among others,": ({ ringmill }) => forgeInKernel("shared", { ringmill: [ringmill] }),
};

async function forgeInKernel(worker: KernelPlace, message: unknown): Promise<never> {
  await using runtime = new RingKernelRuntime();
  const handle = await runtime.launch("forger", forger, { worker });
  await handle.activate();
  await handle.send(Text({ text: JSON.stringify(message) }));
  await handle.ended;
  throw runtime.getAllTelemetry().forger.lastError;
}

for (const [what, run] of Object.entries(HOSTS)) {
  Deno.test(`A ${what} that posts a message as its host would fails`, async () => {
    await rejects(run(WORST), /it posted a message that its host does not send/);
  });
}

Deno.test("Whatever is posted is no message of a host, or one that can be read", () => {
  const report = fc.letrec((tie) => ({
    report: fc.record({
      name: fc.oneof(fc.string(), fc.anything({ maxDepth: 1, maxKeys: 2 })),
      message: fc.oneof(fc.string(), fc.anything({ maxDepth: 1, maxKeys: 2 })),
      stack: fc.option(fc.string(), { nil: undefined }),
      cause: fc.option(tie("report"), { nil: undefined, depthSize: "small" }),
      errors: fc.option(fc.array(tie("report"), { maxLength: 3 }), { nil: undefined, depthSize: "small" }),
      properties: fc.oneof(fc.object({ maxDepth: 1, maxKeys: 2 }), fc.anything({ maxDepth: 1, maxKeys: 2 })),
    }),
  })).report;
  const kind = fc.constantFrom("loaded", "started", "ended", "refused", "failed", "noted", "broken", "find", "used");
  const message = fc.oneof(
    fc.anything({ maxDepth: 2, maxKeys: 3 }),
    fc.record({ kind, deed: fc.string(), error: report, reason: fc.string() }),
  );
  const property = fc.property(message, (message) => {
    isFromHost({ from: 0, message });
    const { error } = isTaskMessage(message) && message.kind === "failed" ? message : { error: undefined };
    if (error === undefined || !isErrorReport(error)) return;
    equal(typeof summarizeError(error), "string");
    rebuildError(error);
  });
  fc.assert(property, { numRuns: Number(Deno.env.get("FC_RUNS") ?? 300) });
});

Deno.test("An error that is rebuilt keeps its class and its texts, whatever its properties are called", () => {
  const properties = JSON.parse('{ "__proto__": { "x": 1 }, "message": "other", "stack": "other", "code": 7 }');
  const error = rebuildError({ name: "RangeError", message: "m", stack: "s", properties }) as RangeError & { code: 7 };
  equal(error instanceof RangeError, true);
  equal(error.message, "m");
  equal(error.stack, "s");
  equal(error.code, 7);
});

/** Functions that take every method out of what they are given, and call it. */

import { type KernelContext, type KernelRuntime, message, reply, ringKernel } from "@ringmill/ringmill/actors";
import type { NodeContext } from "@ringmill/ringmill/graph";
import type { TaskContext, Writer } from "@ringmill/ringmill";

type MethodOf<Thing> = {
  [Name in keyof Thing & string]-?: Thing[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Thing & string];
/** All methods of a public type: one more is an error of the type check here. */
type Methods<Thing> = Readonly<Record<MethodOf<Thing>, true>>;

const OF_TASK: Methods<TaskContext> = { sleep: true, tellLateness: true, stop: true };
const OF_KERNEL: Methods<KernelContext> = {
  receive: true,
  send: true,
  forward: true,
  signalOf: true,
  waitActive: true,
  sleep: true,
};
const OF_RUNTIME: Methods<KernelRuntime> = {
  launch: true,
  terminate: true,
  stateOf: true,
  send: true,
  receive: true,
  receiveAny: true,
  request: true,
};
const OF_NODE: Methods<NodeContext> = { waitUntil: true, interrupt: true };

/** An error of a method that needs what it was taken out of. */
const LOST_THIS = /Cannot (read|destructure)|private|Illegal invocation|undefined \(/;

/** Those of a thing's methods that do not work on their own. What else they throw without arguments is as it should be. */
async function brokenMethods(thing: object, methods: readonly string[]): Promise<string[]> {
  const broken: string[] = [];
  for (const name of methods) {
    const method: (...args: unknown[]) => unknown = Reflect.get(thing, name);
    try {
      const result = method(undefined);
      // An answer may never come; an error comes at once.
      const waited = new Promise((resolve) => setTimeout(resolve, 5));
      if (result instanceof Promise) await Promise.race([result, waited]);
    } catch (error) {
      if (LOST_THIS.test(String(error))) broken.push(`${name}: ${error}`);
    }
  }
  return broken;
}

/** A task: writes how many of its context's methods are broken, and stops once that was read. */
export async function task({ counts }: { counts: Writer<"int32"> }, context: TaskContext): Promise<void> {
  const { stop } = context;
  const broken = await brokenMethods(context, Object.keys(OF_TASK).filter((name) => name !== "stop"));
  for (let time = 0; time < 2; time++) await counts.writeAsync(Int32Array.of(broken.length));
  stop();
}

/** A question. */
export const Ask = message("ask").of<object>();
/** What there is to say. */
export const Told = message("told").of<{ broken: string[] }>();

/** A kernel that answers with the methods of its context that are broken. */
export const kernel = ringKernel({ id: "kernel", module: import.meta, input: Ask, output: Told }, async (ctx) => {
  const { receive, send, runtime } = ctx;
  const asked = await receive();
  const broken = await brokenMethods(ctx, Object.keys(OF_KERNEL));
  broken.push(...await brokenMethods(runtime, Object.keys(OF_RUNTIME)));
  await send(reply(asked, Told({ broken })));
});

/** A node: its context's methods that are broken. */
export async function node(_: number, context: NodeContext): Promise<string[]> {
  const { interrupt, waitUntil } = context;
  const broken = await brokenMethods(context, Object.keys(OF_NODE).filter((name) => name !== "interrupt"));
  waitUntil(Promise.resolve());
  return [...broken, ...interrupt<string[]>("anything else?")];
}

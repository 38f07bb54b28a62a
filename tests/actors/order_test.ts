/** What is sent arrives in its order, as it was when it was sent. */

import { message, ringKernel, RingKernelRuntime, type StandardSchema } from "@ringmill/ringmill/actors";
import { deepEqual, equal, rejects } from "node:assert/strict";
import { PATIENTLY } from "./_helpers.ts";
import { LateFirst, note, noteAll, Plain, Quick, Slow } from "./_order_kernels.ts";

type Kind = (body: { n: number; list: number[] }) => ReturnType<typeof Plain>;
const KINDS: Readonly<Record<string, Kind>> = {
  plain: Plain,
  "with a schema": Quick as unknown as Kind,
  "with an async schema": Slow as unknown as Kind,
  "with an async schema that is slow at first": LateFirst as unknown as Kind,
};

for (const [first, First] of Object.entries(KINDS)) {
  for (const [second, Second] of Object.entries(KINDS)) {
    Deno.test(`A message ${first} and one ${second} arrive in their order, from the program and from a kernel`, async () => {
      await using runtime = new RingKernelRuntime();
      const kernel = await runtime.kernelScope("note", note);
      const list = [1];
      const sent = [];
      for (let n = 0; n < 6; n++) {
        sent.push(kernel.send((n % 2 === 0 ? First : Second)({ n, list }) as never));
        list.push(n);
      }
      list.length = 0;
      await Promise.all(sent);
      for (let n = 0; n < 6; n++) {
        const received = await kernel.receive(PATIENTLY) as unknown as { n: number; list: number[] };
        deepEqual([received.n, received.list], [n, [1, ...Array.from({ length: n }, (_, index) => index)]]);
      }
      const relay = await runtime.kernelScope("note all", noteAll);
      await relay.send(Plain({ n: 3, list: [] }) as never);
      for (let n = 0; n < 8; n++) {
        equal((await kernel.receive(PATIENTLY) as unknown as { n: number }).n, n);
      }
    });
  }
}

const refusing: StandardSchema<{ n: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) =>
      Promise.resolve(
        (value as { n: number }).n > 0 ? { value: value as { n: number } } : { issues: [{ message: "no" }] },
      ),
  },
};
const never: StandardSchema<{ n: number }> = {
  "~standard": { version: 1, vendor: "test", validate: () => new Promise(() => {}) },
};
const Refusing = message("Refusing", refusing);
const Never = message("Never", never);

Deno.test("A message that its schema refuses, or never answers for, holds up those behind it no longer than their time", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("note", note);
  const refused = rejects(kernel.send(Refusing({ n: 0 }) as never), { name: "MessageError" });
  const behind = kernel.send(Plain({ n: 1, list: [] }) as never);
  await Promise.all([refused, behind]);
  equal((await kernel.receive(PATIENTLY) as unknown as { n: number }).n, 1);
  const controller = new AbortController();
  const stuck = kernel.send(Never({ n: 0 }) as never, { signal: controller.signal });
  const late = rejects(kernel.send(Plain({ n: 2, list: [] }) as never, { timeoutMs: 20 }), {
    name: "QueueTimeoutError",
  });
  const waiting = kernel.send(Plain({ n: 3, list: [] }) as never);
  await late;
  controller.abort(new RangeError("enough"));
  await rejects(stuck, { message: "enough" });
  await waiting;
  equal((await kernel.receive(PATIENTLY) as unknown as { n: number }).n, 3);
});

/** Needs no worker. */
export const unused = ringKernel({ id: "unused too", module: import.meta }, () => {});

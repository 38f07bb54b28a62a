/** Kernels' functions without workers. */

import { reply, testContext } from "@ringmill/ringmill/actors";
import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { Count, loop, parametric, source, Text } from "./_kernels.ts";
import { Done, Job, router, slowly } from "./_settling_kernels.ts";

Deno.test("testContext() gives a function its messages, and keeps what it sends and forwards", async () => {
  const ctx = testContext(slowly, [Job({ n: 1 }), Job({ n: 2 })]);
  await slowly.fn(ctx);
  deepEqual(ctx.sent.map((done) => Done.is(done) && done.n), [1, 2]);
  equal(ctx.shouldTerminate, true);
  const routing = testContext(router, [Job({ n: 3, deed: "back" })]);
  await router.fn(routing);
  deepEqual(routing.forwarded.map(({ kernel }) => kernel), ["back"]);
  const timed = testContext(loop, [Text({ text: "a" })]);
  await loop.fn(timed);
  deepEqual(timed.sent.map(({ text }) => text), ["a"]);
});

Deno.test("testContext() takes constants, and what stands for the runtime", async () => {
  const ctx = testContext(parametric, [Count({ count: 3 })] as never, { params: { factor: 5 } });
  await parametric.fn(ctx);
  deepEqual(ctx.sent.map((one) => (one as unknown as { count: number }).count), [15]);
  const sent: unknown[] = [];
  const runtime = { send: (to: string) => Promise.resolve(void sent.push(to)) };
  await source.fn(testContext(source, [Count({ count: 2 })], { runtime }));
  deepEqual(sent, ["counter", "counter"]);
  await rejects(async () => await source.fn(testContext(source, [Count({ count: 2 })])), {
    message: "Cannot send in a test: its context has no runtime.send",
  });
  throws(() => testContext(source, [], { param: 1 } as never), { message: /did you mean "params"/ });
  equal(reply(Job({ n: 1 }), Job({ n: 2 })).n, 2);
});

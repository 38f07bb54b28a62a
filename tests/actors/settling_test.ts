/** Each request is settled once, by the answer that is meant for it, whatever becomes of those who ask and answer. */

import { KernelError, type KernelHandle, RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { PATIENTLY, until } from "./_helpers.ts";
import {
  agent,
  Ask,
  bank,
  Done,
  ENDINGS,
  hoarder,
  Job,
  ledger,
  newest,
  News,
  sideBySide,
  slowly,
  teller,
  tellerInPlace,
  verbose,
  worker,
  workerInPlace,
} from "./_settling_kernels.ts";

for (const ending of ENDINGS) {
  for (const definition of [teller, tellerInPlace]) {
    if (definition === tellerInPlace && (ending === "throw" || ending === "reject")) continue;
    Deno.test(`A kernel's next worker after "${ending}" gets its own answers (${definition.id})`, async () => {
      await using runtime = new RingKernelRuntime();
      const theBank = await runtime.kernelScope("bank", bank);
      const kernel = await runtime.kernelScope("teller", definition, { params: { ending } });
      await kernel.send(Job({ n: 0 }));
      await until(() => kernel.telemetry.restarts === 1, "it has a new worker");
      for (const n of [1, 2, 3]) await kernel.send(Job({ n }));
      await until(() => theBank.telemetry.messagesProcessed >= 2, "the next question is asked");
      const answers: number[] = [];
      for (let release = 0; release < 3; release++) {
        await theBank.request(Ask({ name: "release" }), PATIENTLY);
        const { n, attempt } = await kernel.receive(PATIENTLY);
        equal(n, attempt);
        answers.push(n);
        if (release < 2) await until(() => theBank.telemetry.messagesProcessed >= 4 + 2 * release, "it asks on");
      }
      deepEqual(answers, [1, 2, 3]);
      ok(kernel.telemetry.lateAnswers >= 1);
    });
  }
}

/** What has become of some requests. */
async function outcomes(requests: Promise<{ n: number }>[]): Promise<{ answered: number[]; failed: unknown[] }> {
  const settled = await Promise.allSettled(requests);
  return {
    answered: settled.flatMap((one) => one.status === "fulfilled" ? [one.value.n] : []),
    failed: settled.flatMap((one) => one.status === "rejected" ? [one.reason] : []),
  };
}

/** Which jobs were done, and how often. */
async function doneBy(book: KernelHandle): Promise<number[]> {
  const { n: count } = await book.request(Ask({ name: "all" }) as never, PATIENTLY) as unknown as { n: number };
  const done: number[] = [];
  while (done.length < count) done.push((await book.receive(PATIENTLY) as unknown as { n: number }).n);
  return done.sort((a, b) => a - b);
}

for (const ending of ENDINGS) {
  for (const definition of [worker, workerInPlace]) {
    if (definition === workerInPlace && ending === "reject") continue;
    Deno.test(`Of a worker that ends by "${ending}" only what it had taken fails (${definition.id})`, async () => {
      await using runtime = new RingKernelRuntime();
      const book = await runtime.kernelScope("ledger", ledger);
      const kernel = await runtime.launch("worker", definition);
      const jobs = Array.from({ length: 40 }, (_, n) => Job({ n, deed: n === 0 || n === 20 ? ending : undefined }));
      const asked = jobs.map((job) => kernel.request(job, PATIENTLY) as Promise<never>);
      const rest = outcomes(asked);
      await kernel.activate();
      const { answered, failed } = await rest;
      equal(failed.length, 2);
      for (const error of failed) ok(error instanceof KernelError, `${error}`);
      deepEqual(answered.sort((a, b) => a - b), jobs.map(({ n }) => n).filter((n) => n % 20 !== 0));
      deepEqual(await doneBy(book as never), jobs.map(({ n }) => n));
    });
  }
}

Deno.test("Of a worker that dies with several in hand those fail, whoever asked, and what is queued is answered", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("worker", hoarder);
  const helper = await runtime.kernelScope("agent", agent);
  const byAgent = helper.request(Job({ n: 1, deed: "worker" }), PATIENTLY);
  await until(() => kernel.telemetry.queueDepth === 1, "the agent has asked");
  const asked = [Job({ n: 2 }), Job({ n: 3, deed: "close" })].map((job) => kernel.request(job, PATIENTLY));
  const queued = kernel.request(Job({ n: 4 }), { timeoutMs: 2000 });
  const failures = Promise.all(asked.map((one) => rejects(one, KernelError)));
  const late = rejects(queued, { name: "QueueTimeoutError" });
  await kernel.activate();
  await failures;
  equal((await byAgent).n, -1);
  await until(() => kernel.telemetry.restarts === 1, "it has a new worker");
  await late;
});

Deno.test("Requests that a kernel leaves in its input when it ends fail at once, and are counted", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.launch("worker", worker);
  const asked = Array.from({ length: 5 }, (_, n) => rejects(kernel.request(Job({ n })), { name: "KernelStateError" }));
  await kernel.send(Job({ n: 5 }));
  await kernel.terminate();
  await Promise.all(asked);
  deepEqual([kernel.telemetry.messagesLost, kernel.telemetry.messagesProcessed], [6, 0]);
});

Deno.test("Late and second answers never come out of a kernel's output, and are counted", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", sideBySide);
  const jobs = Array.from({ length: 1500 }, (_, n) => Job({ n }));
  const late = await outcomes(jobs.map((job) => kernel.request(job, { timeoutMs: 100 }) as Promise<never>));
  const twice = [Job({ n: 1, deed: "twice" }), Job({ n: 2, deed: "twice" })];
  const answered = await outcomes(twice.map((job) => kernel.request(job, PATIENTLY) as Promise<never>));
  deepEqual(answered.answered, [1, 2]);
  ok(late.failed.length > 1024, `${late.failed.length} were late`);
  await until(() => runtime.getSummary().lateAnswers === late.failed.length + 2, "all are counted");
  const news: unknown[] = [];
  while (kernel.telemetry.outputDepth > 0) news.push((await kernel.receive(PATIENTLY)).messageType);
  ok(news.length > 0);
  ok(news.every((type) => type === "News"), `${new Set(news)}`);
});

Deno.test('A request that is dropped by "dropOldest" fails at once, whoever drops it', async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("newest", newest);
  const helper = await runtime.kernelScope("agent", agent);
  const priorities = [128, 10, 128, 200, 128, 255];
  const asked = Array.from({ length: 60 }, (_, n) => kernel.request(Job({ n }, { priority: priorities[n % 6] })));
  const byAgent = helper.request(Job({ n: 1, deed: "newest" }), PATIENTLY);
  const { answered, failed } = await outcomes(asked as Promise<never>[]);
  ok(answered.length > 0);
  ok(failed.length > 0);
  for (const error of failed) match(`${error}`, /^QueueFullError: .*"newest".*dropped it/);
  await byAgent;
  const { messagesDropped, messagesProcessed } = kernel.telemetry;
  equal(messagesDropped + messagesProcessed, 61);
});

Deno.test("Requests whose askers have given up are left out, and counted", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", slowly);
  const late = await outcomes(
    Array.from({ length: 10 }, (_, n) => kernel.request(Job({ n }), { timeoutMs: 30 }) as Promise<never>),
  );
  ok(late.failed.length >= 8);
  const { attempt } = await kernel.request(Job({ n: 11 }), PATIENTLY);
  ok(attempt <= 3, `${attempt} were processed`);
  ok(kernel.telemetry.messagesExpired >= 7);
});

Deno.test("An answer that is too large for the program fails the request, not the kernel", async () => {
  await using runtime = new RingKernelRuntime({ answerBytes: 1024 });
  const kernel = await runtime.kernelScope("k", verbose);
  await rejects(kernel.request(Job({ n: 5000 }), PATIENTLY), {
    name: "MessageError",
    message: /^Cannot send "Ask" to the mailbox of the program: .* half of the runtime's answerBytes, .*received 5\d+$/,
  });
  equal((await kernel.request(Job({ n: 5 }), PATIENTLY) as unknown as { name: string }).name, "xxxxx");
  equal(kernel.telemetry.errors, 0);
});

Deno.test("What was sent by send() is no request: its reply comes out of the output", async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("k", slowly);
  await kernel.send(Job({ n: 7 }));
  const done = await kernel.receive(PATIENTLY);
  ok(Done.is(done) && !News.is(done));
  equal(done.n, 7);
});

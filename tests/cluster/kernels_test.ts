/** Kernels that programs on other machines use: one program is both here. */

import { MessageError, type RingKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";
import {
  exportKernel,
  type ExportKernelOptions,
  nats,
  type RemoteKernel,
  remoteKernel,
  tcp,
} from "@ringmill/ringmill/cluster";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { Counted, counter, Deed, Digits, type Done, doubler, Other, otherWorker, worker } from "./_kernels.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";

const ignore = LACKS_NATS;
const PATIENTLY = { timeoutMs: 20_000 };
const transportOf = ({ url }: NatsServer) => nats(url, { leaseMs: 500 });

type Remote = RemoteKernel<ReturnType<typeof Deed>, ReturnType<typeof Done>>;

/** Wrong wiring is an error in the editor. */
export async function miswired(remote: Remote): Promise<void> {
  // @ts-expect-error: it takes no such messages.
  await remote.send(Other({ text: "" }));
  // @ts-expect-error: a time-out must be given.
  await remote.request(Deed({ n: 1 }));
  // @ts-expect-error: an answer has no such field.
  (await remote.request(Deed({ n: 1 }), PATIENTLY)).text;
}

/** What a test works with. */
interface Bench {
  readonly server: NatsServer;
  readonly remote: Remote;
  readonly notes: string;
  exportAgain(options?: Partial<ExportKernelOptions>): ReturnType<typeof exportKernel>;
}

/** A server, a kernel that is exported, and one that reaches it. */
async function withRemote(
  options: Partial<ExportKernelOptions>,
  act: (bench: Bench & { exported: Awaited<ReturnType<typeof exportKernel>> }) => Promise<void>,
): Promise<void> {
  await using server = await NatsServer.start();
  await using runtime = new RingKernelRuntime({ answerBytes: 2 ** 23 });
  const notes = await Deno.makeTempFile();
  try {
    const kernel = await runtime.kernelScope("worker", worker, { params: { notes } });
    const exportAgain = (more: Partial<ExportKernelOptions> = {}) =>
      exportKernel(kernel, { transport: transportOf(server), retryMs: 10, ...options, ...more });
    await using exported = await exportAgain();
    await using remote = await remoteKernel(worker, { transport: transportOf(server) });
    await act({ server, remote, notes, exported, exportAgain });
  } finally {
    await Deno.remove(notes);
  }
}

const notesIn = async (path: string) => (await Deno.readTextFile(path)).split("\n").slice(0, -1);

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!await isSo()) {
    ok(performance.now() < deadline, "waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("A remote kernel answers with what was asked, whatever a body holds", { ignore }, async () => {
  await withRemote({}, async ({ remote, exported }) => {
    const bodies = [
      1n,
      -0,
      NaN,
      undefined,
      "\ud800 \ufeff",
      new Date(5),
      new Map([[{ a: 1 }, new Set([2])]]),
      Float32Array.of(1, 2),
      Object.fromEntries([["__proto__", 1]]),
      [1, , 3],
      /x/g,
    ];
    for (const [n, body] of bodies.entries()) {
      const answer = await remote.request(Deed({ n, body }, { priority: 7 }), PATIENTLY);
      deepEqual([answer.n, answer.messageType], [n, "Remote done"]);
      deepEqual(answer.body, body);
    }
    const many = await Promise.all(
      Array.from({ length: 500 }, (_, n) => remote.request(Deed({ n }), PATIENTLY)),
    );
    deepEqual(many.map(({ n }) => n), Array.from({ length: 500 }, (_, n) => n));
    deepEqual([remote.figures.open, exported.figures.inHand], [0, 0]);
    equal(exported.figures.requests, 511);
    equal(remote.figures.requests, 511);
  });
});

Deno.test("Errors of a remote kernel come back as errors, and say where they were", { ignore }, async () => {
  await withRemote({}, async ({ remote, exported }) => {
    await rejects(remote.request(Deed({ n: 3, deed: "throw" }), PATIENTLY), (error: Error) => {
      match(`${error}`, /^KernelError: Kernel "worker" failed: on .+: it threw RangeError: 3 is too many$/);
      equal((error.cause as Error).message, "3 is too many");
      equal(((error.cause as Error).cause as Error).message, "the reason");
      return true;
    });
    await rejects(remote.request(Deed({ n: 1, deed: "long" }), PATIENTLY), {
      name: "MessageError",
      message:
        /Cannot answer a request of kernel "worker": it takes 104\d+ bytes, but the server's max_payload allows \d+ \(on /,
    });
    await rejects(remote.request(Deed({ n: 1, body: new Uint8Array(1_048_000) }), PATIENTLY), {
      name: "MessageError",
      message: /Cannot request of remote kernel "worker": it takes 104\d+ bytes, but the server's max_payload/,
    });
    await rejects(remote.request(Deed({ n: 1, body: () => 1 }), PATIENTLY), {
      name: "MessageError",
      message: /"Remote deed": body is .* could not be cloned|"Remote deed": .*function/,
    });
    await rejects(remote.request({ n: 1 } as never, PATIENTLY), MessageError);
    await rejects(remote.request(Deed({ n: 1 }), {} as never), { name: "TypeError", message: /timeoutMs/ });
    await rejects(remote.request(Deed({ n: 1 }), { timeoutMs: Infinity }), { name: "RangeError", message: /Infinity/ });
    await rejects(remote.request(Other({ text: "" }) as never, PATIENTLY), { name: "MessageError" });
    equal(exported.figures.failures, 3);
    equal((await remote.request(Deed({ n: 4 }), PATIENTLY)).n, 4);
  });
});

Deno.test(
  "A request ends at its time-out or signal, the kernel is told, and no late answer surfaces",
  { ignore },
  async () => {
    await withRemote({}, async ({ remote, exported, notes }) => {
      const slow = () => Deed({ n: 1, ms: 60_000, deed: "cancelled" });
      await rejects(remote.request(slow(), { timeoutMs: 50 }), {
        name: "QueueTimeoutError",
        message: 'Cannot request of remote kernel "worker": no answer came for 50 ms',
      });
      const controller = new AbortController();
      const asked = remote.request(slow(), { ...PATIENTLY, signal: controller.signal });
      await until(async () => (await notesIn(notes)).filter((line) => line === "1").length === 2);
      controller.abort(new Error("enough"));
      await rejects(asked, /^Error: enough$/);
      await until(async () => (await notesIn(notes)).filter((line) => line === "cancelled").length === 2);
      await rejects(remote.request(slow(), { ...PATIENTLY, signal: controller.signal }), /enough/);
      equal((await remote.request(Deed({ n: 2 }), PATIENTLY)).n, 2);
      deepEqual([remote.figures.open, exported.figures.inHand], [0, 0]);
    });
  },
);

Deno.test(
  "Nobody exports it: requests say so at once, idempotent ones wait, work waits at the server",
  { ignore },
  async () => {
    await withRemote({}, async ({ remote, exported, exportAgain, notes }) => {
      await exported.close();
      equal(await exported.ended, null);
      await rejects(remote.request(Deed({ n: 1 }), PATIENTLY), {
        name: "KernelNotFoundError",
        message: 'Cannot request of remote kernel "worker": no program exports it',
      });
      await rejects(remote.request(Deed({ n: 1 }), { timeoutMs: 300, idempotent: true }), {
        name: "QueueTimeoutError",
        message: 'Cannot request of remote kernel "worker": no program has exported it for 300 ms',
      });
      for (let n = 10; n < 20; n++) await remote.send(Deed({ n }));
      const waiting = remote.request(Deed({ n: 30 }), { ...PATIENTLY, idempotent: true });
      await using again = await exportAgain();
      equal((await waiting).n, 30);
      await until(() => again.figures.done === 10);
      deepEqual(
        (await notesIn(notes)).filter((line) => line !== "30"),
        Array.from({ length: 10 }, (_, n) => `${n + 10}`),
      );
      equal(remote.figures.sent, 10);
    });
  },
);

Deno.test("Work is tried so many times, then it is a dead letter, and what follows is done", { ignore }, async () => {
  await withRemote({ attempts: 3 }, async ({ remote, exported, notes }) => {
    await remote.send(Deed({ n: 1, deed: "throw" }));
    await remote.send(Other({ text: "not for it" }) as never);
    await remote.send(Deed({ n: 2 }));
    await until(() => exported.figures.deadLetters === 2 && exported.figures.done === 1);
    deepEqual((await notesIn(notes)).sort(), ["1", "1", "1", "2"]);
    equal(exported.figures.retries, 2);
    const letters: unknown[] = [];
    for await (const letter of remote.deadLetters()) {
      letters.push([letter.kernel, letter.message?.messageType, letter.message?.n, letter.attempts]);
      if (letter.message?.n === 1) match(letter.reason, /it threw RangeError: 1 is too many/);
      if (letters.length === 1) await letter.remove();
      if (letters.length === 2) break;
    }
    const known = [["worker", "Remote deed", 1, 3], ["worker", "Remote other", undefined, 1]];
    deepEqual(letters.toSorted(), known.toSorted());
    // The one that was not removed comes again.
    for await (const letter of remote.deadLetters()) {
      deepEqual([letter.kernel, letter.message?.messageType, letter.message?.n, letter.attempts], letters[1]);
      await letter.remove();
      break;
    }
    const aborted = AbortSignal.timeout(300);
    for await (const letter of remote.deadLetters({ signal: aborted })) ok(false, `unexpected ${letter.reason}`);
  });
});

Deno.test("A full queue of work holds its senders up, for as long as they want", { ignore }, async () => {
  await using server = await NatsServer.start();
  await using remote = await remoteKernel(worker, { transport: transportOf(server), maxBytes: 100_000 });
  const body = new Uint8Array(30_000);
  for (let n = 0; n < 3; n++) await remote.send(Deed({ n, body }));
  await rejects(remote.send(Deed({ n: 3, body }), { timeoutMs: 300 }), {
    name: "QueueTimeoutError",
    message: 'Cannot send to remote kernel "worker": its queue on the server, RM-work-worker, was full for 300 ms',
  });
  const waiting = remote.send(Deed({ n: 3, body }), PATIENTLY);
  await rejects(remote.send(Deed({ n: 4 }), { timeoutMs: 100 }), {
    name: "QueueTimeoutError",
    message: 'Cannot send to remote kernel "worker": what was sent before it was not accepted for 100 ms',
  });
  const last = remote.send(Deed({ n: 5 }), PATIENTLY);
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("worker", worker);
  await using exported = await exportKernel(kernel, { transport: transportOf(server), maxBytes: 100_000 });
  await Promise.all([waiting, last]);
  await until(() => exported.figures.done === 5);
});

Deno.test("One program exports a kernel, unless all who do say that several may", { ignore }, async () => {
  await withRemote({}, async ({ exportAgain }) => {
    const name = "FencedError";
    await rejects(exportAgain(), { name, message: /^Cannot export kernel "worker": another program exports it: "/ });
    await rejects(exportAgain({ shared: true }), { name, message: /another program exports it alone/ });
    await using another = await exportAgain({ id: "another" });
    equal(another.id, "another");
  });
  await withRemote({ shared: true }, async ({ exportAgain, remote, exported }) => {
    await rejects(exportAgain({ shared: false }), { name: "FencedError" });
    await using second = await exportAgain();
    await Promise.all(Array.from({ length: 60 }, (_, n) => remote.send(Deed({ n }))));
    await until(() => exported.figures.done + second.figures.done === 60);
  });
});

Deno.test(
  "Programs that think differently of a kernel's messages are told so before the first",
  { ignore },
  async () => {
    await withRemote({}, async ({ server }) => {
      await rejects(remoteKernel(otherWorker, { transport: transportOf(server), id: "worker" }), {
        name: "SchemaMismatchError",
        message:
          'Cannot reach remote kernel "worker": the one that is exported takes "Remote deed" and sends "Remote done", ' +
          'but this one takes "Remote other" and sends "Remote done"',
      });
      const anything = { ...worker, input: null } as unknown as RingKernel;
      await rejects(remoteKernel(anything, { transport: transportOf(server) }), { name: "SchemaMismatchError" });
    });
  },
);

Deno.test("A kernel that ends is exported no more, and its work waits for the next one", { ignore }, async () => {
  await using server = await NatsServer.start();
  await using runtime = new RingKernelRuntime();
  const transport = transportOf(server);
  const kernel = await runtime.kernelScope("worker", worker);
  const exported = await exportKernel(kernel, { transport });
  await using remote = await remoteKernel(worker, { transport });
  const asked = remote.request(Deed({ n: 1, ms: 60_000 }), PATIENTLY);
  asked.catch(() => {});
  await until(() => exported.figures.inHand === 1);
  await kernel.terminate();
  equal(await exported.ended, null);
  await rejects(asked, { name: "KernelStateError" });
  await remote.send(Deed({ n: 2 }));
  const next = await runtime.kernelScope("worker", worker);
  await using again = await exportKernel(next, { transport });
  await until(() => again.figures.done === 1);
});

Deno.test("Closing a remote kernel ends what waits, and leaves nothing", { ignore }, async () => {
  await withRemote({}, async ({ remote }) => {
    const asked = remote.request(Deed({ n: 1, ms: 60_000 }), PATIENTLY);
    const ended = rejects(asked, {
      name: "LifecycleError",
      message: /remote kernel "worker": it was closed meanwhile/,
    });
    await remote.close();
    await ended;
    await rejects(remote.request(Deed({ n: 1 }), PATIENTLY), { name: "LifecycleError" });
    await rejects(remote.send(Deed({ n: 1 })), { name: "LifecycleError" });
    await rejects(remote.deadLetters().next(), { name: "LifecycleError" });
    equal(remote.figures.state, "ended");
  });
});

Deno.test("A message is looked at by the schema of the program that exports the kernel, once", { ignore }, async () => {
  await using server = await NatsServer.start();
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("doubler", doubler);
  await using exported = await exportKernel(kernel, { transport: transportOf(server) });
  await using remote = await remoteKernel(doubler, { transport: transportOf(server) });
  equal((await remote.request(Digits({ text: "21" }), PATIENTLY)).n, 42);
  await rejects(remote.request(Digits({ text: "x" }), PATIENTLY), {
    name: "MessageError",
    message: /no digits.* \(on /,
  });
  await remote.send(Digits({ text: "y" }));
  await remote.send(Digits({ text: "1" }));
  await until(() => exported.figures.done === 1 && exported.figures.deadLetters === 1);
});

Deno.test("A pool is exported as a kernel is, and each of its members has work in hand", { ignore }, async () => {
  await using server = await NatsServer.start();
  await using runtime = new RingKernelRuntime();
  const pool = await runtime.launchPool("pool", worker, { size: 3, worker: "shared", params: { notes: "" } });
  await pool.activate();
  const transport = transportOf(server);
  await using exported = await exportKernel(pool, { transport });
  await using remote = await remoteKernel(worker, { transport, id: "pool" });
  for (let n = 0; n < 4; n++) await remote.send(Deed({ n, ms: 60_000, deed: "cancelled" }));
  await until(() => exported.figures.inHand === 3);
  equal((await exported.close(), exported.figures.done), 0);
  await using again = await exportKernel(pool, { transport, inFlight: 1 });
  await until(() => again.figures.inHand === 1);
});

Deno.test("What is not a server, or not known of one, is said before anything is made", { ignore }, async () => {
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("worker", worker);
  const transport = tcp("tcp://127.0.0.1:1") as never;
  await rejects(exportKernel(kernel, { transport }), { name: "TypeError", message: /by TCP .* use nats\(\)/ });
  await rejects(remoteKernel(worker, { transport }), { name: "TypeError", message: /by TCP .* use nats\(\)/ });
  await rejects(exportKernel(kernel, {} as never), { name: "TypeError", message: /transport must be/ });
  await rejects(remoteKernel(worker, undefined as never), TypeError);
  await rejects(remoteKernel(undefined as never, { transport }), /^TypeError: Cannot reach a remote kernel: expected/);
  await rejects(
    exportKernel({} as never, { transport }),
    /^TypeError: Cannot export a kernel: expected the handle of one/,
  );
  const nowhere = nats("nats://127.0.0.1:1");
  await rejects(exportKernel(kernel, { transport: nowhere }), {
    name: "TransportError",
    message: /^Cannot export kernel "worker": /,
  });
  await rejects(remoteKernel(worker, { transport: nowhere }), { name: "TransportError" });
  const waiting = nats("nats://127.0.0.1:1", { waitOnFirstConnect: true });
  const signal = AbortSignal.timeout(300);
  await rejects(remoteKernel(worker, { transport: waiting, signal }), { name: "TimeoutError" });
  await rejects(exportKernel(kernel, { transport: waiting, signal }), { name: "TimeoutError" });
});

Deno.test(
  "An answer from another program is looked at by its schema once, as one from this program",
  { ignore },
  async () => {
    await using server = await NatsServer.start();
    await using runtime = new RingKernelRuntime();
    const kernel = await runtime.kernelScope("counter", counter);
    await using _exported = await exportKernel(kernel, { transport: transportOf(server) });
    await using remote = await remoteKernel(counter, { transport: transportOf(server) });
    const near = await kernel.request(Counted({ n: 1 }), PATIENTLY);
    const far = await remote.request(Counted({ n: 1 }), PATIENTLY);
    deepEqual([near.n, far.n], [3, 3]);
    deepEqual([(await kernel.request(near, PATIENTLY)).n, (await kernel.request(far, PATIENTLY)).n], [4, 4]);
  },
);

Deno.test("Work whose answer is too long is done all the same", { ignore }, async () => {
  await using server = await NatsServer.start();
  await using runtime = new RingKernelRuntime();
  const kernel = await runtime.kernelScope("worker", worker, { params: { notes: "" } });
  await using exported = await exportKernel(kernel, { transport: transportOf(server) });
  await using remote = await remoteKernel(worker, { transport: transportOf(server) });
  await remote.send(Deed({ n: 1, deed: "long" }));
  await until(() => exported.figures.done + exported.figures.deadLetters > 0);
  deepEqual([exported.figures.done, exported.figures.deadLetters], [1, 0]);
});

Deno.test("A program that asks as soon as it hears of an export is answered", { ignore }, async () => {
  await withRemote({}, async ({ remote, exported, exportAgain }) => {
    await exported.close();
    for (let n = 0; n < 20; n++) {
      await using _again = await exportAgain();
      equal((await remote.request(Deed({ n }), PATIENTLY)).n, n);
    }
  });
});

Deno.test("send() ends in time, and with its signal, also where the server is away from the first message on", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  await using remote = await remoteKernel(worker, { transport: transportOf(server) });
  await server.kill();
  await rejects(remote.send(Deed({ n: 1 }), { timeoutMs: 300 }), {
    name: "QueueTimeoutError",
    message: 'Cannot send to remote kernel "worker": the server did not answer for 300 ms',
  });
  await rejects(remote.send(Deed({ n: 1 }), { signal: AbortSignal.timeout(300) }), { name: "TimeoutError" });
});

Deno.test("An idempotent request that found nobody at first says who has it, and tells it when it is given up", {
  ignore,
}, async () => {
  await withRemote({}, async ({ remote, exported, exportAgain, notes }) => {
    await exported.close();
    const asked = { timeoutMs: 1500, idempotent: true };
    const slow = rejects(remote.request(Deed({ n: 1, ms: 2000 }), asked), { message: /no answer came for 1500 ms/ });
    await new Promise((resolve) => setTimeout(resolve, 100));
    {
      await using _again = await exportAgain();
      await slow;
    }
    const stop = new AbortController();
    const options = { ...PATIENTLY, idempotent: true, signal: stop.signal };
    const given = rejects(remote.request(Deed({ n: 2, deed: "cancelled" }), options), { name: "AbortError" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await using _again = await exportAgain();
    await until(async () => (await notesIn(notes)).includes("2"));
    stop.abort();
    await given;
    await until(async () => (await notesIn(notes)).includes("cancelled"));
  });
});

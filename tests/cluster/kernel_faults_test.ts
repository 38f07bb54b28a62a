/** Kernels on other machines, when programs, the server and the line between them are killed. */

import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { exportKernel, nats, remoteKernel } from "@ringmill/ringmill/cluster";
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { CONFIG } from "../_deno.ts";
import { Deed, worker } from "./_kernels.ts";
import { Proxy } from "./_proxy.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";

const ignore = LACKS_NATS;
const PATIENTLY = { timeoutMs: 60_000 };
const PROGRAM = fileURLToPath(new URL("./_kernels.ts", import.meta.url));

/** A program that exports the worker. */
class Exporter implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  constructor(url: string, notes: string, options: object = {}) {
    const args = ["run", "-A", "--no-check", "--config", CONFIG, PROGRAM, url, notes];
    const more = JSON.stringify({ retryMs: 10, ...options });
    const pipes = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    this.#process = new Deno.Command(Deno.execPath(), { args: [...args, more], ...pipes }).spawn();
  }

  /** Starts one, and waits until it is there. */
  static async start(url: string, notes: string, options: object = {}): Promise<Exporter> {
    const exporter = new Exporter(url, notes, options);
    await exporter.#process.stdout.getReader().read();
    return exporter;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get ended(): Promise<Deno.CommandStatus> {
    return this.#process.status;
  }

  async kill(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#process.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#process.stdin.close().catch(() => {});
    await this.#process.stdout.cancel().catch(() => {});
  }
}

async function withNotes(act: (notes: string, noted: () => Promise<number[]>) => Promise<void>): Promise<void> {
  const notes = await Deno.makeTempFile();
  const noted = async () => (await Deno.readTextFile(notes)).split("\n").slice(0, -1).map(Number);
  try {
    await act(notes, noted);
  } finally {
    await Deno.remove(notes);
  }
}

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENTLY.timeoutMs;
  while (!await isSo()) {
    ok(performance.now() < deadline, `waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
const distinct = (numbers: readonly number[]) => [...new Set(numbers)].toSorted((a, b) => a - b);

Deno.test(
  "Work of a program that is killed is done by the next one, and each message at least once",
  { ignore },
  async () => {
    await using server = await NatsServer.start();
    await withNotes(async (notes, noted) => {
      await using remote = await remoteKernel(worker, { transport: nats(server.url, { leaseMs: 500 }) });
      for (const n of upTo(40)) await remote.send(Deed({ n, ms: 10 }));
      let before = 0;
      for (let kills = 0; kills < 3; kills++) {
        await using exporter = await Exporter.start(server.url, notes);
        await until(async () => (await noted()).length > before + 5, "some are done");
        await exporter.kill();
        before = (await noted()).length;
      }
      await using _last = await Exporter.start(server.url, notes);
      await until(async () => distinct(await noted()).length === 40, "all are done");
      deepEqual(distinct(await noted()), upTo(40));
      // Of one message at a time, one is done again after each kill.
      ok((await noted()).length <= 43, `${(await noted()).length} times`);
    });
  },
);

Deno.test("A message that kills its programs is a dead letter after its attempts, and what follows is done", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  await withNotes(async (notes, noted) => {
    await using remote = await remoteKernel(worker, { transport: nats(server.url, { leaseMs: 500 }) });
    await remote.send(Deed({ n: 1, deed: "die" }));
    await remote.send(Deed({ n: 2 }));
    for (let starts = 0; starts < 2; starts++) {
      await using exporter = await Exporter.start(server.url, notes, { attempts: 2 });
      await exporter.ended;
    }
    await using _last = await Exporter.start(server.url, notes, { attempts: 2 });
    for await (const letter of remote.deadLetters()) {
      deepEqual([letter.message?.n, letter.attempts], [1, 2]);
      match(letter.reason, /^it was taken 2 times, and whoever had it has ended before it was done$/);
      await letter.remove();
      break;
    }
    await until(async () => (await noted()).includes(2), "the next one is done");
    deepEqual((await noted()).filter((n) => n === 1).length, 2);
  });
});

Deno.test("Work and requests outlive a server that is killed, and a line that is cut", { ignore }, async () => {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  await using runtime = new RingKernelRuntime();
  await withNotes(async (notes, noted) => {
    const kernel = await runtime.kernelScope("worker", worker, { params: { notes } });
    await using exported = await exportKernel(kernel, { transport: nats(proxy.url, { leaseMs: 500 }), retryMs: 10 });
    await using remote = await remoteKernel(worker, { transport: nats(proxy.url, { leaseMs: 500 }) });
    const sending = (async () => {
      for (const n of upTo(60)) await remote.send(Deed({ n, ms: 5 }));
    })();
    const asking = Promise.all(
      upTo(20).map(async (n) => {
        await new Promise((resolve) => setTimeout(resolve, 50 * n));
        return await remote.request(Deed({ n: 1000 + n }), { ...PATIENTLY, idempotent: true });
      }),
    );
    await until(async () => (await noted()).length > 5, "some are done");
    proxy.cut();
    await until(async () => (await noted()).length > 20, "some more are done");
    await server.kill();
    await server.start();
    await sending;
    deepEqual((await asking).map(({ n }) => n), upTo(20).map((n) => 1000 + n));
    // Some may be done twice: what was answered while the server was away.
    const done = async () => distinct((await noted()).filter((n) => n < 1000));
    await until(async () => (await done()).length === 60, "all are done");
    deepEqual(await done(), upTo(60));
    ok(exported.figures.reconnects > 0 && remote.figures.reconnects > 0);
    deepEqual([exported.figures.deadLetters, remote.figures.sent], [0, 60]);
  });
});

Deno.test("Of several programs that share work the slow one gets the least, and no message is done twice", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  await using runtime = new RingKernelRuntime();
  await withNotes(async (notes, noted) => {
    const transport = nats(server.url);
    const kernels = await Promise.all(
      ["slow", "quick", "quicker"].map((id) => runtime.kernelScope(id, worker, { params: { notes } })),
    );
    await using remote = await remoteKernel(worker, { transport });
    await using slow = await exportKernel(kernels[0], { transport, id: "worker", shared: true });
    // It has a message in hand for as long as the others take for all of theirs.
    await remote.send(Deed({ n: 0, ms: 60_000 }));
    await until(() => slow.figures.inHand === 1, "it has one");
    await using quick = await exportKernel(kernels[1], { transport, id: "worker", shared: true });
    await using quicker = await exportKernel(kernels[2], { transport, id: "worker", shared: true });
    for (const n of upTo(40)) await remote.send(Deed({ n: n + 1 }));
    await until(() => quick.figures.done + quicker.figures.done === 40, "all are done");
    equal(slow.figures.done, 0);
    deepEqual((await noted()).toSorted((a, b) => a - b), upTo(41));
  });
});

Deno.test("A program that was killed while it answered leaves its asker to the time-out, and its place to the next", {
  ignore,
}, async () => {
  await using server = await NatsServer.start();
  await withNotes(async (notes) => {
    await using remote = await remoteKernel(worker, { transport: nats(server.url, { leaseMs: 500 }) });
    {
      await using exporter = await Exporter.start(server.url, notes);
      await rejects(remote.request(Deed({ n: 1, deed: "die" }), { timeoutMs: 2000 }), { name: "QueueTimeoutError" });
      await exporter.ended;
    }
    await using next = await Exporter.start(server.url, notes);
    equal((await remote.request(Deed({ n: 2 }), PATIENTLY)).pid, next.pid);
  });
});

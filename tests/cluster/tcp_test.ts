import { deepEqual, fail, match, ok, throws } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { DeclarationError, Pipeline } from "@ringmill/ringmill";
import { publish, tcp } from "@ringmill/ringmill/cluster";
import { ringmill } from "../cli/_command.ts";
import { line, type LineOptions, runLine } from "./_line.ts";
import { allOf, checkExact, checkOrder, LineProgram, Notes } from "./_programs.ts";
import { freePort } from "../_free_port.ts";
import { Proxy } from "./_proxy.ts";

const LINE = fileURLToPath(new URL("./_machines.ts", import.meta.url));
const failure = (options: LineOptions): Promise<string> => runLine(options).then(() => "", ({ message }) => message);
const freeUrl = () => `tcp://127.0.0.1:${freePort()}`;

/** A connection, as soon as somebody listens. */
async function connectSoon(port: number): Promise<Deno.Conn> {
  for (;;) {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

Deno.test("By TCP, one declaration runs over two programs as it runs in one", async () => {
  const url = freeUrl();
  const part = (machine: string) => ringmill("run", LINE, "-q", "--machine", machine, "--connect", url);
  const [edge, hub] = await Promise.all([part("edge"), part("hub")]);
  deepEqual([edge.status, hub.status, edge.output], [0, 0, "200 in order\n"], edge.errors + hub.errors);
});

Deno.test("By TCP, a task's failure ends the other machine's program with its machine and task", async () => {
  const port = freePort();
  const part = (machine: string) =>
    ringmill("run", LINE, "-q", "--export", "failing", "--machine", machine, "--connect", `tcp://127.0.0.1:${port}`);
  // Nobody keeps what is told to a program that is not there yet.
  const waiting = part("hub");
  (await connectSoon(port)).close();
  const [edge, hub] = await Promise.all([part("edge"), waiting]);
  deepEqual([edge.status, hub.status], [1, 1]);
  match(hub.errors, /on machine edge: task "count" failed: it threw RangeError: the lens is dirty/);
});

for (const [what, shape, total] of [["small", [4], 1000], ["in parts", [1000], 100]] as const) {
  Deno.test(`By TCP, frames ${what} cross exactly a network that cuts at any byte`, async () => {
    using notes = new Notes();
    const port = freePort();
    let seed = 7;
    await using network = new Proxy(port, () => 2000 + (seed = seed * 48271 % 2147483647) % 30_000);
    const sink = runLine({
      url: `tcp://127.0.0.1:${port}`,
      shape,
      tcp: { role: "listen" },
      note: { path: notes.path },
    });
    await runLine({
      url: network.url.replace("nats:", "tcp:"),
      shape,
      tcp: { role: "connect" },
      count: { total, run: 1 },
      publish: { parcelBytes: 1024, maxBytes: 60_000 },
    });
    await sink;
    ok(network.cuts > 2, `${network.cuts} cuts`);
    checkExact(notes, 1, total);
  });
}

Deno.test("By TCP, a reader that was dropped in the middle of a frame goes on with the next one", async () => {
  using notes = new Notes();
  const url = freeUrl();
  const shape = [20_000];
  const publish = { parcelBytes: 1024, maxBytes: 1 << 20, onLostPeer: "drop", peerTimeoutMs: 1000 } as const;
  await using _source = new LineProgram({ url, shape, count: { total: 1e6, run: 1, pauseMs: 1 }, publish });
  const sink = () => new LineProgram({ url, shape, note: { path: notes.path, byNumber: true } });
  await using first = sink();
  await notes.reach(20);
  await first.kill();
  const before = notes.read().length;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await using second = sink();
  await Promise.race([notes.reach(before + 20), second.ended.then(({ err }) => fail(err))]);
  const after = notes.read().slice(before);
  ok(after[0][1] > before, `it goes on with frame ${after[0][1]}, behind ${before}`);
  deepEqual(after, allOf(1, after[0][1] + after.length).slice(after[0][1]));
});

Deno.test("By TCP, an end that waits for the other says so, whether it listens or connects", async () => {
  using notes = new Notes();
  using stranger = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const hangUp = async () => {
    for await (const connection of stranger) connection.close();
  };
  hangUp().catch(() => {});
  const { port } = stranger.addr as Deno.NetAddr;
  const giveUpMs = 6500;
  await using listening = new LineProgram({
    url: freeUrl(),
    tcp: { role: "listen", giveUpMs },
    count: { total: 1, run: 1 },
  });
  await using connecting = new LineProgram({
    url: `tcp://127.0.0.1:${port}`,
    tcp: { giveUpMs },
    note: { path: notes.path },
  });
  match(
    (await listening.ended).err,
    /Cannot publish .* at the moment: .*: nobody is at the other end; it is waited for/,
  );
  match((await connecting.ended).err, /Cannot subscribe .* at the moment: .* is not the other end; it is tried again/);
});

Deno.test("By TCP, an end that gives up says why it could not connect, and names giveUpMs", async () => {
  using notes = new Notes();
  const part = { tcp: { giveUpMs: 700 }, note: { path: notes.path } };
  const gaveUp = (why: string) =>
    new RegExp(
      `Cannot subscribe stream "frames": tcp:.*: nobody was at the other end for \\d+ ms${why}; giveUpMs is 700`,
    );
  const [unknown, refused, alone] = await Promise.all([
    failure({ ...part, url: "tcp://no-such-host.invalid:4300" }),
    failure({ ...part, url: freeUrl(), tcp: { giveUpMs: 700, role: "connect" } }),
    failure({ ...part, url: freeUrl() }),
  ]);
  match(unknown, gaveUp(": failed to lookup address .*"));
  match(refused, gaveUp(": .*refused.*"));
  match(alone, gaveUp(""));
});

Deno.test("By TCP, a stop is not held up by a host that does not answer, nor is giveUpMs", async () => {
  using notes = new Notes();
  // One connection waits to be accepted, the next ones are not answered.
  const options = { hostname: "127.0.0.1", port: 0, tcpBacklog: 1 };
  using listener = Deno.listen(options);
  const { port } = listener.addr as Deno.NetAddr;
  const waiting = await Promise.all([0, 1].map(() => Deno.connect({ hostname: "127.0.0.1", port })));
  const tcp = { role: "connect" } as const;
  const part = { url: `tcp://127.0.0.1:${port}`, tcp, note: { path: notes.path } };
  await using sink = line(part);
  await sink.start();
  match(await failure({ ...part, tcp: { ...tcp, giveUpMs: 700 } }), /TransportError: Cannot .* giveUpMs is 700$/);
  // A task that ignores the stop for the second of grace would be an error.
  sink.stop();
  await sink.join();
  waiting.forEach((connection) => connection.close());
});

Deno.test("By TCP, a file without a token is refused by both ends", async () => {
  using notes = new Notes();
  const [tokenFile, url] = [Deno.makeTempFileSync(), freeUrl()];
  Deno.writeTextFileSync(tokenFile, "\n");
  const options = { url, tcp: { tokenFile, giveUpMs: 3000 } };
  match(await failure({ ...options, count: { total: 1, run: 1 } }), /Cannot publish .* holds no token/);
  match(await failure({ ...options, note: { path: notes.path } }), /Cannot subscribe .* holds no token/);
  Deno.removeSync(tokenFile);
});

Deno.test("By TCP, a reading program that is killed gets what it had not consumed again", async () => {
  using notes = new Notes();
  const url = freeUrl();
  const count = { total: 1500, run: 1, pauseMs: 1 };
  await using source = new LineProgram({ url, count, publish: { parcelBytes: 1024 } });
  const sink = () => new LineProgram({ url, note: { path: notes.path } });
  await using first = sink();
  await notes.reach(100);
  // What has come at once at the beginning is committed then.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await first.kill();
  await using second = sink();
  deepEqual(await source.ended, { code: 0, err: "" });
  deepEqual(await second.ended, { code: 0, err: "" });
  checkOrder(notes, 1, 1500, { restarts: 1, most: 200 });
});

Deno.test("By TCP, a writing program that is killed begins a new run: it resumes, or fails the reader by name", async () => {
  using notes = new Notes();
  using strict = new Notes();
  const url = freeUrl();
  const other = freeUrl();
  const onNewRun = "resume";
  const source = (run: number) =>
    new LineProgram({ url, count: { total: 400, run, pauseMs: 1, resumes: true }, publish: { onNewRun } });
  await using sink = new LineProgram({ url, note: { path: notes.path }, subscribe: { onNewRun } });
  await using failing = new LineProgram({ url: other, note: { path: strict.path } });
  await using first = source(1);
  await using lone = new LineProgram({ url: other, count: { total: 1e6, run: 1, pauseMs: 1 } });
  await Promise.all([notes.reach(100), strict.reach(50)]);
  await Promise.all([first.kill(), lone.kill()]);
  await using second = source(2);
  await using _another = new LineProgram({ url: other, count: { total: 1e6, run: 2, pauseMs: 1 } });
  deepEqual(await second.ended, { code: 0, err: "" });
  deepEqual(await sink.ended, { code: 0, err: "" });
  deepEqual(notes.read().map(([, number]) => number), allOf(0, 400).map(([, number]) => number));
  const { code, err } = await failing.ended;
  deepEqual([code, strict.read()], [1, allOf(1, strict.read().length)]);
  match(err, /began anew before the end of the stream; onNewRun decides/);
});

Deno.test("By TCP, a second writer, another shape, another token and strangers are refused", async () => {
  using notes = new Notes();
  const port = freePort();
  const url = `tcp://127.0.0.1:${port}`;
  const folder = await Deno.makeTempDir();
  const [tokenFile, wrong] = ["right", "wrong"].map((name) => `${folder}/${name}`);
  await Deno.writeTextFile(tokenFile, "open sesame\n");
  await Deno.writeTextFile(wrong, "guess");
  const connect = { role: "connect", tokenFile } as const;
  await using sink = line({ url, tcp: { role: "listen", tokenFile }, note: { path: notes.path } });
  await sink.start();
  const stranger = async (bytes: Uint8Array) => {
    using connection = await connectSoon(port);
    await connection.write(bytes);
    await connection.readable.pipeTo(new WritableStream()).catch(() => {});
  };
  await stranger(new Uint8Array(64).fill(255));
  await stranger(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
  match(
    await failure({ url, tcp: { role: "connect", tokenFile: wrong }, count: { total: 1, run: 2 } }),
    /Cannot publish stream "frames": tcp:.*: the other end has another token/,
  );
  await using source = line({ url, tcp: connect, count: { total: 1000, run: 1, pauseMs: 1 } });
  await source.start();
  await notes.reach(10);
  match(
    await failure({ url, tcp: connect, count: { total: 1, run: 2 } }),
    new RegExp(
      `FencedError: Cannot publish .*: another program has this end of the link: ".*", pid ${Deno.pid}, since 2`,
    ),
  );
  await source.join();
  await sink.join();
  checkExact(notes, 1, 1000);
  const twice = freeUrl();
  const mismatch = await Promise.all([
    failure({ url: twice, shape: [8], note: { path: notes.path } }),
    failure({ url: twice, count: { total: 1, run: 1 } }),
  ]);
  match(
    mismatch[0],
    /SchemaMismatchError: .* the other end of link "line.frames" declares float64 \[4\], this one float64 \[8\]/,
  );
  match(mismatch[1], /SchemaMismatchError: .* declares float64 \[8\], this one float64 \[4\]/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("By TCP, a slow reader holds the writer back, and the newest frames do not", async () => {
  using notes = new Notes();
  using newest = new Notes();
  const slow = { pauseMs: 5 };
  const url = freeUrl();
  const sizes = { parcelBytes: 1024, maxBytes: 20_000 };
  const shape = [100];
  await using source = line({ url, shape, count: { total: 200, run: 1 }, publish: sizes });
  await using sink = line({ url, shape, note: { path: notes.path, ...slow } });
  await source.start();
  await sink.start();
  await notes.reach(20);
  // The link holds 25 frames and the two rings 32 more.
  deepEqual(await source.join({ timeoutMs: 100 }), false);
  await source.join();
  await sink.join();
  checkExact(notes, 1, 200);
  const other = freeUrl();
  const quick = runLine({ url: other, isNewest: true, note: { path: newest.path, ...slow, byNumber: true } });
  await runLine({ url: other, isNewest: true, count: { total: 300, run: 1, pauseMs: 1 } });
  await quick;
  const numbers = newest.read().map(([, number]) => number);
  ok(numbers.every((number, index) => index === 0 || number > numbers[index - 1]));
  deepEqual(numbers.at(-1), 299);
  ok(numbers.length < 250, `${numbers.length} have come`);
});

Deno.test("By TCP, what only a server can do, and a third machine, are refused when they are declared", () => {
  const declare = () => {
    const pipe = new Pipeline("line", import.meta);
    return { pipe, frames: pipe.addStream("frames", { shape: [4], dtype: "float64" }) };
  };
  const to = tcp("tcp://hub:4300");
  for (
    const [options, why] of [
      [{ keep: "file" }, /by TCP frames are kept in memory only, keep is "file": use nats\(\)/],
      [{ replicas: 3 }, /by TCP there are no servers for replicas/],
      [{ readers: ["a", "b"] }, /by TCP there is one reader, readers are a, b/],
    ] as const
  ) {
    const { pipe, frames } = declare();
    throws(() => publish(pipe, frames, { to, ...options }), (error: Error) => {
      return error instanceof DeclarationError && why.test(error.message);
    });
  }
  throws(() => to.connect(declare().pipe, "a", [], ["a", "b", "c"]), DeclarationError);
  for (
    const url of ["tcp://hub", "tcp://hub:0", "tcp://hub:99999", "tcp://u@hub:1", "tcp://hub:1/x", "nats://hub:1", ""]
  ) {
    throws(() => tcp(url), RangeError, url);
  }
  throws(() => tcp("tcp://hub:1", { role: "both" as "listen" }), RangeError);
});

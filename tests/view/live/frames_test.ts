/** The newest frames of streams, as a dashboard sends them. */

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { request } from "node:http";
import { type AsyncWriter, Pipeline, type StreamHandle } from "@ringmill/ringmill";
import { Manager } from "@ringmill/ringmill/runtime";
import type { LiveFrame } from "@ringmill/ringmill/view";
import { layout } from "../../../src/ring/core.generated.ts";
import { anySource } from "./_any_source.ts";
import { serveDashboard } from "@ringmill/ringmill/view";

/** A pipeline that the program writes, and nobody reads. */
function written(...names: string[]) {
  const pipe = new Pipeline("written");
  const streams = names.map((name) => pipe.addStream(name, { shape: [4], dtype: "int32", description: "load [%]" }));
  const writers = streams.map((stream) => pipe.openWriter(stream));
  for (const stream of streams) pipe.addTask.terminator(`none ${stream.name}`, { reads: { stream } });
  return { pipe, streams, writers };
}

const write = (writer: AsyncWriter<"int32">, n: number) => equal(writer.write(Int32Array.of(n, 1, 2, 3)), true);

const address = (url: string, ...nodes: string[]) =>
  `${url}frames?${nodes.map((node) => `node=${encodeURIComponent(node)}`).join("&")}`;

/** Frames that are sent, until `signal` aborts. */
async function* framesAt(url: string, signal?: AbortSignal): AsyncGenerator<LiveFrame> {
  const response = await fetch(url, { signal });
  equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  let rest = "";
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop()!;
    for (const event of events) {
      ok(event.length < 65_536);
      if (event.startsWith("data: ")) yield JSON.parse(event.slice("data: ".length));
    }
  }
}

/** Whether somebody looks on at a stream that the program writes. */
function isLookedAt(writer: AsyncWriter<"int32">): boolean {
  const { buffer, byteOffset } = writer.raw;
  const state = byteOffset - layout.READER_BYTES + layout.READER_STATE;
  return Atomics.load(new Int32Array(buffer), state / 4) !== layout.READER_DETACHED;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let patience = 1000; !isSo(); patience--) {
    ok(patience > 0, "The watchdog barks");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

Deno.test("A dashboard sends the newest frame of a stream, as it changes, until the stream ends", async () => {
  const { pipe, writers: [writer] } = written("load");
  await using _ = pipe;
  const { url } = await pipe.serveDashboard();
  await pipe.start();
  const seen: [frames: number, isFinal: boolean, range: unknown][] = [];
  for await (const frame of framesAt(address(url, "stream:load"))) {
    const { node, frames, isFinal, type, description, parts } = frame;
    deepEqual([node, type, description], ["stream:load", "int32[4]", "load [%]"]);
    seen.push([frames, isFinal, parts[0]?.range]);
    if (parts.length > 0) equal(parts[0].unit, "%");
    if (frames < 3) { for (let n = 0; n <= frames; n++) write(writer, 10 * (frames + n + 1)); }
    else writer.close();
  }
  deepEqual(seen, [[0, false, undefined], [1, false, [1, 10]], [3, false, [1, 30]], [3, true, [1, 30]]]);
});

Deno.test("A dashboard sends the frame that a stream has, and its last one after it has ended", async () => {
  const { pipe, writers: [writer] } = written("load");
  await using _ = pipe;
  const { url } = await pipe.serveDashboard();
  await pipe.start();
  for (let n = 1; n < 100; n++) write(writer, n);
  const frames = framesAt(address(url, "stream:load"));
  await frames.next();
  const { value } = await frames.next();
  deepEqual([value!.frames, value!.parts[0].range], [99, [1, 99]]);
  writer.close();
  equal((await frames.next()).value!.isFinal, true);
  equal((await frames.next()).done, true);
  const again = await Array.fromAsync(framesAt(address(url, "stream:load")));
  deepEqual(again.map(({ frames, isFinal }) => [frames, isFinal]), [[0, false], [99, true]]);
});

Deno.test("A dashboard looks at a stream only while somebody follows it, and only once for all", async () => {
  const { pipe, writers: [one, other] } = written("one", "other");
  await using _ = pipe;
  const { url } = await pipe.serveDashboard();
  await pipe.start();
  await fetch(url).then((response) => response.text());
  equal(await fetch(address(url, "stream:one"), { method: "HEAD" }).then(({ status }) => status), 200);
  deepEqual([isLookedAt(one), isLookedAt(other)], [false, false]);
  const leaving = [new AbortController(), new AbortController()];
  const both = leaving.map(({ signal }) => framesAt(address(url, "stream:one"), signal));
  for (const frames of both) equal((await frames.next()).value!.frames, 0);
  deepEqual([isLookedAt(one), isLookedAt(other)], [true, false]);
  write(one, 5);
  for (const frames of both) equal((await frames.next()).value!.frames, 1);
  leaving[0].abort();
  await new Promise((resolve) => setTimeout(resolve, 300));
  equal(isLookedAt(one), true);
  // Who leaves without a word while nothing is written is noticed, too.
  leaving[1].abort();
  await until(() => !isLookedAt(one));
  const next = framesAt(address(url, "stream:one"));
  await next.next();
  equal((await next.next()).value!.frames, 1);
  await next.return(undefined);
});

Deno.test("A dashboard sends frames of several streams, whatever their names", async () => {
  const names = ["a b&node=c", "ünï/../?#%", '"><script>', "x".repeat(500)];
  const { pipe, writers } = written(...names);
  await using _ = pipe;
  const { url } = await pipe.serveDashboard();
  await pipe.start();
  for (const writer of writers) write(writer, 1);
  for (const writer of writers) writer.close();
  const nodes = names.map((name) => `stream:${name}`);
  const drawing = await fetch(`${url}drawing`).then((response) => response.json());
  deepEqual(drawing.framed, nodes);
  // Asking twice for one is asking once.
  const frames = await Array.fromAsync(framesAt(address(url, ...nodes, nodes[0])));
  deepEqual(
    frames.filter(({ isFinal }) => isFinal).map(({ node, frames }) => [node, frames]),
    nodes.map((n) => [n, 1]),
  );
});

Deno.test("A dashboard refuses frames of what it does not know, of nothing, of too much, and to strangers", async () => {
  const { pipe } = written(...Array.from({ length: 9 }, (_, n) => `s${n}`));
  await using _ = pipe;
  const { url, port } = await pipe.serveDashboard();
  const status = async (url: string) => {
    const response = await fetch(url), text = await response.text();
    return [response.status, text] as const;
  };
  for (const node of ["stream:nosuch", "s0", "task:none s0", "stream:__proto__", ""]) {
    const [code, text] = await status(address(url, node));
    equal(code, 404);
    match(text, /^There are no frames of "/);
  }
  const all = Array.from({ length: 9 }, (_, n) => `stream:s${n}`);
  deepEqual([(await status(address(url, ...all)))[0], (await status(`${url}frames`))[0]], [400, 400]);
  equal((await status(address(`http://127.0.0.1:${port}/not-the-token-of-it/`, "stream:s0")))[0], 403);
  const ask = (headers: Record<string, string>) =>
    new Promise<number>((resolve) => {
      request(address(url, "stream:s0"), { headers, agent: false }, (response) => {
        resolve(response.statusCode!);
        response.destroy();
      }).end();
    });
  equal(await ask({ "sec-fetch-site": "cross-site" }), 403);
  equal(await ask({ host: "evil.example" }), 403);
  equal(await ask({}), 200);
  // A source of something else has none.
  await using other = serveDashboard(anySource(() => []));
  equal((await status(address(other.url, "a")))[0], 404);
  deepEqual(await fetch(`${other.url}drawing`).then((response) => response.json()).then(({ framed }) => framed), []);
});

Deno.test("Frames end with the dashboard, and do not keep the program alive", async () => {
  const { pipe, writers: [writer] } = written("load");
  await using _ = pipe;
  const dashboard = await pipe.serveDashboard();
  await pipe.start();
  const frames = framesAt(address(dashboard.url, "stream:load"));
  await frames.next();
  await dashboard.close();
  equal((await frames.next()).done, true);
  await until(() => !isLookedAt(writer));
});

Deno.test("Frames are looked at without a reader more, in any stream, columns too", async () => {
  await using pipe = new Pipeline("columns");
  const ticks: StreamHandle<{ time: "int64"; price: "float64" }> = pipe.addStream("ticks", {
    shape: [3],
    dtype: { time: "int64", price: "float64" },
  });
  const writer = pipe.openWriter(ticks);
  const reader = pipe.openReader(ticks);
  const { url } = await pipe.serveDashboard();
  await pipe.start();
  const slot = writer.look()!;
  slot.time.set([2n ** 60n, 2n ** 60n + 1n, 2n ** 60n + 2n]);
  slot.price.set([1, NaN, 3]);
  writer.increment();
  writer.close();
  const frames = await Array.fromAsync(framesAt(address(url, "stream:ticks")));
  const { type, parts } = frames.at(-1)!;
  equal(type, "{ time: int64, price: float64 }[3]");
  deepEqual(parts.map(({ name, texts, missing }) => [name, texts, missing]), [
    ["time", [`${2n ** 60n}`, `${2n ** 60n + 2n}`], 0],
    ["price", ["1", "3"], 1],
  ]);
  equal(String(reader.read()!.price), "1,NaN,3");
});

Deno.test("A stream that the memory does not have is refused by its name", async () => {
  await using manager = new Manager("bytes");
  manager.addRing({ name: "chunks", bytes: 8 });
  manager.openWriter("chunks");
  await manager.compile();
  for (const name of ["chunks", "nosuch"]) {
    throws(() => manager.openOnlooker(name), {
      name: "UnknownNameError",
      message: `Cannot look at stream "${name}" of "bytes": it is not here`,
    });
  }
});

/** A server under load, whose graph is closed in the middle of it. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BatchNode, CachedNode, Graph, Limiter, Node, SqliteStore } from "@ringmill/ringmill/graph";
import { sleep, until } from "./_helpers.ts";

const REQUESTS = 2000;

Deno.test("Under 2,000 requests, a database may be closed right after close(): nothing uses it any more", async () => {
  const folder = await Deno.makeTempDir();
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE seen (n INTEGER)");
  const insert = database.prepare("INSERT INTO seen VALUES (?)");
  const store = new SqliteStore({ path: join(folder, "cache.db"), max: 500 });
  let late = 0;
  let isClosed = false;
  const write = (n: number) => {
    if (isClosed) late++;
    insert.run(n);
  };
  const limiter = new Limiter({ concurrency: 100 });
  const parse = new Node("parse", (n: number) => n % 600);
  const square = new CachedNode("square", async (n: number, { signal }) => {
    await sleep(1 + n % 5, signal);
    write(n);
    return n * n;
  }, { store, limiter, timeoutMs: 30_000 });
  const save = new BatchNode("save", async (numbers: number[]) => {
    // One that takes no notice of its signal.
    await sleep(3);
    for (const n of numbers) write(n);
    return numbers;
  }, { size: 50, maxWaitMs: 5 });
  const fragile = new Node("fragile", async (n: number) => {
    await sleep(2);
    write(n);
    if (n % 97 === 0) throw new Error("unlucky");
    return n;
  }, { retry: { attempts: 2, delayMs: 1 }, fallback: () => -1 });
  const end = new Node("end", (all: { save: number; fragile: number }) => all.save, { join: "all" });
  parse.connect(square).connect(save).connect(end);
  square.connect(fragile).connect(end);
  const graph = new Graph("server", { nodes: [parse, square, save, fragile, end], start: parse, graceMs: 30_000 });

  const counts = { answered: 0, refused: 0, gone: 0 };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const n = Number(new URL(request.url).searchParams.get("n"));
    try {
      return Response.json(await graph.execute(n, { output: end, signal: request.signal }));
    } catch (error) {
      return new Response(String(error), { status: 503 });
    }
  });
  const ask = async (n: number) => {
    // Every tenth client leaves early.
    const signal = n % 10 === 9 ? AbortSignal.timeout(5 + n % 50) : undefined;
    try {
      const response = await fetch(`http://127.0.0.1:${server.addr.port}/?n=${n}`, { signal });
      const text = await response.text();
      if (response.status !== 200) return void counts.refused++;
      equal(text, String((n % 600) ** 2));
      counts.answered++;
    } catch (error) {
      if (!signal?.aborted) throw error;
      counts.gone++;
    }
  };
  const clients = Array.from({ length: REQUESTS }, (_, n) => ask(n));
  await until(() => counts.answered > REQUESTS / 4);
  await graph.close();
  database.close();
  store.close();
  isClosed = true;
  await Promise.all(clients);
  equal(late, 0);
  equal(counts.answered + counts.refused + counts.gone, REQUESTS);
  ok(counts.refused > 0, "the rest was refused");
  deepEqual([limiter.running, limiter.queued], [0, 0]);
  await Deno.remove(folder, { recursive: true });
});

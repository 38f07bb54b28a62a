/** Chunks that go on to other nodes, and are kept with a run. */

import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import {
  Graph,
  type GraphEvent,
  MemoryStore,
  Node,
  type RunChunk,
  SKIPPED,
  SqliteStore,
  StreamingNode,
} from "@ringmill/ringmill/graph";
import { describeGraph } from "@ringmill/ringmill/view";
import { sleep, until } from "./_helpers.ts";

const join = (words: string[]) => words.join(" ");

/** Yields the words of its input. */
function speaker(onWord: (word: string) => unknown = () => {}, options = {}) {
  return new StreamingNode("speak", async function* (text: string) {
    for (const word of text.split(" ")) {
      await onWord(word);
      yield word;
    }
  }, { collect: join, ...options });
}

function shouter(read: (word: string) => unknown = () => {}, options = {}) {
  return new StreamingNode("shout", async function* (words: AsyncIterable<string>) {
    for await (const word of words) {
      await read(word);
      yield `${word}!`;
    }
  }, { collect: join, ...options });
}

/** A graph of both, and a third node behind them. */
function chained(speak = speaker(), shout = shouter(), options = {}) {
  const end = new Node("end", (text: string) => text.length);
  speak.connectChunks(shout).connect(end);
  return { graph: new Graph("speech", { nodes: [speak, shout, end], start: speak, ...options }), speak, shout, end };
}

Deno.test("Chunks go on to the next node as they come", async () => {
  const log: string[] = [];
  const read: string[] = [];
  const speak = speaker(async (word) => {
    // The next word is not said before the other node has read the last one.
    await until(() => read.length === log.length);
    log.push(word);
  });
  const { graph, shout } = chained(speak, shouter((word) => read.push(word)));
  const run = graph.start("to be or not");
  const chunks = await Array.fromAsync(run.chunks(shout));
  deepEqual(chunks.map((item) => item.kind === "chunk" && item.chunk), ["to!", "be!", "or!", "not!"]);
  deepEqual(await run.results, { speak: "to be or not", shout: "to! be! or! not!", end: 16 });
  deepEqual(await graph.execute("a b"), { speak: "a b", shout: "a! b!", end: 5 });
  deepEqual(graph.edges[0], { from: "speak", to: "shout", isOfChunks: true });
  equal(describeGraph(graph).edges.find(({ from }) => from === "node:speak")!.label, "chunks");
});

Deno.test("Any node may take chunks, several of one node, also with one node at a time, and in a chain", async () => {
  const speak = speaker();
  const shout = shouter();
  const count = new Node("count", async (words: AsyncIterable<string>) => (await Array.fromAsync(words)).length);
  const lazy = new Node("lazy", (_: AsyncIterable<string>) => "reads nothing");
  const echo = new StreamingNode("echo", (words: AsyncIterable<string>) => words, { collect: join });
  speak.connectChunks(count);
  speak.connectChunks(lazy);
  speak.connectChunks(shout);
  shout.connectChunks(echo);
  const graph = new Graph("g", { nodes: [speak, count, lazy, shout, echo], start: speak });
  const expected = { speak: "a b c", count: 3, lazy: "reads nothing", shout: "a! b! c!", echo: "a! b! c!" };
  deepEqual(await graph.execute("a b c"), expected);
  deepEqual(await graph.execute("a b c", { concurrency: 1 }), expected);
  deepEqual(await Array.fromAsync(graph.stream(["a", "b c"], { output: echo })), ["a!", "b! c!"]);
  deepEqual(await graph.execute("a b", { output: count, onlyNeeded: true }), 2);
});

Deno.test("If chunks become void, the node that takes them begins anew, and its own are void, too", async () => {
  let attempts = 0;
  const read: string[] = [];
  const speak = new StreamingNode("speak", async function* (text: string) {
    attempts++;
    for (const word of text.split(" ")) {
      if (attempts === 1 && word === "not") {
        await until(() => read.length === 3);
        throw new Error("the line is dead");
      }
      yield `${word}${attempts}`;
    }
  }, { collect: join, retry: { attempts: 2, delayMs: 1 } });
  const lazy = new Node("lazy", async (words: AsyncIterable<string>) => {
    for await (const word of words) return word;
  });
  const { graph, shout } = chained(speak, shouter((word) => read.push(word)));
  speak.connectChunks(graph.addNode(lazy));
  const run = graph.start("to be or not");
  const items = await Array.fromAsync(run.chunks(shout));
  const at = items.findIndex(({ kind }) => kind === "void");
  const words = (all: RunChunk<string>[]) => all.map((item) => item.kind === "chunk" ? item.chunk : "");
  deepEqual(words(items.slice(0, at)), ["to1!", "be1!", "or1!"]);
  deepEqual(words(items.slice(at + 1)), ["to2!", "be2!", "or2!", "not2!"]);
  deepEqual(items.slice(at + 1).map((item) => item.kind === "chunk" && item.index), [0, 1, 2, 3]);
  const { shout: whole, ...rest } = await run.results as Record<string, unknown>;
  equal(whole, "to2! be2! or2! not2!");
  equal(rest.lazy, "to2", "also who had read enough");
});

Deno.test("A node that takes chunks may be tried again by itself, from the first chunk on", async () => {
  let reads = 0;
  const shout = shouter((word) => {
    if (word === "be" && ++reads === 1) throw new Error("hoarse");
  }, { retry: { attempts: 2, delayMs: 0 } });
  const { graph } = chained(speaker(), shout);
  equal((await graph.execute("to be")).shout, "to! be!");
  equal(reads, 2);
});

Deno.test("A node that fails, is skipped or cancelled ends those that take its chunks", async () => {
  const dead = speaker((word) => {
    if (word === "be") throw new Error("dead");
  });
  const first = chained(dead);
  await rejects(first.graph.execute("to be"), /Node "speak".*dead/);
  const run = first.graph.start("to be", { onError: "continue" });
  deepEqual(await run.results, {});
  deepEqual(run.status, { speak: "failed", shout: "skipped", end: "skipped" });
  equal(run.errors.length, 1);
  const none = chained(speaker(() => {}, { collect: () => SKIPPED }));
  const skipped = none.graph.start("to be");
  deepEqual(await skipped.results, {});
  deepEqual(skipped.status, { speak: "skipped", shout: "skipped", end: "skipped" });
  const slow = chained(speaker(() => sleep(60_000).catch(() => {}), {}), shouter());
  const hung = new StreamingNode("speak", async function* (_: string, { signal }) {
    yield "a";
    await sleep(60_000, signal);
  });
  const { graph } = chained(hung as never);
  await rejects(graph.execute("x", { timeoutMs: 20 }), /longer than 20 ms/);
  equal(slow.graph.isOpen, true);
  await graph.close();
});

Deno.test("Wrong wiring of chunks is refused", () => {
  const { graph, speak, shout } = chained();
  throws(() => speak.connectChunks(speak as never), /Cannot connect the chunks of node "speak" to itself/);
  throws(() => speak.connectChunks(1 as never), /expected a node, received 1/);
  const other = new Node("other", (n: AsyncIterable<string>) => n);
  graph.addNode(other).connect(shout);
  throws(() => graph.compile(), /"shout" takes the chunks of node "speak", and can have no other input/);
  other.disconnect(shout);
  graph.removeNode(other);
  graph.compile();
  equal(speak.disconnect(shout), true);
  throws(() => graph.compile(), /node "shout" is not connected to a start node/);
  const text = new Node("text", (n: number) => n);
  // @ts-expect-error It takes no chunks of texts.
  speak.connectChunks(text);
});

Deno.test("The chunks of a run that is kept are kept, for readers and for nodes that have not finished", async () => {
  let calls = 0;
  let isBroken = true;
  const speak = speaker(() => calls++);
  const shout = shouter((word) => {
    if (isBroken && word === "or") throw new Error("no");
  });
  const { graph } = chained(speak, shout, { checkpoint: new MemoryStore() });
  await rejects(graph.execute("to be or", { runId: "r" }), /no/);
  isBroken = false;
  const events: GraphEvent[] = [];
  graph.events$.subscribe((event) => events.push(event));
  const run = graph.start("to be or", { runId: "r" });
  deepEqual((await Array.fromAsync(run.chunks(speak))).length, 3);
  deepEqual((await run.results).shout, "to! be! or!");
  deepEqual([calls, run.restored], [3, ["speak"]]);
  deepEqual(events.filter(({ kind }) => kind === "chunk").length, 6);
  const again = graph.start("to be or", { runId: "r" });
  deepEqual(
    (await Array.fromAsync(again.chunks(shout))).map((item) => item.kind === "chunk" && item.chunk).join(""),
    "to!be!or!",
  );
  const bad = new StreamingNode("bad", function* () {
    yield () => {};
  }, { collect: () => "fine" });
  const wrong = new Graph("g", { nodes: [bad], start: bad, checkpoint: new MemoryStore() });
  match(
    String(await wrong.execute(0, { runId: "r" }).catch((error) => error)),
    /Node "bad".*Cannot keep what "bad:chunks"/,
  );
});

Deno.test("StreamingNodeOptions.cache yields the chunks of equal inputs again, and shares those that come", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let calls = 0;
  const speak = new StreamingNode("speak", async function* (text: string) {
    calls++;
    for (const word of text.split(" ")) {
      if (word === "wait") await promise;
      yield word;
    }
  }, { collect: join, cache: true });
  const graph = new Graph("g", { nodes: [speak], start: speak });
  const wordsOf = async (run: { chunks(node: typeof speak): AsyncIterable<RunChunk<string>> }) =>
    (await Array.fromAsync(run.chunks(speak))).map((item) => item.kind === "chunk" ? item.chunk : "void");
  const first = graph.start("to be wait or");
  const early = first.chunks(speak);
  await early.next();
  await early.next();
  const second = graph.start("to be wait or");
  const late = second.chunks(speak);
  deepEqual(
    [(await late.next()).value, (await late.next()).value].map((item) => item?.kind === "chunk" && item.chunk),
    [
      "to",
      "be",
    ],
  );
  resolve();
  deepEqual(await wordsOf(first), ["to", "be", "wait", "or"]);
  deepEqual(await wordsOf(second), ["to", "be", "wait", "or"]);
  const third = graph.start("to be wait or");
  deepEqual(await wordsOf(third), ["to", "be", "wait", "or"]);
  deepEqual((await third.results).speak, "to be wait or");
  deepEqual(speak.cacheStats, { hits: 1, misses: 1, shared: 1 });
  equal(calls, 1);
  throws(() => new StreamingNode("s", function* () {}, { cache: { max: 0 } }), /max must be an integer, 1 or more/);
  throws(() => new StreamingNode("s", function* () {}, { cache: { ttl: 0 } as never }), /there is no option "ttl"/);
  equal(new StreamingNode("s", function* () {}).cacheStats, undefined);
});

Deno.test("Chunks that are kept in a file are yielded by later programs, and failures are not kept", async () => {
  const folder = await Deno.makeTempDir();
  let calls = 0;
  for (let program = 0; program < 2; program++) {
    using store = new SqliteStore({ path: `${folder}/chunks.db` });
    const speak = new StreamingNode("speak", function* (text: string) {
      calls++;
      yield* text.split(" ");
      if (calls === 1) throw new Error("dead");
    }, { cache: { store }, retry: { attempts: 2, delayMs: 0 } });
    await using graph = new Graph("g", { nodes: [speak], start: speak });
    const run = graph.start("to be");
    const items = await Array.fromAsync(run.chunks(speak));
    deepEqual(
      items.map((item) => item.kind === "chunk" ? item.chunk : "void"),
      program === 0 ? ["to", "be", "void", "to", "be"] : ["to", "be"],
    );
    deepEqual((await run.results).speak, ["to", "be"]);
  }
  equal(calls, 2);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("Two StreamingNodes of one name never share what is kept in a store", async () => {
  const store = new MemoryStore();
  const make = (work: (text: string) => Iterable<string>) => {
    const node = new StreamingNode("speak", work, { cache: { store } });
    return new Graph("g", { nodes: [node], start: node });
  };
  deepEqual(await make((text) => [text]).execute("a"), { speak: ["a"] });
  await rejects(async () => await make((text) => [text, text]).execute("a"), /its store keeps answers of another node/);
});

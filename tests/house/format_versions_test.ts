/** Whatever is stored or sent has a version: what a newer Ringmill has made is refused, in one sentence, by all layers. */

import type { StreamInfo } from "@nats-io/jetstream";
import { doesNotThrow, equal, match, rejects, throws } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Pipeline } from "@ringmill/ringmill";
import { CachedNode, Graph, RedisStore, SqliteStore } from "@ringmill/ringmill/graph";
import { LinearNode, LinearPipeline } from "@ringmill/ringmill/linear";
import { openRecording } from "@ringmill/ringmill/recording";
import { followDashboard } from "@ringmill/ringmill/view";
import { followRun } from "../../src/cli/program/run_client.ts";
import { whyNotUnderstood } from "../../src/cluster/tcp/hello.ts";
import { checkStream } from "../../src/cluster/jetstream/server_stream.ts";
import { HEAD_BYTES, KIND, readHead, sealParcel } from "../../src/cluster/parcels/head.ts";
import { whyUnreadable } from "../../src/format_version.ts";
import { FORMAT } from "../../src/linear/cache/schema.ts";
import { headOf } from "../../src/recording/format/arrow_schema.ts";
import { ROOT } from "../_deno.ts";
import { temporaryFolder } from "../recording/_helpers.ts";

const LINK = { action: 'subscribe to link "l"', link: "l", schema: "s" };
const CACHE_ID = 1380797507;

function parcel(version: string): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES);
  sealParcel(bytes, { kind: KIND.end, epoch: 1n, first: 0, count: 0, part: 0, parts: 1 });
  bytes[3] = version.charCodeAt(0);
  return bytes;
}

function redis(stored: string): RedisStore {
  const text = Buffer.from(stored, "latin1").toString("base64");
  const client = {
    get: () => Promise.resolve(text),
    set: () => Promise.resolve(),
    del: () => Promise.resolve(),
    async *scanIterator() {},
  };
  return new RedisStore({ client });
}

/** Reads a thing of a newer version, in a folder of its own. */
const NEWER: Readonly<Record<string, (folder: string) => unknown>> = {
  "a saved pipeline": async (folder) => {
    await Deno.writeTextFile(join(folder, "p.toml"), 'format_version = 9\nname = "p"\nfuture = 1\n');
    await Pipeline.reconstruct(join(folder, "p.toml"));
  },
  "a recording": async (folder) => {
    await Deno.writeTextFile(join(folder, "recording.toml"), "format_version = 9\nfuture = 1\n");
    openRecording(folder);
  },
  "a recorded stream": () => {
    const reason = headOf([], new Map([["ringmill.version", "9"]]));
    throw new Error(String(reason));
  },
  "a run that top watches": async () => {
    const record = { version: 9, pid: 1, name: "x", source: "file:///x", address: { socket: "/nowhere" } };
    await followRun(record, AbortSignal.timeout(10_000)).next();
  },
  "what a dashboard sends": async () => {
    const headers = { "content-type": "text/event-stream", "ringmill-updates": "9" };
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
      return new Response("data: {}\n\n", { headers });
    });
    await followDashboard(`http://127.0.0.1:${server.addr.port}/`).next();
  },
  "a linear cache": async (folder) => {
    const path = join(folder, "cache.db");
    using database = new DatabaseSync(path);
    database.exec(`pragma application_id = ${CACHE_ID}; pragma user_version = 9; create table future (x)`);
    const node = new LinearNode({ name: "n", fn: () => 1, outputs: ["x"] });
    await new LinearPipeline({ name: "p", nodes: [node], cachePath: path, usePersistentCache: true, quiet: true })
      .run();
  },
  "an SQLite store": (folder) => {
    const path = join(folder, "store.db");
    using database = new DatabaseSync(path);
    database.exec("create table ringmill_cache_9 (x)");
    new SqliteStore({ path });
  },
  "runs of graphs in an SQLite store": async (folder) => {
    const path = join(folder, "store.db");
    using database = new DatabaseSync(path);
    database.exec("create table ringmill_runs_9 (x)");
    using store = new SqliteStore({ path });
    await store.claimRun("g", "r", { header: new Uint8Array(), maxAgeMs: Infinity });
  },
  "a value in a store": async () => {
    await redis("RMV9 and what a newer one writes").get("k");
  },
  "a parcel": () => {
    readHead("subscribe", parcel("9"), 4);
  },
  "an end of a link by TCP": () => {
    throw new Error(String(whyNotUnderstood("ringmill-tcp-9")));
  },
  "a link's stream": () => {
    checkStream(LINK as never, { config: { metadata: { "ringmill.protocol": "9" } } } as unknown as StreamInfo);
  },
};

for (const [what, read] of Object.entries(NEWER)) {
  Deno.test(`Newer versions: ${what} is refused as made by a newer Ringmill`, async () => {
    await using folder = await temporaryFolder();
    const reading = (async () => await read(folder.path))();
    await rejects(reading, /it was made by a newer Ringmill: its \w+ is 9, this one reads \d at most/);
  });
}

Deno.test("The map has the present version of linear caches", async () => {
  const map = await Deno.readTextFile(join(ROOT, "src/README.md"));
  match(map, new RegExp(`^\\| caches of linear pipelines +\\| ${FORMAT}, in the database `, "m"));
});

Deno.test("whyUnreadable() tells older, newer and senseless versions apart", () => {
  equal(whyUnreadable(2, { newest: 2 }), null);
  equal(whyUnreadable(2, { oldest: 2, newest: 3 }), null);
  match(whyUnreadable(3, { newest: 2, name: "format" })!, /newer Ringmill: its format is 3, this one reads 2 at most/);
  match(whyUnreadable(1, { oldest: 2, newest: 3 })!, /older Ringmill: its version is 1, this one reads 2 or later/);
  for (const version of [0, -1, 1.5, NaN, "1", undefined, null, Infinity]) {
    match(whyUnreadable(version, { newest: 2 })!, /its version must be an integer, 1 or more, received /);
  }
});

Deno.test("A recording whose version is missing or no number is refused with what it is", async () => {
  for (const line of ["", 'format_version = "x"\n', "format_version = 0\n", "format_version = 1.5\n"]) {
    await using folder = await temporaryFolder();
    const rest = 'pipeline = "p"\nrun = "r"\nstarted_at = 2026-01-01T00:00:00Z\n';
    await Deno.writeTextFile(join(folder.path, "recording.toml"), line + rest);
    throws(
      () => openRecording(folder.path),
      /recording\.toml: its format_version must be an integer, 1 or more, received /,
    );
  }
});

Deno.test("SqliteStore puts the tables of an older version aside, with one warning", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "store.db");
  {
    using database = new DatabaseSync(path);
    database.exec("create table ringmill_cache_1 (x)");
  }
  const { warn } = console;
  const warnings: string[] = [];
  console.warn = (text: string) => warnings.push(text);
  try {
    for (let time = 0; time < 2; time++) {
      using store = new SqliteStore({ path });
      store.set("k", time, Infinity);
    }
  } finally {
    console.warn = warn;
  }
  equal(warnings.length, 1);
  match(
    warnings[0],
    /SQLite store ".*store\.db": what an older Ringmill has kept, in table ringmill_cache_1, is put aside/,
  );
  doesNotThrow(() => new SqliteStore({ path })[Symbol.dispose]());
});

Deno.test("A CachedNode goes on without what a newer Ringmill has kept, and says so", async () => {
  const errors: unknown[] = [];
  const options = { store: redis("RMV9"), onStoreError: (error: unknown) => errors.push(error) };
  const node = new CachedNode("square", (n: number) => n * n, options);
  await using graph = new Graph("g", { nodes: [node], start: node });
  equal(await graph.execute(3, { output: node }), 9);
  match(String(errors[0]), /Cannot read the value of .*: it was made by a newer Ringmill/);
});

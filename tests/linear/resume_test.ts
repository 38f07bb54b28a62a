/** Going on after a failure, and running a part. */

import {
  envInput,
  fileInput,
  fileOutput,
  LinearNode,
  type LinearNodeOptions,
  LinearPipeline,
  signalInput,
} from "@ringmill/ringmill/linear";
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cached, logged, quietPipeline, statuses, temporaryCache } from "./_helpers.ts";

/** connect, load, write, check (which fails if told to), log. Says what has run. */
function nightly(settings: object, isLate: () => boolean) {
  const ran: string[] = [];
  class Connection {
    rows: number[] = [];
  }
  const node = (name: string, options: LinearNodeOptions): LinearNodeOptions => {
    const { fn } = options;
    return {
      ...options,
      name,
      version: name,
      fn: (...args) => {
        ran.push(name);
        return Reflect.apply(fn, undefined, args);
      },
    };
  };
  const make = (resource: boolean) =>
    quietPipeline([
      node("connect", { fn: () => new Connection(), outputs: ["conn"], resource }),
      node("load", { fn: () => [1, 2, 3], outputs: ["rows"] }),
      node("write", {
        fn: (conn: Connection, rows: number[]) => void conn.rows.push(...rows),
        inputs: ["conn", "rows"],
      }),
      node("check", {
        fn: (rows: number[]) => {
          if (isLate()) throw new Error("upstream is late");
          return rows.length;
        },
        inputs: ["rows"],
        outputs: ["n"],
      }),
      node("log", { fn: (_: Connection, n: number) => n, inputs: ["conn", "n"], outputs: ["logged"] }),
      node("notify", { fn: () => {}, inputs: ["n"] }),
    ], settings);
  return { ran, make };
}

Deno.test("LinearPipeline.run() with resume runs nothing again that has run, sinks included, in a later program", async () => {
  for (const resource of [true, false]) {
    using cache = temporaryCache();
    let isLate = true;
    const { ran, make } = nightly(cached(cache.path), () => isLate);
    await logged(async () => {
      await rejects(
        make(resource).run(),
        /upstream is late; its inputs were "rows"; run\(\{ resume: true \}\) goes on from here/,
      );
      await rejects(make(resource).run({ resume: true }), /upstream is late/);
      isLate = false;
      const explained = make(resource).explain({ resume: true });
      const { nodes, results } = await make(resource).run({ resume: true });
      equal(results.logged, 3);
      deepEqual(statuses(nodes), {
        connect: "run",
        load: "cached",
        write: "skipped",
        check: "run",
        log: "run",
        notify: "run",
      });
      deepEqual(statuses(explained), statuses(nodes));
      match(nodes[2].reason, /it was done before the failure/);
    });
    const sinks = ran.filter((name) => name === "write" || name === "notify" || name === "load");
    deepEqual(sinks, ["load", "write", "notify"]);
    // After a success, it is a run like any other.
    ran.length = 0;
    await logged(() => make(resource).run({ resume: true }));
    ok(ran.includes("write") && ran.includes("notify"));
  }
});

Deno.test("LinearPipeline.clearHistory() takes nothing from a run that goes on after a failure", async () => {
  using cache = temporaryCache();
  for (const settings of [{}, cached(cache.path)]) {
    let isLate = true;
    const { ran, make } = nightly(settings, () => isLate);
    const pipeline = make(true);
    await logged(async () => {
      await rejects(pipeline.run(), /upstream is late/);
      ok(pipeline.history.length > 0);
      await pipeline.clearHistory();
      deepEqual(pipeline.history, []);
      isLate = false;
      equal(statuses((await pipeline.run({ resume: true })).nodes).write, "skipped");
      ok(pipeline.history.every(({ node }) => node !== "write"));
      equal(ran.filter((name) => name === "write").length, 1);
      // With it goes what a success has left over.
      await pipeline.clearHistory();
      deepEqual(pipeline.history, []);
      equal(statuses((await pipeline.run({ resume: true })).nodes).write, "run");
    });
  }
});

Deno.test("LinearPipeline.run() with resume goes on in the same object, without a cache", async () => {
  let isLate = true;
  const { ran, make } = nightly({}, () => isLate);
  const pipeline = make(false);
  await rejects(pipeline.run(), /upstream is late/);
  await rejects(pipeline.run({ resume: true }), /upstream is late/);
  isLate = false;
  const { nodes, results } = await pipeline.run({ resume: true });
  deepEqual(statuses(nodes), {
    connect: "cached",
    load: "cached",
    write: "skipped",
    check: "run",
    log: "run",
    notify: "run",
  });
  equal(results.logged, 3);
  deepEqual(ran, ["connect", "load", "write", "check", "check", "check", "log", "notify"]);
});

Deno.test("LinearPipeline.run() with from has the inputs of a node that failed, without a cache", async () => {
  let isLate = true;
  const pipeline = quietPipeline([
    { name: "load", fn: () => [1], outputs: ["a"] },
    {
      name: "bad",
      fn: (a: number[]) => {
        if (isLate) throw new Error("boom");
        return a.length;
      },
      inputs: ["a"],
      outputs: ["n"],
    },
  ]);
  await rejects(pipeline.run(), /boom/);
  isLate = false;
  const { nodes, results } = await pipeline.run({ from: "bad" });
  deepEqual([statuses(nodes), results.n], [{ bad: "run" }, 1]);
});

Deno.test("A sink that has changed since the failure runs again when the run is resumed", async () => {
  using cache = temporaryCache();
  const seen: string[] = [];
  const make = (table: string, isBroken: boolean) =>
    quietPipeline([
      { name: "write", fn: (table: string) => void seen.push(table), inputs: ["config.table"] },
      {
        name: "check",
        version: isBroken,
        fn: () => {
          if (isBroken) throw new Error("no");
        },
      },
    ], { ...cached(cache.path), config: { table } });
  await rejects(make("a", true).run());
  await rejects(make("a", true).run({ resume: true }));
  await rejects(make("b", true).run({ resume: true }));
  await make("b", false).run({ resume: true });
  deepEqual(seen, ["a", "b"]);
});

/** load, write, check, send, check2: what the sinks have got, and which check fails. */
function sinks(settings: object, state: { broken: string; rows: number }) {
  const seen: string[] = [];
  const check = (name: string) => ({
    name,
    version: [state.broken === name],
    fn: () => {
      if (state.broken === name) throw new Error(`${name} is broken`);
    },
  });
  const make = () =>
    quietPipeline([
      { name: "load", version: state.rows, fn: () => state.rows, outputs: ["rows"] },
      { name: "half", version: 1, fn: (rows: number) => Math.floor(rows / 2), inputs: ["rows"], outputs: ["half"] },
      { name: "write", version: 1, fn: (half: number) => void seen.push(`write ${half}`), inputs: ["half"] },
      check("check"),
      { name: "send", version: 1, fn: (rows: number) => void seen.push(`send ${rows}`), inputs: ["rows"] },
      check("last"),
    ], settings);
  return { seen, make };
}

Deno.test("A sink runs again in a resumed run if what it is called with is made anew and comes out otherwise, and only then", async () => {
  using cache = temporaryCache();
  const state = { broken: "last", rows: 4 };
  const { seen, make } = sinks(cached(cache.path), state);
  await rejects(make().run(), /last is broken/);
  deepEqual(seen, ["write 2", "send 4"]);
  state.rows = 5;
  const { write, send } = statuses(make().explain({ resume: true }));
  deepEqual([write, send], ["run", "run"]);
  await rejects(make().run({ resume: true }), /last is broken/);
  // Half of the rows is as it was.
  deepEqual(seen.splice(0), ["write 2", "send 4", "send 5"]);
  // Both calls have been done in this night.
  state.rows = 4;
  await rejects(make().run({ resume: true }), /last is broken/);
  deepEqual(seen, []);
  Object.assign(state, { rows: 6, broken: "" });
  await make().run({ resume: true });
  deepEqual(seen, ["write 3", "send 6"]);
});

Deno.test("A resumed run of a part does not forget the rest of what has failed, until that has come to its end", async () => {
  for (const isCached of [true, false]) {
    for (
      const part of [{ to: "load" }, { to: "write" }, { to: "check" }, { from: "check", to: "check" }]
    ) {
      using cache = temporaryCache();
      const state = { broken: "last", rows: 4 };
      const { seen, make } = sinks(isCached ? cached(cache.path) : {}, state);
      const only = make();
      // A cache tells later programs, too.
      const next = () => isCached ? make() : only;
      await rejects(next().run(), /last is broken/);
      deepEqual(seen.splice(0), ["write 2", "send 4"]);
      state.broken = "";
      for (let times = 0; times < 2; times++) await next().run({ resume: true, ...part });
      // Nor is it forgotten by a part that does not go on.
      await next().run(part);
      seen.length = 0;
      state.broken = "check";
      await rejects(next().run({ from: "check", to: "check" }), /check is broken/);
      state.broken = "";
      await next().run({ resume: true });
      deepEqual(seen, []);
      await next().run({ resume: true });
      deepEqual(seen.splice(0), ["write 2", "send 4"]);
      // A part with which nothing is left is the end.
      state.broken = "last";
      await rejects(next().run({ resume: true }), /last is broken/);
      state.broken = "";
      await next().run({ resume: true, from: "last" });
      deepEqual(seen.splice(0), ["write 2", "send 4"]);
      await next().run({ resume: true });
      deepEqual(seen.splice(0), ["write 2", "send 4"]);
      // After a success, a part is like any other run.
      await next().run({ resume: true, to: "write" });
      await next().run({ resume: true });
      deepEqual(seen, ["write 2", "write 2", "send 4"]);
    }
  }
});

Deno.test("A resumed run without a cache does again what sees other files or variables, what has lost its files, and what is forced", async () => {
  using folder = temporaryCache();
  const at = (name: string) => `${folder.path}.${name}`;
  const change: Record<string, () => unknown> = {
    nothing: () => {},
    "in.txt": () => Deno.writeTextFileSync(at("in.txt"), "other"),
    "more.csv": () => Deno.writeTextFileSync(at("more.csv"), ""),
    variable: () => Deno.env.set("RINGMILL_TEST_SIDE", "south"),
    "lost.out": () => Deno.removeSync(at("lost.out")),
    "spoilt.out": () => Deno.writeTextFileSync(at("spoilt.out"), "other text"),
    forced: () => {},
  };
  const wanted: Record<string, string[]> = {
    nothing: [],
    "in.txt": ["read", "use"],
    "more.csv": ["list"],
    variable: ["region"],
    "lost.out": ["lost", "after"],
    "spoilt.out": ["spoilt"],
    forced: ["read", "use"],
  };
  for (const [what, act] of Object.entries(change)) {
    for (const name of ["in.txt", "a.csv"]) Deno.writeTextFileSync(at(name), "1");
    for (const name of ["more.csv"]) await Deno.remove(at(name)).catch(() => {});
    Deno.env.set("RINGMILL_TEST_SIDE", "north");
    const ran: string[] = [];
    let isBroken = true;
    const node = (name: string, inputs: LinearNodeOptions["inputs"], outputs: LinearNodeOptions["outputs"] = []) => ({
      name,
      fn: () => {
        ran.push(name);
        return name;
      },
      inputs,
      outputs,
    });
    const pipeline = quietPipeline([
      node("read", [fileInput(at("in.txt"))], ["text"]),
      node("use", ["text"]),
      node("list", [fileInput(at("*.csv"))]),
      node("region", [envInput("RINGMILL_TEST_SIDE")]),
      node("lost", [], [fileOutput(at("lost.out"))]),
      node("after", [fileInput(at("lost.out"))]),
      node("spoilt", [signalInput()], [fileOutput(at("spoilt.out"))]),
      {
        name: "bad",
        fn: () => {
          if (isBroken) throw new Error("no");
        },
      },
    ]);
    await rejects(pipeline.run(), /no/);
    equal(ran.splice(0).length, 7);
    await act();
    isBroken = false;
    const options = { resume: true, ...what === "forced" ? { force: "read" } : {} };
    const explained = pipeline.explain(options);
    const { nodes } = await pipeline.run(options);
    deepEqual(ran, wanted[what]);
    deepEqual(statuses(explained), statuses(nodes));
  }
  Deno.env.delete("RINGMILL_TEST_SIDE");
});

Deno.test("What another object or program has finished is not gone on with", async () => {
  using cache = temporaryCache();
  const state = { broken: "last", rows: 4 };
  const { seen, make } = sinks(cached(cache.path), state);
  const first = make();
  await rejects(first.run(), /last is broken/);
  state.broken = "";
  await make().run({ resume: true });
  deepEqual(seen.splice(0), ["write 2", "send 4"]);
  await first.run({ resume: true });
  deepEqual(seen, ["write 2", "send 4"]);
});

Deno.test("A job that always runs with resume goes on after each failure, and begins anew after each success", async () => {
  for (const isCached of [true, false]) {
    using cache = temporaryCache();
    const state = { broken: "", rows: 4 };
    const { seen, make } = sinks(isCached ? cached(cache.path) : {}, state);
    const only = make();
    const night = (broken: string) => {
      state.broken = broken;
      const run = (isCached ? make() : only).run({ resume: true });
      return broken ? rejects(run, /is broken/) : run;
    };
    const nights: [string, string[]][] = [
      ["check", ["write 2"]],
      ["last", ["send 4"]],
      ["", []],
      ["check", ["write 2"]],
      ["check", []],
      ["", ["send 4"]],
      ["", ["write 2", "send 4"]],
    ];
    for (const [broken, wanted] of nights) {
      await night(broken);
      deepEqual(seen.splice(0), wanted);
    }
  }
});

Deno.test("A run that cannot be planned has done nothing, and leaves what is unfinished", async () => {
  using cache = temporaryCache();
  const state = { broken: "last", rows: 4 };
  const { seen, make } = sinks(cached(cache.path), state);
  await rejects(make().run(), /last is broken/);
  for (const options of [{ to: "lst" }, { from: "lst" }, { force: "lst" }, { resume: true, to: "lst" }]) {
    await rejects(make().run(options), /Cannot find node "lst"/);
  }
  seen.length = 0;
  state.broken = "";
  await make().run({ resume: true });
  deepEqual(seen, []);
});

Deno.test("A plain run after a failure begins anew: what an earlier one has done does not count", async () => {
  using cache = temporaryCache();
  let failing = "second";
  const seen: string[] = [];
  const sink = (name: string) => ({
    name,
    version: name,
    fn: () => {
      if (name === failing) throw new Error(name);
      seen.push(name);
    },
  });
  const make = () => quietPipeline([sink("first"), sink("second")], cached(cache.path));
  await rejects(make().run());
  failing = "first";
  await rejects(make().run());
  failing = "";
  await make().run({ resume: true });
  deepEqual(seen, ["first", "first", "second"]);
});

Deno.test("A run that was killed can be resumed", async () => {
  using cache = temporaryCache();
  const program = fileURLToPath(new URL("_killed_night.ts", import.meta.url));
  const run = async (...args: string[]) => {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", program, cache.path, ...args],
      stderr: "null",
    });
    const { stdout } = await command.output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  deepEqual(await run("kill"), ["write"]);
  deepEqual(await run("resume"), ["last"]);
  deepEqual(await run("plain"), ["write", "last"]);
});

Deno.test("LinearPipeline.run() with from says which inputs are of an earlier configuration", async () => {
  using cache = temporaryCache();
  const make = (k: number) =>
    quietPipeline([
      { name: "a", fn: (k: number) => k, inputs: ["config.k"], outputs: ["x"] },
      { name: "b", fn: (x: number) => x * 10, inputs: ["x"], outputs: ["y"] },
    ], { ...cached(cache.path), config: { k } });
  await make(1).run();
  const wanted = 'nothing has changed; its inputs from node "a" are of an earlier run: "config.k" has changed';
  deepEqual(make(2).explain({ from: "b" }), [{ node: "b", status: "cached", reason: wanted }]);
  const lines = await logged(async () => equal((await make(2).run({ from: "b" })).results.y, 10));
  match(
    lines.join(),
    /Pipeline "pipeline": node "b": its inputs from node "a" are of an earlier run: "config\.k" has changed/,
  );
  deepEqual(await logged(() => make(1).run({ from: "b" })), []);
});

Deno.test("LinearPipeline.run() with from makes connections anew", async () => {
  using cache = temporaryCache();
  let isLate = true;
  const { ran, make } = nightly(cached(cache.path), () => isLate);
  await logged(async () => {
    await rejects(make(true).run());
    isLate = false;
    ran.length = 0;
    const { nodes } = await make(true).run({ from: "check" });
    deepEqual(statuses(nodes), { connect: "run", check: "run", log: "run", notify: "run" });
  });
  deepEqual(ran, ["connect", "check", "log", "notify"]);
});

Deno.test("LinearPipeline.run() takes a signal, that of one run: another run is not stopped", async () => {
  const pipeline = quietPipeline([
    { name: "one", fn: () => new Promise((resolve) => setTimeout(resolve, 20, 1)), outputs: ["x"] },
    { name: "two", fn: (x: number) => x, inputs: ["x"], outputs: ["y"] },
  ]);
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 5);
  await rejects(pipeline.run({ signal: stop.signal }), /enough/);
  equal((await pipeline.run()).results.y, 1);
  await rejects(pipeline.run({ signal: AbortSignal.abort(new Error("before")) }), /before/);
  await rejects(pipeline.run({ form: "two" } as never), /there is no option "form"; did you mean "from"\?/);
  throws(() => pipeline.explain({ resumee: true } as never), TypeError);
});

Deno.test("LinearPipeline tells its listener of runs and nodes; what that throws does no harm", async () => {
  const events: string[] = [];
  const nodes = [
    new LinearNode({ name: "good", fn: () => 1, outputs: ["x"] }),
    new LinearNode({
      name: "bad",
      fn: () => {
        throw new RangeError("no");
      },
    }),
  ];
  const reported: unknown[] = [];
  const listen = (event: ErrorEvent) => {
    event.preventDefault();
    reported.push(event.error);
  };
  globalThis.addEventListener("error", listen);
  try {
    const pipeline = new LinearPipeline({
      name: "told",
      nodes,
      quiet: true,
      onEvent: (event) => {
        events.push("node" in event ? `${event.kind}: ${event.node}` : event.kind);
        throw new Error("a listener's mistake");
      },
    });
    await rejects(pipeline.run(), /no/);
  } finally {
    globalThis.removeEventListener("error", listen);
  }
  deepEqual(events, [
    "run started",
    "node started: good",
    "node ended: good",
    "node started: bad",
    "node failed: bad",
    "run ended",
  ]);
  equal(reported.length, events.length);
});

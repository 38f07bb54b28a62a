import { fileURLToPath } from "node:url";
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { request } from "node:http";
import { Pipeline, type RunDashboardOptions, TaskError } from "@ringmill/ringmill";
import { followDashboard, serveDashboard } from "@ringmill/ringmill/view";
import { anySource } from "./_any_source.ts";
import { endless, endlessThatFails, failing } from "./_pipelines.ts";

/** The text at an address. */
async function textAt(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  equal(response.status, 200, text);
  return text;
}

/** Asks as `fetch()` may not: with any method and headers. */
function ask(url: string, method: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, agent: false, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode!));
    });
    asked.on("error", reject).end();
  });
}

Deno.test("Pipeline.serveDashboard() compiles if need be, and serves until the pipeline is closed", async () => {
  const pipe = endless();
  const { url, port } = await pipe.serveDashboard();
  match(url, new RegExp(`^http://127\\.0\\.0\\.1:${port}/[\\w-]{22}/$`));
  match(await textAt(url), /<title>/);
  await pipe.start();
  match(await textAt(`${url}page.js`), /EventSource/);
  await pipe.close();
  await rejects(fetch(url), TypeError);
});

Deno.test("Pipeline.serveDashboard() sends what is known, updates, and the end", async () => {
  await using pipe = endless();
  const { url } = await pipe.serveDashboard({ intervalMs: 50 });
  const states: string[] = [];
  const runs = new Set<string>();
  let frames = 0;
  for await (const update of followDashboard(url)) {
    runs.add(update.run);
    if (states.length === 0) {
      deepEqual([update.title, update.state, update.isFinal], ["endless", "waiting", false]);
      await pipe.start();
    }
    if (states.at(-1) !== update.state) states.push(update.state);
    frames = update.snapshot.tasks.drain.framesIn;
    if (frames > 0 && update.state === "running") pipe.stop();
    if (!update.isFinal) continue;
    deepEqual(Object.keys(update.snapshot.streams), ["numbers", "doubled"]);
    deepEqual(update.tables.map(({ title, rows }) => [title, rows.map(({ title }) => title)]), [
      ["Streams", ["numbers", "doubled"]],
      ["Tasks", ["count", "double", "drain"]],
    ]);
    for (const { columns, rows } of update.tables) {
      for (const { values } of rows) equal(values.length, columns.length);
    }
    deepEqual(update.failures, []);
    equal(update.figures.nodes!["task:drain"].status, "ended");
  }
  deepEqual(states, ["waiting", "running", "ended"]);
  ok(frames > 0);
  equal(runs.size, 1);
});

Deno.test("Pipeline.serveDashboard() tells which task failed, and why", async () => {
  const { pipe, fail } = failing();
  await using _ = pipe;
  const { url } = await pipe.serveDashboard({ intervalMs: 20 });
  await pipe.start();
  const failure = rejects(pipe.join(), TaskError);
  fail();
  const updates = await Array.fromAsync(followDashboard(url));
  await failure;
  const { state, isFinal, failures: [{ node, title, reason, details }], figures } = updates.at(-1)!;
  deepEqual([state, isFinal, node, title], ["failed", true, "task:bad", "bad"]);
  equal(reason, "it threw RangeError: one is enough");
  match(details, /^RangeError: one is enough\n +at failAfterOne/);
  equal(figures.nodes!["task:bad"].status, "failed");
});

Deno.test("Pipeline.serveDashboard() gives the end to those who come after it", async () => {
  await using pipe = endless();
  const { url } = await pipe.serveDashboard();
  await pipe.start();
  pipe.stop();
  await pipe.join();
  const updates = await Array.fromAsync(followDashboard(url));
  deepEqual(updates.map(({ isFinal }) => isFinal), [false, true]);
});

Deno.test("Pipeline.serveDashboard() may come after start()", async () => {
  await using pipe = endless();
  await pipe.start();
  const { url } = await pipe.serveDashboard();
  const first = await followDashboard(url).next();
  equal(first.value!.state, "running");
});

Deno.test("Pipeline.close() lets those who follow have the end", async () => {
  const pipe = endless();
  const { url } = await pipe.serveDashboard();
  await pipe.start();
  const following = Array.fromAsync(followDashboard(url));
  await fetch(url).then((response) => response.text());
  await pipe.close();
  const last = (await following).at(-1)!;
  deepEqual([last.state, last.isFinal], ["ended", true]);
});

Deno.test("Dashboard.close() does not wait for those who do not read", async () => {
  // More than all buffers between can hold.
  let sent = 0;
  const dashboard = serveDashboard(anySource(function* () {
    for (; sent < 100; sent++) yield { isFinal: false, snapshot: "x".repeat(1e6) };
  }));
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: dashboard.port });
  await connection.write(
    new TextEncoder().encode(`GET ${new URL(dashboard.url).pathname}updates HTTP/1.1\r\nHost: localhost\r\n\r\n`),
  );
  await connection.read(new Uint8Array(1));
  await dashboard.close();
  ok(sent > 0 && sent < 100, `${sent} were sent`);
});

Deno.test("Dashboard.close() ends it, and it can be served again", async () => {
  await using pipe = endless();
  const token = "my-own-token_0123";
  const first = await pipe.serveDashboard({ token });
  await rejects(pipe.serveDashboard(), {
    name: "LifecycleError",
    message: `Cannot serve the dashboard of "endless": it is served at ${first.url}`,
  });
  const following = Array.fromAsync(followDashboard(first.url));
  await fetch(first.url).then((response) => response.text());
  await Promise.all([first.close(), first.close()]);
  ok((await following).every(({ isFinal }) => !isFinal), "nothing has ended");
  await using again = await pipe.serveDashboard({ port: first.port, token });
  equal(again.url, first.url);
  match(await textAt(again.url), /<title>/);
});

Deno.test("Pipeline.serveDashboard() throws a LifecycleError after close()", async () => {
  const pipe = endless();
  await pipe.close();
  await rejects(pipe.serveDashboard(), {
    name: "LifecycleError",
    message: 'Cannot serve the dashboard of "endless": it is closed',
  });
});

Deno.test("Pipeline.serveDashboard() names a port that is in use", async () => {
  await using one = endless();
  await using other = endless("other");
  const { port } = await one.serveDashboard();
  await rejects(other.serveDashboard({ port }), (error) => {
    ok(error instanceof Deno.errors.AddrInUse);
    equal(error.message, `Cannot serve the dashboard of "other": port ${port} is in use`);
    return true;
  });
  await other.serveDashboard();
});

Deno.test("Pipeline.serveDashboard() refuses wrong options before it compiles", async () => {
  await using pipe = new Pipeline("wrong");
  const refused = (options: unknown, name: string, message: string) =>
    rejects(pipe.serveDashboard(options as RunDashboardOptions), { name, message });
  const port = 'Cannot serve the dashboard of "wrong": port must be an integer from 0 to 65535, received';
  await refused({ port: -1 }, "RangeError", `${port} -1`);
  await refused({ port: 65536 }, "RangeError", `${port} 65536`);
  await refused({ port: 80.5 }, "RangeError", `${port} 80.5`);
  await refused({ port: "8000" }, "TypeError", `${port} "8000"`);
  await refused(
    { intervalMs: 5 },
    "RangeError",
    'Cannot monitor "wrong": intervalMs must be a number of milliseconds from 10 to 2147483647, received 5',
  );
  await refused(
    null,
    "TypeError",
    'Cannot serve the dashboard of "wrong": its options must be an object, received null',
  );
  pipe.addStream("still declared", { shape: [1], dtype: "int8" });
});

Deno.test("A dashboard refuses foreign hosts, and whatever might change something", async () => {
  await using pipe = endless();
  const { url, port } = await pipe.serveDashboard();
  for (
    const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1.evil.example",
      "127.0.0.1:1@evil.example",
      "a b",
      "[::",
    ]
  ) {
    equal(await ask(`${url}updates`, "GET", { host }), 403, host);
  }
  // Forwarded ports have other numbers.
  for (const host of [`localhost:${port}`, "127.0.0.1:9000", "[::1]:9000"]) {
    equal(await ask(url, "GET", { host }), 200, host);
  }
  for (const host of [`LOCALHOST:${port}`, "localhost.", `LocalHost.:${port}`]) {
    equal(await ask(url, "GET", { host }), 200, host);
  }
  for (const path of ["", "page.js", "updates", "drawing", "icon.svg"]) equal(await ask(url + path, "HEAD"), 200, path);
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) equal(await ask(url, method), 405, method);
  // Pages of others, also of other ports.
  for (const site of ["cross-site", "same-site"]) {
    equal(await ask(`${url}updates`, "GET", { "sec-fetch-site": site }), 403, site);
    equal(await ask(url, "GET", { "sec-fetch-site": site }), 200, site);
  }
  equal(await ask(`${url}secret`, "GET"), 404);
  equal(await ask(`${url}../deno.json`, "GET"), 403);
});

Deno.test("A dashboard's answers allow nothing but its own files", async () => {
  await using pipe = endless();
  const { url } = await pipe.serveDashboard();
  for (const path of ["", "page.js", "page.css", "icon.svg", "elk.js", "drawing"]) {
    const response = await fetch(url + path);
    await response.text();
    const policy = response.headers.get("content-security-policy")!;
    match(policy, /default-src 'none'/);
    ok(!policy.includes("unsafe"));
    equal(response.headers.get("x-content-type-options"), "nosniff");
    equal(response.headers.get("cross-origin-resource-policy"), "same-origin");
    equal(response.headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("followDashboard() refuses what is no dashboard, and ends by its signal", async () => {
  await using pipe = endless();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("hello"));
  const { port } = server.addr;
  await rejects(followDashboard(`http://127.0.0.1:${port}/`).next(), {
    message: `Cannot follow http://127.0.0.1:${port}/: it is no dashboard, ` +
      'received status 200 of type "text/plain;charset=UTF-8"',
  });
  const { url } = await pipe.serveDashboard();
  const controller = new AbortController();
  const updates = followDashboard(url, { signal: controller.signal });
  equal((await updates.next()).value!.title, "endless");
  controller.abort();
  await rejects(async () => {
    for await (const _ of updates);
  }, { name: "AbortError" });
});

Deno.test("serveDashboard() shows any source, which it closes", async () => {
  let isClosed = false;
  const source = anySource(function* () {
    yield { isFinal: false, snapshot: 1 };
    yield { isFinal: true, snapshot: 2 };
  });
  const dashboard = serveDashboard({ ...source, close: () => void (isClosed = true) });
  const { description } = JSON.parse(await textAt(`${dashboard.url}drawing`));
  deepEqual([description.title, description.nodes.length], ["any", 1]);
  const updates = await Array.fromAsync(followDashboard(dashboard.url));
  deepEqual(updates.map(({ snapshot }) => snapshot as unknown), [1, 2]);
  await dashboard.close();
  ok(isClosed);
  throws(() => serveDashboard(source, { port: NaN }), RangeError);
});

Deno.test("serveDashboard() tells the drawing that its source has now, and refuses one that is none", async () => {
  const source = { ...anySource(function* () {}) };
  await using dashboard = serveDashboard(source);
  const title = async () => JSON.parse(await textAt(`${dashboard.url}drawing`)).description.title;
  equal(await title(), "any");
  source.description = { ...source.description, title: "other" };
  equal(await title(), "other");
  const broken = { ...source, description: { title: "x", nodes: [{ id: "a" }], edges: [] } };
  throws(() => serveDashboard(broken as never), {
    name: "TypeError",
    message: /^Cannot draw "x": kind of node "a" must/,
  });
});

Deno.test("A dashboard does not keep the program alive", async () => {
  const module = new URL("../../pipeline/_tasks.ts", import.meta.url).href;
  const program = `
    import { Pipeline } from "@ringmill/ringmill";
    const pipe = new Pipeline("short", "${module}");
    const numbers = pipe.addStream("numbers", { shape: [1], dtype: "int32" });
    const { count, drain } = await import("${module}");
    pipe.addTask("count", { fn: count, writes: { numbers }, params: { count: 10 } });
    pipe.addTask("drain", { fn: drain, reads: { numbers } });
    const { url } = await pipe.serveDashboard();
    await (await fetch(url)).text();
    await pipe.run();
    console.log("ran");
  `;
  const config = fileURLToPath(new URL("../../../deno.json", import.meta.url));
  const command = new Deno.Command(Deno.execPath(), { args: ["eval", "--config", config, program] });
  const { success, stdout, stderr } = await command.output();
  equal(new TextDecoder().decode(stderr), "");
  equal(new TextDecoder().decode(stdout), "ran\n");
  ok(success);
});

Deno.test("A dashboard tells nothing to those who do not know its token", async () => {
  await using pipe = endless();
  const { url, port } = await pipe.serveDashboard();
  const root = `http://127.0.0.1:${port}`;
  const token = new URL(url).pathname.slice(1, -1);
  const other = "x".repeat(token.length);
  for (
    const path of ["", "updates", "page.js", "drawing", other, `${other}/`, `${other}/updates`, token.slice(1) + "/"]
  ) {
    const response = await fetch(`${root}/${path}`);
    const text = await response.text();
    equal(response.status, 403, path);
    match(text, /^Open the whole address/);
    ok(!text.includes(token));
    match(response.headers.get("content-security-policy")!, /default-src 'none'/);
  }
  // A name that is encoded in another way, and what leads out.
  for (const path of [`${token}/../updates`, `${token}%2fupdates`, `${token}//updates`]) {
    ok(await ask(`${root}/${path}`, "GET") >= 400, path);
  }
  const { headers } = await fetch(url, { method: "DELETE" });
  equal(headers.get("allow"), "GET, HEAD");
  await using again = endless("again");
  ok((await again.serveDashboard()).url.split("/")[3] !== token);
});

Deno.test("A dashboard refuses tokens that could be guessed, or are none, and unknown options", async () => {
  await using pipe = endless();
  const refused = (options: unknown, name: string) =>
    rejects(pipe.serveDashboard(options as RunDashboardOptions), { name });
  for (const token of ["", "short", "x".repeat(129), "a/b".repeat(10), "ü".repeat(20), `${"x".repeat(16)}\n`]) {
    await refused({ token }, "RangeError");
  }
  await refused({ token: 7 }, "TypeError");
  await refused({ tokne: "x".repeat(16) }, "TypeError");
});

Deno.test("A dashboard cuts what others decide the length of, and writes each update once for all", async () => {
  let writes = 0;
  const snapshot = { toJSON: () => ++writes };
  const source = anySource(function* () {
    yield { isFinal: true, snapshot };
  });
  const update = await source.updates().next();
  const shared = {
    ...source,
    async *updates() {
      yield update.value!;
    },
  };
  await using dashboard = serveDashboard(shared);
  await Promise.all([1, 2, 3].map(() => Array.fromAsync(followDashboard(dashboard.url))));
  equal(writes, 1);
});

Deno.test("Failures of pipelines are cut, their reasons and their details", async () => {
  await using pipe = endlessThatFails("z".repeat(3_000_000));
  const { url } = await pipe.serveDashboard({ intervalMs: 50 });
  await rejects(pipe.run(), TaskError);
  for await (const update of followDashboard(url)) {
    for (const { reason, details } of update.failures) ok(reason.length < 11_000 && details.length < 11_000);
    ok(JSON.stringify(update).length < 60_000);
  }
});

Deno.test("A pipeline that has only ends of the program runs until it is stopped, with figures that move", async () => {
  const pipe = new Pipeline("program");
  const samples = pipe.addStream("samples", { shape: [1], dtype: "int32", frames: 4 });
  const writer = pipe.openWriter(samples);
  pipe.openReader(samples);
  const { url } = await pipe.serveDashboard({ intervalMs: 20 });
  const states: string[] = [];
  let frames = 0;
  for await (const { state, isFinal, snapshot } of followDashboard(url)) {
    if (states.at(-1) !== state) states.push(state);
    frames = snapshot.streams.samples.frames;
    if (state === "waiting") await pipe.start();
    if (state === "running" && frames < 3) writer.write(Int32Array.of(1));
    if (frames === 3 && !isFinal && state === "running") pipe.stop();
  }
  deepEqual(states, ["waiting", "running", "ended"]);
  equal(frames, 3);
  await pipe.close();
});

/** Attacks on the live page in a real browser: by names, and by pages of others. */

import { deepEqual, equal, ok } from "node:assert/strict";
import type { LiveUpdate } from "@ringmill/ringmill/view";
import { serveDashboard } from "@ringmill/ringmill/view";
import { anySource, nodesOnly } from "../live/_any_source.ts";
import { CHROMIUM, openPage } from "./_browser.ts";

if (CHROMIUM === undefined) console.log("There is no Chromium: attacks in a browser are not tested");

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, fn, ignore: CHROMIUM === undefined });

test("Names on the page hide nothing and turn no text round, wherever they are shown", async () => {
  const name = "safe\u202egpj.exe\u061c\u200b\u2066";
  const shown = "safe\ufffdgpj.exe\ufffd\ufffd\ufffd";
  const failure = { node: "a", title: name, reason: name, details: `${name}\n${name}` };
  const source = anySource(async function* (): AsyncGenerator<Partial<LiveUpdate>> {
    const columns = [{ id: "c", title: name, unit: "count", description: name, isCharted: true }] as const;
    const rows = [{ node: "a", title: name, status: name, values: [1] }];
    yield {
      title: name,
      failures: [failure],
      facts: [{ title: name, text: name }],
      tables: [{ id: "t", title: name, columns, rows }],
      figures: { nodes: { a: { status: name, lines: [name] } } },
    };
    await new Promise(() => {});
  });
  source.description = {
    title: name,
    nodes: [{ id: "a", kind: "task", title: name, description: name, details: [name] }],
    edges: [],
  };
  await using dashboard = serveDashboard(source);
  await using opened = await openPage();
  const { page, complaints } = opened;
  await page.goto(dashboard.url);
  await page.waitForSelector("#graph [data-node]", { timeout: 20_000 });
  await page.waitForSelector("tbody tr", { timeout: 20_000 });
  const text = await page.evaluate(() => `${document.title}\n${document.body.textContent}`);
  equal(/[\p{Cf}]/u.exec(text), null);
  ok(text.split(shown).length >= 10, text);
  const attributes = await page.$$eval("*", (all) => all.flatMap((element) => [...element.attributes].map(String)));
  equal(attributes.some((value) => value.includes("\u202e")), false);
  deepEqual(complaints, []);
});

test("A page of somebody else's gets nothing of the live page, although it knows its address", async () => {
  await using dashboard = serveDashboard({
    ...anySource(async function* () {
      yield {};
      await new Promise(() => {});
    }),
    description: nodesOnly("secret", "a"),
  });
  const attack = `<!doctype html><title>evil</title><iframe src="${dashboard.url}"></iframe><script>
    const url = ${JSON.stringify(dashboard.url)}, got = [];
    const attempt = (name, work) => Promise.resolve().then(work).then((value) => got.push(name + ": " + value), () => {});
    const loaded = (element, property) => new Promise((resolve, reject) => {
      element.onload = () => resolve("loaded"), element.onerror = reject;
      element[property] = url + (property === "href" ? "page.css" : "page.js");
      document.head.append(element);
    });
    globalThis.done = Promise.all([
      attempt("fetch", async () => (await fetch(url + "updates")).status),
      attempt("read", async () => (await fetch(url + "drawing", { mode: "no-cors" })).text().then((text) => text || Promise.reject())),
      attempt("script", () => loaded(document.createElement("script"), "src")),
      attempt("style", () => loaded(Object.assign(document.createElement("link"), { rel: "stylesheet" }), "href")),
      attempt("events", () => new Promise((resolve, reject) => {
        const source = new EventSource(url + "updates");
        source.onmessage = () => resolve("heard"), source.onerror = reject;
      })),
      attempt("frame", () => frames[0].document.title || Promise.reject()),
      attempt("window", () => open(url).document.title || Promise.reject()),
    ]).then(() => got);
  </script>`;
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(attack, { headers: { "content-type": "text/html" } }),
  );
  await using opened = await openPage();
  const { page } = opened;
  for (const host of ["127.0.0.1", "localhost"]) {
    await page.goto(`http://${host}:${server.addr.port}/`);
    const got = await page.evaluate(() => (globalThis as unknown as { done: Promise<string[]> }).done);
    deepEqual(got, []);
  }
});

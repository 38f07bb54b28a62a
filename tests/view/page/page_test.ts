import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import { TaskError } from "@ringmill/ringmill";
import { type LiveUpdate, serveDashboard } from "@ringmill/ringmill/view";
import type { Page } from "puppeteer-core";
import { INT, newPipeline } from "../../pipeline/_helpers.ts";
import * as tasks from "../../pipeline/_tasks.ts";
import { freePort } from "../../_free_port.ts";
import { line } from "../../cluster/_line.ts";
import { Notes } from "../../cluster/_programs.ts";
import { anySource, nodesOnly } from "../live/_any_source.ts";
import { CHROMIUM, clickOn, openPage } from "./_browser.ts";
import { endless, failing } from "../live/_pipelines.ts";

/** A test that needs a browser. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: CHROMIUM === undefined });
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => element.textContent ?? "");

/** Opens a dashboard, and waits until all of it is there. */
async function show(page: Page, url: string, state: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector("#graph [data-node]", { timeout: 20_000 });
  await waitForText(page, "#state", state);
}

/** Opens a dashboard, and waits for a row of a table. */
async function showRows(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector("tbody tr", { timeout: 20_000 });
}

/** Waits until an element has a text. */
async function waitForText(page: Page, selector: string, text: string): Promise<void> {
  const hasText = (selector: string, text: string) => document.querySelector(selector)?.textContent?.includes(text);
  await page.waitForFunction(hasText, { timeout: 20_000 }, selector, text);
}

const attributes = (page: Page, selector: string, name: string): Promise<(string | null)[]> =>
  page.$$eval(selector, (elements, name) => elements.map((element) => element.getAttribute(name)), name);

test("The page draws the pipeline, with tables and charts, and asks for nothing else", async () => {
  await using pipe = endless("three tasks");
  const { url } = await pipe.serveDashboard({ intervalMs: 100 });
  await pipe.start();
  await using opened = await openPage();
  const { page, complaints, requests } = opened;
  await show(page, url, "running");
  equal(await textOf(page, "#title"), "three tasks");
  const ids = ["task:count", "task:double", "task:drain", "stream:numbers", "stream:doubled"];
  deepEqual(await attributes(page, "#graph [data-node]", "data-node"), ids);
  equal((await attributes(page, "#graph [data-edge]", "data-edge")).length, 4);
  const rows = ["stream:numbers", "stream:doubled", "task:count", "task:double", "task:drain"];
  deepEqual(await attributes(page, "tbody tr", "data-node"), rows);
  const captions = await page.$$eval("figcaption", (all) => all.map(({ firstChild }) => firstChild!.textContent));
  deepEqual(captions.slice(0, 3), ["Streams: Pressure", "Streams: Throughput", "Tasks: CPU"]);
  equal((await page.$$("canvas")).length, captions.length);
  deepEqual(complaints, []);
  ok(requests.every((request) => request.startsWith(url)), requests.join(" "));
  ok(requests.includes(`${url}icon.svg`) || requests.length >= 5);
});

test("A table of the page that is wide does not widen the others", async () => {
  const column = { id: "c", title: "a column of numbers", unit: "count", isCharted: false } as const;
  const table = (id: string, width: number) => ({
    id,
    title: id,
    columns: Array.from({ length: width }, (_, index) => ({ ...column, id: `c${index}` })),
    rows: [{ node: "a", title: "a", values: Array<number>(width).fill(1) }],
  });
  const source = anySource(async function* () {
    yield { tables: [table("narrow", 1), table("wide", 40)] };
    await new Promise(() => {});
  });
  await using dashboard = serveDashboard(source);
  await using opened = await openPage((page) => page.setViewport({ width: 600, height: 800 }));
  const { page } = opened;
  await page.goto(dashboard.url);
  await page.waitForSelector('table[data-table="wide"]', { timeout: 20_000 });
  const widths = await page.$$eval("table", (tables) => tables.map(({ offsetWidth }) => offsetWidth));
  ok(widths[0] <= 600 && widths[1] > 600, `${widths}`);
  equal(await page.evaluate(() => document.documentElement.scrollWidth), 600);
});

test("The page draws less often than it hears, if that is more than it can draw, and in the end the newest", async () => {
  const count = 3000;
  const loaded = Promise.withResolvers<void>();
  const source = anySource(async function* () {
    const table = { id: "t", title: "T", columns: [{ id: "c", title: "C", unit: "count", isCharted: true }] as const };
    const update = (n: number) => ({ tables: [{ ...table, rows: [{ node: "a", title: "a", values: [n] }] }] });
    yield update(0);
    await loaded.promise;
    for (let n = 1; n <= count; n++) yield update(n % 1000);
    yield { ...update(999), title: "over" };
    await new Promise(() => {});
  });
  await using dashboard = serveDashboard(source);
  await using opened = await openPage();
  const { page, complaints } = opened;
  await showRows(page, dashboard.url);
  await page.$eval("tbody", (body) => {
    const seen = globalThis as unknown as { changes: number };
    seen.changes = 0;
    const options = { subtree: true, childList: true, characterData: true };
    new MutationObserver((records) => seen.changes += records.length).observe(body, options);
  });
  loaded.resolve();
  await waitForText(page, "#title", "over");
  await waitForText(page, "tbody", "999");
  const changes = await page.evaluate(() => (globalThis as unknown as { changes: number }).changes);
  ok(changes > 0 && changes < count / 2, `${changes}`);
  deepEqual(complaints, []);
});

test("The page shows no table and no charts of what there is none of, until there is", async () => {
  const more = Promise.withResolvers<void>();
  const source = anySource(async function* () {
    const columns = [{ id: "c", title: "C", unit: "count", isCharted: true }] as const;
    const table = (id: string, ...nodes: string[]) => {
      return { id, title: id, columns, rows: nodes.map((node) => ({ node, title: node, values: [1] })) };
    };
    yield { tables: [table("some", "a"), table("none")] };
    await more.promise;
    yield { tables: [table("some", "a"), table("none", "b")] };
    await new Promise(() => {});
  });
  await using dashboard = serveDashboard(source);
  await using opened = await openPage();
  const { page, complaints } = opened;
  await showRows(page, dashboard.url);
  deepEqual(await attributes(page, "table", "data-table"), ["some"]);
  equal((await page.$$("figure")).length, 1);
  more.resolve();
  await page.waitForSelector('tr[data-node="b"]', { timeout: 20_000 });
  deepEqual(await attributes(page, "table", "data-table"), ["some", "none"]);
  equal((await page.$$("figure")).length, 2);
  deepEqual(complaints, []);
});

test("On a page of usual width the tables of a pipeline show all of their columns", async () => {
  await using pipe = endless();
  const { url } = await pipe.serveDashboard({ intervalMs: 100 });
  await using opened = await openPage((page) => page.setViewport({ width: 1200, height: 800 }));
  const { page } = opened;
  await pipe.start();
  await show(page, url, "running");
  await waitForText(page, 'table[data-table="task"]', "MB");
  const hidden = await page.$$eval(
    "table",
    (tables) => tables.map(({ offsetWidth, parentElement }) => offsetWidth - parentElement!.clientWidth),
  );
  deepEqual(hidden, hidden.map(() => 0));
});

test("The page's figures move, in the drawing, the tables and the charts", async () => {
  await using pipe = endless();
  const { url } = await pipe.serveDashboard({ intervalMs: 100 });
  await pipe.start();
  await using opened = await openPage();
  const { page } = opened;
  await show(page, url, "running");
  const differs = (selector: string, before: string) => document.querySelector(selector)!.textContent !== before;
  for (const selector of ['#graph [data-node="stream:numbers"]', '#tables [data-node="stream:numbers"]', "#facts"]) {
    await page.waitForFunction(differs, { timeout: 20_000 }, selector, await textOf(page, selector));
  }
  match(await textOf(page, '#graph [data-node="stream:numbers"]'), /numbers.*frames\/s.*full \d+ %/);
  match(await textOf(page, '#graph [data-node="task:double"]'), /(running|waiting).*CPU \d+ %/);
  // The lines of a stream have the colour of its pressure.
  const lines = await attributes(page, '#graph [data-edge="task:count -> stream:numbers"] path', "class");
  match(lines[0]!, /rm-line-[012]/);
  const colours = (canvas: Element) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const pixels = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height).data;
    return new Set(new Uint32Array(pixels.buffer)).size;
  };
  ok(await page.$eval("canvas", colours) > 10);
});

test("On the page a crashed task turns red, and its error is shown", async () => {
  const { pipe, fail } = failing();
  const { url } = await pipe.serveDashboard({ intervalMs: 100 });
  await pipe.start();
  const failure = rejects(pipe.join(), TaskError);
  await using opened = await openPage();
  const { page, complaints } = opened;
  await show(page, url, "running");
  const stroke = () =>
    page.$eval('[data-node="task:bad"] .rm-box', (box) => [getComputedStyle(box).stroke, getComputedStyle(box).fill]);
  const before = await stroke();
  equal(await page.$eval("#failures", (section) => (section as HTMLElement).hidden), true);
  fail();
  await failure;
  await waitForText(page, "#state", "failed");
  const after = await stroke();
  notEqual(after[0], before[0]);
  notEqual(after[1], before[1]);
  const [red, green, blue] = after[0].match(/\d+/g)!.map(Number);
  ok(red > 150 && green < 100 && blue < 100, after[0]);
  match(await textOf(page, "#failures"), /^bad failed: it threw RangeError: one is enough/);
  match(await textOf(page, "#failures pre"), /at failAfterOne/);
  equal(await textOf(page, 'tr[data-status="failed"] th'), "bad");
  // What is over stays to be seen.
  await pipe.close();
  equal(await textOf(page, "#state"), "failed");
  deepEqual(complaints, []);
});

test("On the page a task that is to be started again is amber, with its last error", async () => {
  const { pipe, fail } = failing("restarting", { restart: { backoffMs: 1e9, maxBackoffMs: 1e9 } });
  await using _pipe = pipe;
  const { url } = await pipe.serveDashboard({ intervalMs: 100 });
  await pipe.start();
  await using opened = await openPage();
  const { page, complaints } = opened;
  await show(page, url, "running");
  fail();
  await page.waitForSelector('#graph [data-node="task:bad"].rm-warn', { timeout: 20_000 });
  const row = 'tr[data-status="restarting"]';
  match(await textOf(page, `${row} .status`), /^restartingTask "bad" failed: it threw RangeError: one is enough$/);
  for (const selector of [`${row} .status small`, '#graph [data-node="task:bad"] .rm-warn-text']) {
    const colour = await page.$eval(selector, (element) => {
      const { color, fill } = getComputedStyle(element);
      return element instanceof SVGElement ? fill : color;
    });
    const [red, green, blue] = colour.match(/\d+/g)!.map(Number);
    ok(red > green && green > 60 && blue < 60, colour);
  }
  equal(await textOf(page, "#state"), "running");
  equal(await page.$eval("#failures", (section) => (section as HTMLElement).hidden), true);
  deepEqual(complaints, []);
});

test("The page says that the pipeline has ended, also after it is closed", async () => {
  const pipe = endless();
  const { url } = await pipe.serveDashboard({ intervalMs: 100 });
  await pipe.start();
  await using opened = await openPage();
  const { page, complaints } = opened;
  await show(page, url, "running");
  await pipe.close();
  await waitForText(page, "#state", "ended");
  match(await textOf(page, '#graph [data-node="task:drain"]'), /ended/);
  equal(await page.$eval("#connection", (line) => (line as HTMLElement).hidden), true);
  deepEqual(complaints, []);
});

test("The page says that the connection is lost, and shows the program that serves there next", async () => {
  await using first = endless("first");
  await using second = endless("second");
  const token = "a-token-that-stays";
  const dashboard = await first.serveDashboard({ intervalMs: 100, token });
  await first.start();
  await using opened = await openPage();
  const { page } = opened;
  await show(page, dashboard.url, "running");
  await dashboard.close();
  await waitForText(page, "#state", "connection lost");
  match(await textOf(page, "#connection"), /^Nothing heard from the program since \d\d:\d\d:\d\d\. Trying again …$/);
  equal(await page.$eval("#connection", (line) => (line as HTMLElement).hidden), false);
  await second.serveDashboard({ port: dashboard.port, token });
  await waitForText(page, "#title", "second");
  await waitForText(page, "#state", "not started");
});

test("The page notices a program that says nothing any more", async () => {
  await using pipe = endless();
  const { url } = await pipe.serveDashboard({ intervalMs: 600_000 });
  await using opened = await openPage((page) =>
    page.evaluateOnNewDocument(() => {
      const now = performance.now.bind(performance);
      const page = globalThis as unknown as { later: number };
      page.later = 0;
      performance.now = () => now() + page.later;
    })
  );
  const { page } = opened;
  await show(page, url, "not started");
  await page.evaluate(() => void ((globalThis as unknown as { later: number }).later = 700_000));
  await waitForText(page, "#state", "connection lost");
});

test("The page shows names as texts, whatever they are", async () => {
  const evil = '<script>globalThis.hacked = 1</script><img src=x onerror="globalThis.hacked = 2">';
  await using pipe = newPipeline(evil);
  const stream = pipe.addStream(`"'>${evil}`, { ...INT, description: evil });
  pipe.addTask(evil, { fn: tasks.throwError, writes: { numbers: stream } });
  pipe.addTask(`</script>${evil}`, { fn: tasks.drain, reads: { numbers: stream } });
  const { url } = await pipe.serveDashboard({ intervalMs: 50 });
  await rejects(pipe.run(), TaskError);
  await using opened = await openPage();
  const { page, complaints } = opened;
  await show(page, url, "failed");
  equal(await textOf(page, "#title"), evil);
  equal(await textOf(page, "#failures strong"), evil);
  match(await textOf(page, "#graph"), /<script>globalThis/);
  equal((await page.$$("main img, main script, header img, header script, #failures img")).length, 0);
  equal(await page.evaluate(() => (globalThis as unknown as { hacked?: number }).hacked), undefined);
  deepEqual(complaints, []);
});

test("The page shows any source, and the next drawing when it is another", async () => {
  const next = Promise.withResolvers<void>();
  const source = anySource(async function* (): AsyncGenerator<Partial<LiveUpdate>> {
    const columns = [{ id: "rate", title: "Rate", unit: "messages/s", isCharted: true }] as const;
    const rows = [{ node: "a", title: "a", values: [5] }];
    const table = { id: "actor", title: "Actors", columns };
    yield { tables: [{ ...table, rows }], figures: { nodes: { a: { status: "running" } } } };
    await next.promise;
    const more = { node: "b", title: "b", status: "failed", values: [null] };
    yield {
      tables: [{ ...table, rows: [...rows, more] }],
      drawing: 1,
      figures: { nodes: { b: { status: "failed" } } },
    };
    await new Promise(() => {});
  });
  await using dashboard = serveDashboard(source);
  await using opened = await openPage();
  const { page, complaints } = opened;
  await show(page, dashboard.url, "running");
  deepEqual(await attributes(page, "#graph [data-node]", "data-node"), ["a"]);
  equal(await textOf(page, 'tbody tr[data-node="a"]'), "a5 /s");
  equal(await textOf(page, "figcaption"), "Actors: Rate");
  source.description = nodesOnly("any", "a", "b");
  next.resolve();
  await page.waitForSelector('#graph [data-node="b"].rm-bad', { timeout: 20_000 });
  deepEqual(await attributes(page, "#graph [data-node]", "data-node"), ["a", "b"]);
  equal(await textOf(page, 'tr[data-node="b"]'), "bfailed–");
  deepEqual(complaints, []);
});

test("On the page a node stands out everywhere while the pointer is on it, or once it is clicked", async () => {
  await using pipe = endless();
  const { url } = await pipe.serveDashboard({ intervalMs: 100 });
  await using opened = await openPage();
  const { page } = opened;
  await show(page, url, "not started");
  const lit = () => attributes(page, ".is-lit", "data-node");
  await page.hover('tr[data-node="task:double"]');
  deepEqual(await lit(), ["task:double", "task:double"]);
  await clickOn(page, '#graph [data-node="stream:numbers"]');
  await page.hover("#title");
  deepEqual(await lit(), ["stream:numbers", "stream:numbers"]);
  await waitForText(page, "figcaption .note", "numbers: 0 %");
  await page.keyboard.press("Escape");
  deepEqual(await lit(), []);
  // On a line of a chart: all are at its bottom.
  const chart = await (await page.$("figure .u-over"))!.boundingBox();
  await page.mouse.move(chart!.x + chart!.width - 2, chart!.y + chart!.height - 4);
  await page.waitForSelector("tr.is-lit", { timeout: 20_000 });
  for (let frame = 0; frame < 5; frame++) {
    match((await lit()).join(), /^stream:(\w+),stream:\1$/);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
});

test("The page is light or dark, as the reader prefers", async () => {
  await using pipe = endless();
  const { url } = await pipe.serveDashboard();
  await using opened = await openPage();
  const { page } = opened;
  const colours = async (value: string) => {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
    return await page.evaluate(() => {
      const { backgroundColor, color } = getComputedStyle(document.body);
      return [backgroundColor, color, getComputedStyle(document.querySelector(".rm-box")!).fill];
    });
  };
  await show(page, url, "not started");
  const light = await colours("light");
  const dark = await colours("dark");
  light.forEach((colour, index) => notEqual(colour, dark[index]));
});

test("The page shows the machine at the other end of a link as a box with its state", async () => {
  using notes = new Notes();
  const url = `tcp://127.0.0.1:${freePort()}`;
  await using source = line({ url, count: { total: 1e6, run: 1, pauseMs: 1 } });
  const { url: address } = await source.serveDashboard({ intervalMs: 100 });
  await source.start();
  await using opened = await openPage();
  const { page, complaints } = opened;
  await show(page, address, "running");
  const box = '#graph [data-node="machine:reader"]';
  await waitForText(page, box, "connecting");
  await using sink = line({ url, note: { path: notes.path } });
  await sink.start();
  await waitForText(page, box, "running");
  await sink.close();
  await waitForText(page, box, "interrupted");
  deepEqual(complaints, []);
});

/** The newest frames of streams on the page, in a real browser. */

import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { type AsyncWriter, Pipeline } from "@ringmill/ringmill";
import type { Page } from "puppeteer-core";
import { layout } from "../../../src/ring/core.generated.ts";
import { CHROMIUM, clickOn, openPage } from "./_browser.ts";

/** A test that needs a browser. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: CHROMIUM === undefined });
}

const ODD = `odd <b>&"'/?#%`;

/** Streams of every kind, written by the program; nobody reads them. */
function kinds() {
  const pipe = new Pipeline("kinds");
  const streams = {
    line: pipe.addStream("line", { shape: [64], dtype: "float32", description: "microphone [Pa]" }),
    grey: pipe.addStream("grey", { shape: [30, 40], dtype: "float32" }),
    colours: pipe.addStream("colours", { shape: [20, 20, 3], dtype: "uint8" }),
    ticks: pipe.addStream("ticks", {
      shape: [16],
      dtype: { time: "int64", price: "float64" },
      description: "time [ns]",
    }),
    number: pipe.addStream("number", { shape: [1], dtype: "float64" }),
    odd: pipe.addStream(ODD, { shape: [8], dtype: "float32", description: "<img src=x onerror=alert(1)>" }),
  };
  for (const stream of Object.values(streams)) {
    pipe.addTask.terminator(`none ${stream.name}`, { reads: { stream: stream as typeof streams.line } });
  }
  return {
    pipe,
    line: pipe.openWriter(streams.line),
    grey: pipe.openWriter(streams.grey),
    colours: pipe.openWriter(streams.colours),
    ticks: pipe.openWriter(streams.ticks),
    number: pipe.openWriter(streams.number),
    odd: pipe.openWriter(streams.odd),
  };
}

const article = (name: string) => `#frames article[data-frame=${JSON.stringify(`stream:${name}`)}]`;
const row = (name: string) => `tbody tr[data-node=${JSON.stringify(`stream:${name}`)}]`;

async function show(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector("#graph [data-node]", { timeout: 20_000 });
}

const textOf = (page: Page, selector: string) => page.$eval(selector, (element) => element.textContent ?? "");

async function waitForText(page: Page, selector: string, text: string): Promise<void> {
  const hasText = (selector: string, text: string) => document.querySelector(selector)?.textContent?.includes(text);
  await page.waitForFunction(hasText, { timeout: 20_000 }, selector, text);
}

/** The colours of a canvas of an article, at shares of its width and height. */
function colourAt(page: Page, selector: string, x: number, y: number): Promise<number[]> {
  return page.$eval(
    selector,
    (element, x, y) => {
      const canvas = element as HTMLCanvasElement;
      const { width, height } = canvas;
      const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
      copy.drawImage(canvas, 0, 0);
      const at = copy.getImageData(Math.floor(x * width), Math.floor(y * height), 1, 1);
      return [...at.data];
    },
    x,
    y,
  );
}

/** How many colours a canvas has, and a number that is another if it looks otherwise. */
function looksOf(page: Page, selector: string): Promise<number[]> {
  return page.$eval(selector, (element) => {
    const { width, height } = element as HTMLCanvasElement;
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
    copy.drawImage(element as HTMLCanvasElement, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const pixels = new Uint32Array(data.buffer);
    return [new Set(pixels).size, pixels.reduce((sum, pixel) => (Math.imul(sum, 31) + pixel) | 0, 0)];
  });
}

const labelOf = (page: Page, selector: string) => page.$eval(selector, (canvas) => canvas.getAttribute("aria-label")!);

/** Whether the program looks at a stream. */
function isLookedAt(writer: Pick<AsyncWriter<"float32">, "raw">): boolean {
  const { buffer, byteOffset } = writer.raw;
  const state = byteOffset - layout.READER_BYTES + layout.READER_STATE;
  return Atomics.load(new Int32Array(buffer), state / 4) !== layout.READER_DETACHED;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let patience = 1000; !isSo(); patience--) {
    ok(patience > 0, "The watchdog barks");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("On the page a click on a stream shows its newest frame as it changes, and a second one ends that", async () => {
  const { pipe, line, grey } = kinds();
  await using _ = pipe;
  const { url } = await pipe.serveDashboard({ intervalMs: 200 });
  await pipe.start();
  await using opened = await openPage();
  const { page, complaints, requests } = opened;
  await show(page, url);
  equal(await page.$eval("#frames", (section) => (section as HTMLElement).hidden), true);
  equal(isLookedAt(line), false);
  const node = '#graph [data-node="stream:line"]';
  await clickOn(page, node);
  await waitForText(page, article("line"), "no frame yet, float32[64]");
  match(await textOf(page, article("line")), /microphone \[Pa\]/);
  equal(isLookedAt(line), true);
  equal(isLookedAt(grey), false);
  line.write(line.frame().map((_, index) => Math.sin(index / 10)) as Float32Array);
  await waitForText(page, article("line"), "frame 1, float32[64]");
  match(await textOf(page, `${article("line")} h3`), /^-0\.99992 to 0\.99957 Pa$/);
  const canvas = `${article("line")} canvas.line`;
  equal(await labelOf(page, canvas), "line: a line of 64 numbers, -0.99992 to 0.99957 Pa");
  const [colours, before] = await looksOf(page, canvas);
  ok(colours > 5);
  line.write(line.frame().map((_, index) => 2 - index / 10) as Float32Array);
  await waitForText(page, article("line"), "frame 2, float32[64]");
  notEqual((await looksOf(page, canvas))[1], before);
  match(await labelOf(page, `${article("line")} canvas.waterfall`), /^line: the last 2 lines below each other/);
  ok((await looksOf(page, `${article("line")} canvas.waterfall`))[0] > 20);
  await clickOn(page, node, async () => {
    await page.$eval(node, (drawn) => drawn.setAttribute("data-old", ""));
    line.write(line.frame());
    await page.waitForSelector(`${node}:not([data-old])`, { timeout: 20_000 });
  });
  await page.waitForSelector(article("line"), { hidden: true, timeout: 20_000 });
  equal(await page.$eval("#frames", (section) => (section as HTMLElement).hidden), true);
  await until(() => !isLookedAt(line));
  deepEqual(complaints, []);
  ok(requests.every((request) => request.startsWith(url)));
});

test("The page shows pictures, colours, columns, numbers, and what is not finite", async () => {
  const { pipe, grey, colours, ticks, number } = kinds();
  await using _ = pipe;
  const { url } = await pipe.serveDashboard({ intervalMs: 200 });
  await pipe.start();
  await using opened = await openPage();
  const { page, complaints } = opened;
  await show(page, url);
  grey.write(grey.frame().map((_, index) => index === 0 ? NaN : index) as Float32Array);
  colours.write(colours.frame().map((_, index) => [200, 100, 50][index % 3]) as Uint8Array);
  const slot = ticks.look()!;
  slot.time.forEach((_, index) => slot.time[index] = 2n ** 60n + BigInt(index));
  slot.price.fill(99.5);
  ticks.increment();
  number.write(Float64Array.of(21.5));
  // Not by the pointer: the rows move when frames appear above them.
  for (const name of ["grey", "colours", "ticks", "number"]) {
    await page.$eval(`${row(name)} button`, (button) => (button as HTMLElement).click());
  }
  for (const name of ["grey", "colours", "ticks", "number"]) await waitForText(page, article(name), "frame 1,");
  const greyCanvas = `${article("grey")} canvas`;
  equal(await labelOf(page, greyCanvas), "grey: a grey picture of 30 rows and 40 columns, 1 to 1199, 1 not finite");
  deepEqual(await colourAt(page, greyCanvas, 0, 0), [207, 34, 46, 255]);
  deepEqual(await colourAt(page, greyCanvas, 0.99, 0.99), [255, 255, 255, 255]);
  deepEqual(await colourAt(page, `${article("colours")} canvas`, 0.5, 0.5), [200, 100, 50, 255]);
  const headings = await page.$$eval(`${article("ticks")} h3`, (all) => all.map(({ textContent }) => textContent));
  deepEqual(headings, [`time: ${2n ** 60n} to ${2n ** 60n + 15n} ns`, "price: 99.5"]);
  equal((await page.$$(`${article("ticks")} canvas`)).length, 4);
  equal(await labelOf(page, `${article("number")} canvas.line`), "number: the last 1 numbers, the newest 21.5");
  grey.write(grey.frame().fill(NaN));
  await waitForText(page, article("grey"), "frame 2,");
  equal(await textOf(page, `${article("grey")} h3`), "no finite number");
  grey.write(grey.frame().fill(3));
  grey.close();
  await waitForText(page, article("grey"), "frame 3, the last,");
  equal(await textOf(page, `${article("grey")} h3`), "3");
  deepEqual(complaints, []);
});

test("The page's frames can be had by the keyboard, and are closed by a button or Escape", async () => {
  const { pipe, line, grey, odd } = kinds();
  await using _ = pipe;
  const { url } = await pipe.serveDashboard({ intervalMs: 200 });
  await pipe.start();
  await using opened = await openPage();
  const { page, complaints } = opened;
  await show(page, url);
  await page.focus(`${row("line")} button`);
  await page.keyboard.press("Enter");
  await page.waitForSelector(article("line"), { timeout: 20_000 });
  equal(await page.$eval(`${row("line")} button`, (button) => button.getAttribute("aria-pressed")), "true");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.waitForSelector(article("grey"), { timeout: 20_000 });
  equal(await labelOf(page, `${article("grey")} button`), "Close grey");
  await page.focus(`${article("grey")} button`);
  await page.keyboard.press("Enter");
  equal(await page.$(article("grey")), null);
  equal(await page.$eval(`${row("grey")} button`, (button) => button.getAttribute("aria-pressed")), "false");
  await until(() => isLookedAt(line) && !isLookedAt(grey));
  // Names are texts, in the page and in its requests.
  await page.evaluate((name) => {
    const rows = [...document.querySelectorAll<HTMLElement>("tbody tr")];
    rows.find(({ dataset }) => dataset.node === name)!.querySelector("button")!.click();
  }, `stream:${ODD}`);
  odd.write(odd.frame().fill(1));
  const shownOdd = () => {
    const articles = [...document.querySelectorAll("#frames article")];
    return articles.find(({ textContent }) => textContent!.includes("frame 1,"))?.querySelector("h2")?.textContent;
  };
  await page.waitForFunction(shownOdd, { timeout: 20_000 });
  equal(await page.evaluate(shownOdd), ODD);
  equal((await page.$$("#frames img, #frames b")).length, 0);
  await page.keyboard.press("Escape");
  equal((await page.$$("#frames article")).length, 0);
  await until(() => !isLookedAt(line) && !isLookedAt(odd));
  deepEqual(complaints, []);
});

test("The program looks at no stream for a page that is gone", async () => {
  const { pipe, line } = kinds();
  await using _ = pipe;
  const { url } = await pipe.serveDashboard({ intervalMs: 200 });
  await pipe.start();
  await using opened = await openPage();
  const { page } = opened;
  await show(page, url);
  await clickOn(page, row("line"));
  await until(() => isLookedAt(line));
  await page.goto("about:blank");
  await until(() => !isLookedAt(line));
});

test("The page shows long names in part, and pictures much longer than wide as something to see", async () => {
  await using pipe = new Pipeline("extremes");
  const long = "n".repeat(300);
  const wide = pipe.addStream(long, { shape: [3, 3000], dtype: "float32" });
  const tall = pipe.addStream("tall", { shape: [3000, 3], dtype: "float32" });
  const writers = [wide, tall].map((stream) => {
    pipe.addTask.terminator(`none ${stream.name.slice(0, 4)}`, { reads: { stream } });
    return pipe.openWriter(stream);
  });
  const { url } = await pipe.serveDashboard({ intervalMs: 200 });
  await pipe.start();
  for (const writer of writers) writer.write(writer.frame());
  for (const width of [1400, 400]) {
    await using opened = await openPage((page) => page.setViewport({ width, height: 900 }));
    const { page, complaints } = opened;
    await show(page, url);
    // A button that is wider than its cell's content is replaced by dots as a whole, unless it is cut itself.
    const fits = await page.$eval(row(long), (row) => {
      const cell = row.querySelector("th")!;
      const most = cell.getBoundingClientRect().right - parseFloat(getComputedStyle(cell).paddingRight);
      return row.querySelector("button")!.getBoundingClientRect().right <= most + 0.5;
    });
    ok(fits, `${width}`);
    for (const name of [long, "tall"]) {
      await page.$eval(`${row(name)} button`, (button) => (button as HTMLElement).click());
      await waitForText(page, article(name), "frame 1,");
      const size = await page.$eval(
        `${article(name)} canvas`,
        ({ clientWidth, clientHeight }) => [clientWidth, clientHeight],
      );
      ok(Math.min(...size) >= 16 && size[1] <= 320, `${width}: ${size}`);
    }
    ok(await page.$eval(`${article(long)} .counted`, ({ clientWidth }) => clientWidth) > 50);
    equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    deepEqual(complaints, []);
  }
});

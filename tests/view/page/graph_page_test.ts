import { Graph, LoopNode, Node } from "@ringmill/ringmill/graph";
import { deepEqual, equal, match } from "node:assert/strict";
import { CHROMIUM, openPage } from "./_browser.ts";

const PATIENCE = { timeout: 20_000 };

Deno.test({
  name: "The page of a graph shows its nodes, those of inner graphs, and the timelines of its latest runs",
  ignore: CHROMIUM === undefined,
  async fn() {
    const half = new Node("half", (n: number) => n / 2);
    const small = new LoopNode("small", half, { until: (n) => n < 2 });
    const check = new Node("check <b>", (n: number) => {
      if (n > 1.5) throw new RangeError("too <i>large</i>");
      return n;
    });
    small.connect(check);
    await using graph = new Graph("halves", { nodes: [small, check], start: small });
    const { url } = await graph.serveDashboard({ intervalMs: 50 });
    await using opened = await openPage();
    const { page, complaints } = opened;
    await page.goto(url);
    await page.waitForSelector('#graph [data-node="node:small/half"]', PATIENCE);
    equal(await page.$eval("#timelines", (area) => (area as unknown as { hidden: boolean }).hidden), true);
    await graph.execute(4);
    await graph.execute(7).catch(() => {});
    await page.waitForSelector('.timeline[data-status="failed"]', PATIENCE);
    const titles = await page.$$eval(".timeline h2", (all) => all.map((head) => head.textContent ?? ""));
    match(titles[0], /^Run 2failed/);
    match(titles[1], /^Run 1completed/);
    const lanes = await page.$$eval(
      ".timeline:last-child [data-lane]",
      (all) => all.map((lane) => [lane.firstElementChild!.textContent, lane.querySelectorAll("i").length]),
    );
    deepEqual(lanes, [["small", 1], ["small/half", 2], ["check <b>", 1]]);
    match(
      await page.$eval("#failures", (all) => all.textContent ?? ""),
      /^check <b> failed: RangeError: too <i>large<\/i>/,
    );
    match(await page.$eval('tr[data-node="node:small"]', (row) => row.textContent ?? ""), /^smallcompleted/);
    await page.hover('.timeline [data-lane="node:small"]');
    await page.waitForSelector('tr.is-lit[data-node="node:small"]', PATIENCE);
    deepEqual(complaints, []);
  },
});

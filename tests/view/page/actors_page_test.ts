import { RingKernelRuntime } from "@ringmill/ringmill/actors";
import { deepEqual, equal, match } from "node:assert/strict";
import { mortal, Order } from "../../actors/_faulty_kernels.ts";
import { PATIENTLY } from "../../actors/_helpers.ts";
import { Anything, echo } from "../../actors/_kernels.ts";
import { CHROMIUM, openPage } from "./_browser.ts";

const PATIENCE = { timeout: 20_000 };

Deno.test({
  name: "The page of actors shows kernels launched later, figures that move, and a failed kernel in red",
  ignore: CHROMIUM === undefined,
  async fn() {
    await using runtime = new RingKernelRuntime({ telemetry: true });
    const { url } = await runtime.serveDashboard({ intervalMs: 100 });
    await using opened = await openPage();
    const { page, complaints } = opened;
    const textOf = (selector: string) => page.$eval(selector, (element) => element.textContent ?? "");
    const waitForText = (selector: string, text: string) =>
      page.waitForFunction(
        (selector: string, text: string) => document.querySelector(selector)?.textContent?.includes(text),
        PATIENCE,
        selector,
        text,
      );
    await page.goto(url);
    await waitForText("#title", "actors");
    await waitForText("#state", "not started");

    const kernel = await runtime.kernelScope("echo", echo);
    await runtime.kernelScope("mortal", mortal);
    await kernel.request(Anything({ value: 0 }), PATIENTLY);
    await page.waitForSelector('#graph [data-node="kernel:mortal"]', PATIENCE);
    await page.waitForSelector('#graph [data-edge="program:in -> kernel:echo"]', PATIENCE);
    await waitForText("#state", "running");
    match(await textOf('tr[data-node="kernel:echo"]'), /^echoactive/);
    const captions = await page.$$eval("figcaption", (all) => all.map(({ firstChild }) => firstChild!.textContent));
    deepEqual(captions, ["Kernels: Rate", "Kernels: Pressure", "Kernels: In queue"]);

    const rest = await textOf('#graph [data-node="kernel:echo"]');
    let isOver = false;
    const asking = (async () => {
      for (let value = 0; !isOver; value++) await kernel.request(Anything({ value }), PATIENTLY);
    })();
    const differs = (selector: string, before: string) => document.querySelector(selector)!.textContent !== before;
    await page.waitForFunction(differs, PATIENCE, '#graph [data-node="kernel:echo"]', rest);
    match(await textOf('#graph [data-node="kernel:echo"]'), /echo.*active.*messages\/s.*full \d+ %/);
    isOver = true;
    await asking;

    const isRed = (selector: string) => {
      // While another drawing comes, there may be none.
      const box = document.querySelector(selector);
      const found = box && getComputedStyle(box).stroke.match(/\d+/g);
      const [red, green, blue] = found?.map(Number) ?? [];
      return red > 150 && green < 100 && blue < 100;
    };
    const box = '[data-node="kernel:mortal"] .rm-box';
    equal(await page.evaluate(isRed, box), false);
    await runtime.send("mortal", Order({ deed: "throw" }));
    await waitForText("#state", "failed");
    await page.waitForFunction(isRed, PATIENCE, box);
    match(await textOf("#failures"), /^mortal failed: it threw Overload: too loud/);
    equal(await textOf('tr[data-status="failed"] th'), "mortal");
    deepEqual(complaints, []);
  },
});

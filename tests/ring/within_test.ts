import { equal } from "node:assert/strict";
import { within } from "../../src/ring/within.ts";
import { beBusy } from "./_helpers.ts";

Deno.test("within() says whether a promise resolves in time", async () => {
  equal(await within(Promise.resolve(), 0), true);
  equal(await within(new Promise(() => {}), 5), false);
  equal(await within(Promise.resolve(), Infinity), true);
});

Deno.test("within() hears of what has come in time to a thread that was busy", async () => {
  const { port1, port2 } = new MessageChannel();
  const heard = Promise.withResolvers<void>();
  port1.onmessage = () => heard.resolve();
  port2.postMessage("in time");
  const inTime = within(heard.promise, 10);
  beBusy(100);
  equal(await inTime, true);
  for (const port of [port1, port2]) port.close();
});

Deno.test("within() gives up on what does not come to a thread that was busy", async () => {
  const inTime = within(new Promise(() => {}), 10);
  beBusy(50);
  equal(await inTime, false);
});

import { deepEqual } from "node:assert/strict";
import { linesOf, runExample } from "./_run.ts";

Deno.test("The actors' pipeline example normalizes, computes the means, and tells the figures of its stages", async () => {
  deepEqual(await linesOf("actors_pipeline.ts"), [
    "1, 2, 3, 4, 5: normalized, their mean is 0.50",
    "0, 0, 10: normalized, their mean is 0.33",
    "-1, 7: normalized, their mean is 0.50",
    "preprocess: 3 messages, 0 errors, 3 latencies",
    "compute: 3 messages, 0 errors, 3 latencies",
  ]);
});

Deno.test("The actors' coordinator example names the stage that has failed", async () => {
  deepEqual(await linesOf("actors_coordinator.ts"), [
    "done: tea for 6",
    "failed in validate: milk: an amount must be positive, received -1",
    "failed in reserve: unobtainium is not in stock",
    "done: bread for 15",
  ]);
});

Deno.test("The actors' parallel example gives each instance its share", async () => {
  deepEqual(await linesOf("actors_parallel.ts"), [
    "3245 primes below 30000",
    "prime 0: 10 pieces",
    "prime 1: 10 pieces",
    "prime 2: 10 pieces",
  ]);
});

Deno.test("The actors' fan-out and fan-in example flushes what is left after a while", async () => {
  deepEqual(await linesOf("actors_fan.ts"), [
    "a batch of 10",
    "a batch of 10",
    "a batch of 5",
    "the squares of 1 to 25 add up to 5525",
  ]);
});

Deno.test("The actors' diamond example joins what both branches have answered", async () => {
  deepEqual(await linesOf("actors_dag.ts"), [
    '"grinds" is the longest, "the" comes 3 times',
    '"not" is the longest, "to" comes 2 times',
  ]);
});

Deno.test("The actors' backpressure example waits, refuses, and drops", async () => {
  deepEqual(await linesOf("actors_backpressure.ts"), [
    "patient: QueueTimeoutError",
    "patient: received 1, 2, 3, 4; 2 refused, 0 dropped",
    "strict: QueueFullError",
    "strict: received 1, 2, 3, 4; 2 refused, 0 dropped",
    "live: received 3, 4, 5, 6; 0 refused, 2 dropped",
  ]);
});

Deno.test("The actors' devices example asks thousands of kernels on two workers", async () => {
  const { status, output } = await runExample("actors_devices.ts", "500");
  deepEqual([status, output], [0, "500 devices, the warmest is device 96 with 31.6 degrees\n"]);
});

Deno.test("The actors' at-least-once example books all orders but the one that is nonsense", async () => {
  deepEqual(await linesOf("actors_at_least_once.ts"), [
    "order 1 is booked, at attempt 1",
    "order 2 is booked, at attempt 1",
    "order 3 is booked, at attempt 2",
    "order 5 is booked, at attempt 1",
    "order 6 is booked, at attempt 2",
    "order 4 is dead after 3 attempts: it threw RangeError: an amount of -1",
  ]);
});

Deno.test("The actors' web server example gives up the work of a client that goes away", async () => {
  // Deno itself warns of how its requests' signals abort.
  const { status, output } = await runExample("actors_web_server.ts");
  deepEqual([status, output.trimEnd().split("\n")], [0, [
    "found on page 3",
    "the client has gone: AbortError",
    'the search for "needle" is given up',
  ]]);
});

import { deepEqual, equal } from "node:assert/strict";
import { soakMachines } from "../stress/_machine_soak.ts";
import { LACKS_NATS } from "./_server.ts";

Deno.test("With the leader of three servers, a sink and the source killed in turn, each frame is once in each output", {
  ignore: LACKS_NATS,
}, async () => {
  // Enough for the source to outlast the waits for servers that are behind.
  const frames = 10_000;
  const report = await soakMachines({ seed: 1, frames, minutes: 1, kills: 2, between: 200 });
  equal(report.frames, frames);
  deepEqual(report.kills, { leader: 1, wall: 1, hub: 0, source: 0 });
});

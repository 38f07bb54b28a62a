/**
 * 5,000 devices, each a kernel of some kilobytes, on two workers, with a coordinator that asks them all: `deno run --allow-read
 * examples/actors_devices.ts`.
 */

import { message, reply, ringKernel, RingKernelRuntime } from "@ringmill/ringmill/actors";

const Reading = message("Device reading").of<{ celsius: number }>();
const Ask = message("Ask device").of<{ about: string }>();
const Mean = message("Device mean").of<{ celsius: number; readings: number }>();
const Survey = message("Survey").of<{ devices: number }>();
const Report = message("Survey report").of<{ devices: number; warmest: string; celsius: number }>();

/** Keeps the mean of its readings. */
export const device = ringKernel(
  { id: "device", module: import.meta, input: [Reading, Ask], output: "none", worker: "shared", queueSize: 16 },
  async (ctx) => {
    let sum = 0;
    let readings = 0;
    for await (const received of ctx) {
      if (Reading.is(received)) {
        sum += received.celsius;
        readings++;
      } else {
        await ctx.send(reply(received, Mean({ celsius: sum / readings, readings })));
      }
    }
  },
);

/** Asks all devices at once, and tells which is warmest. */
export const coordinator = ringKernel(
  { id: "coordinator", module: import.meta, input: Survey, output: Report, worker: "shared" },
  async (ctx) => {
    for await (const survey of ctx) {
      const ids = Array.from({ length: survey.devices }, (_, index) => `device ${index}`);
      const means = await Promise.all(ids.map((id) => ctx.runtime.request(id, Ask({ about: "mean" }))));
      const warmest = means.reduce((best, { celsius }, index) => celsius > means[best].celsius ? index : best, 0);
      await ctx.send(reply(
        survey,
        Report({
          devices: means.length,
          warmest: ids[warmest],
          celsius: means[warmest].celsius,
        }),
      ));
    }
  },
);

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 5000);
  await using runtime = new RingKernelRuntime({ workers: 2, graceMs: 30_000 });
  const devices = await Promise.all(
    Array.from({ length: count }, (_, index) => runtime.kernelScope(`device ${index}`, device)),
  );
  for (const day of [1, 2, 3]) {
    await Promise.all(devices.map((one, index) => one.send(Reading({ celsius: 20 + index % 97 / 10 + day }))));
  }
  const survey = await runtime.kernelScope("coordinator", coordinator);
  const { devices: asked, warmest, celsius } = await survey.request(Survey({ devices: count }));
  console.log(`${asked} devices, the warmest is ${warmest} with ${celsius.toFixed(1)} degrees`);
}

/**
 * `deno task soak`: random pipelines, queues and kernels for minutes, in which every frame, record and message is checked, and
 * nothing may be left hanging.
 */

import { parseArgs } from "node:util";
import { findGrowth } from "./_footprint.ts";
import { soakLives } from "./_life_soak.ts";
import { soakMachines } from "./_machine_soak.ts";
import { soakMessages } from "./_message_soak.ts";
import { soakRestarts } from "./_restart_soak.ts";
import { soakQueues } from "./_queue_soak.ts";
import { soak, type SoakReport } from "./_soak.ts";

const HELP =
  `Runs random pipelines, record queues and kernels, and checks every frame, record and message: none lost uncounted,
doubled, out of order or torn; also where tasks crash at random and are started again. Then it does random things to kernels, and checks that nothing is left hanging.
"machines", which runs only if it is named, and wants nats-server, kills programs and servers of a line over three of each.

  deno task soak [options] [pipelines] [restarts] [queues] [actors] [lives] [machines]

  --frames N     frames that readers check before it ends (100000000)
  --crossed N    frames that lines of crashing tasks carry before it ends (10000000)
  --records N    records that consumers of queues check before it ends (10000000)
  --messages N   messages that kernels check before it ends (10000000)
  --deeds N      things that are done to kernels before it ends (50000)
  --carried N    frames that cross from machine to machine before it ends (200000)
  --minutes N    ends after this time in any case, for each of them (20)
  --seed N       repeats the plan of an earlier run (a new one each time)
  --pipelines N  pipelines at a time (3)
  --scale X      frames of a pipeline, as a part of what is usual (1)
  --help         prints this`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    frames: { type: "string", default: "1e8" },
    crossed: { type: "string", default: "1e7" },
    records: { type: "string", default: "1e7" },
    messages: { type: "string", default: "1e7" },
    deeds: { type: "string", default: "5e4" },
    carried: { type: "string", default: "2e5" },
    minutes: { type: "string", default: "20" },
    seed: { type: "string" },
    pipelines: { type: "string", default: "3" },
    scale: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});

function positive(name: string, value: string): number {
  const number = Number(value);
  if (number > 0) return number;
  console.error(`Cannot soak: --${name} must be a number above 0, received ${value}`);
  Deno.exit(2);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

function print({ frames, bytes, seconds, endings, rests, peak, ...counts }: SoakReport): void {
  const first = rests[0];
  const last = rests[rests.length - 1];
  const { end, stop, close, crash } = endings;
  console.log(`
frames checked      ${frames} (${(frames / seconds / 1e6).toFixed(2)} million a second)
bytes checked       ${(bytes / 1e9).toFixed(1)} GB
frames passed by    ${counts.lost}, all counted
activations taken   ${counts.activations}
pipelines           ${end + stop + close + crash}: ${end} ended, ${stop} stopped, ${close} closed, ${crash} crashed
tasks               ${counts.tasks}
memory              ${megabytes(first.rss)} after the first round, ${megabytes(last.rss)} at the end, ${
    megabytes(peak.rss)
  } at most
threads             ${first.threads} after the first round, ${last.threads} at the end, ${peak.threads} at most
file handles        ${first.files} after the first round, ${last.files} at the end, ${peak.files} at most
time                ${seconds.toFixed(0)} s`);
}

if (values.help) {
  console.log(HELP);
  Deno.exit();
}
const seed = values.seed === undefined
  ? Math.floor(Math.random() * 2 ** 31)
  : Math.floor(positive("seed", values.seed));
console.log(`seed ${seed}`);
const minutes = positive("minutes", values.minutes);

async function soakPipelines(): Promise<void> {
  const report = await soak({
    seed,
    minutes,
    frames: positive("frames", values.frames),
    pipelines: positive("pipelines", values.pipelines),
    scale: positive("scale", values.scale),
    progress({ frames, seconds, rests }) {
      const { rss, threads } = rests[rests.length - 1];
      console.log(`${seconds.toFixed(0)} s: ${frames} frames, ${megabytes(rss)}, ${threads} threads`);
    },
  });
  print(report);
  // A worker that was not let go would be some 7 MB.
  const growth = findGrowth(report.rests, 64e6);
  for (const each of growth) console.error(`It grew: ${each}`);
  if (growth.length > 0) Deno.exitCode = 1;
}

async function soakCrashes(): Promise<void> {
  const { frames, lines, crashes, doubled, leftOut, seconds } = await soakRestarts({
    seed,
    minutes,
    frames: positive("crossed", values.crossed),
    perLine: 500_000,
    crashes: 8,
    progress: ({ frames, lines, crashes, seconds }) =>
      console.log(`${seconds.toFixed(0)} s: ${frames} frames, ${lines} lines, ${crashes} crashes`),
  });
  console.log(`
frames checked      ${frames} (${(frames / seconds / 1e6).toFixed(2)} million a second)
lines               ${lines}
crashes, restarts   ${crashes}
frames doubled      ${doubled}, each by a crash between write and increment
frames left out     ${leftOut}, each skipped or a dead letter
time                ${seconds.toFixed(0)} s`);
}

async function soakRecords(): Promise<void> {
  const { records, queues, deaths, seconds } = await soakQueues({
    seed,
    minutes,
    records: positive("records", values.records),
    perQueue: 200_000,
    progress: ({ records, queues, seconds }) =>
      console.log(`${seconds.toFixed(0)} s: ${records} records, ${queues} queues`),
  });
  console.log(`
records checked     ${records} (${(records / seconds / 1e6).toFixed(2)} million a second)
queues              ${queues}
threads that died   ${deaths}
time                ${seconds.toFixed(0)} s`);
}

async function soakActors(): Promise<void> {
  const { messages, runtimes, seconds } = await soakMessages({
    seed,
    minutes,
    messages: positive("messages", values.messages),
    perRuntime: 200_000,
    progress: ({ messages, runtimes, seconds }) =>
      console.log(`${seconds.toFixed(0)} s: ${messages} messages, ${runtimes} runtimes`),
  });
  console.log(`
messages checked    ${messages} (${(messages / seconds / 1e6).toFixed(2)} million a second)
runtimes            ${runtimes}
time                ${seconds.toFixed(0)} s`);
}

async function soakKernels(): Promise<void> {
  const { deeds, outcomes, runtimes, seconds } = await soakLives({
    seed,
    minutes,
    deeds: positive("deeds", values.deeds),
    progress({ deeds, runtimes, seconds }) {
      if (runtimes % 20 === 0) console.log(`${seconds.toFixed(0)} s: ${deeds} deeds, ${runtimes} runtimes`);
    },
  });
  console.log("");
  for (const outcome of Object.keys(outcomes).sort()) console.log(`${outcome.padEnd(30)}${outcomes[outcome]}`);
  console.log(`
deeds               ${deeds}
runtimes            ${runtimes}
time                ${seconds.toFixed(0)} s`);
}

async function soakLinks(): Promise<void> {
  const { frames, kills, again, seconds } = await soakMachines({
    seed,
    minutes,
    frames: positive("carried", values.carried),
    kills: Infinity,
    between: 300,
    progress: ({ frames, kills, seconds }) =>
      console.log(`${seconds.toFixed(0)} s: ${frames} frames, killed: ${JSON.stringify(kills)}`),
  });
  console.log(`
frames in both sinks ${frames}, in order, each once
came again           ${again}, by the number that they had
killed               ${Object.entries(kills).map(([name, many]) => `${name} ${many}`).join(", ")}
time                 ${seconds.toFixed(0)} s`);
}

const parts = {
  pipelines: soakPipelines,
  restarts: soakCrashes,
  queues: soakRecords,
  actors: soakActors,
  lives: soakKernels,
  machines: soakLinks,
};
const unknown = positionals.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) {
  console.error(`Cannot soak: expected pipelines, restarts, queues, actors, lives or machines, received ${unknown}`);
  Deno.exit(2);
}
const wanted = positionals.length > 0 ? positionals : Object.keys(parts).filter((name) => name !== "machines");
for (const [name, part] of Object.entries(parts)) if (wanted.includes(name)) await part();

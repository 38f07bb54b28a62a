/**
 * A pipeline to look at: two microphones, their spectra, and a recorder that changes its tape now and then. Meanwhile the
 * streams before it fill up, and who writes them waits. The page shows how.
 *
 *     deno run -A examples/dashboard.ts [PORT]
 *
 * It runs until Ctrl-C.
 */

import { Pipeline, type Reader, type TaskContext, type Writer } from "@ringmill/ringmill";
import * as spectrum from "./co2/tasks.ts";
import { programArguments, runProgram, UsageError } from "./shared/program.ts";

const USAGE = "Usage: deno run -A examples/dashboard.ts [PORT]";
/** Samples a second. */
const RATE = 48_000;
const LENGTH = 2048;

/** Hears a tone in noise, as fast as time goes by. */
export function listen({ sound }: { sound: Writer<"float64"> }, context: TaskContext<{ pitch: number }>) {
  const samples = sound.frame();
  const step = (2 * Math.PI * context.params.pitch) / RATE;
  for (let at = 0;; at += samples.length) {
    for (let n = 0; n < samples.length; n++) samples[n] = Math.sin(step * (at + n)) + Math.random() - 0.5;
    sound.write(samples);
    context.sleep((1000 * samples.length) / RATE);
  }
}

/** Takes both spectra of a moment. A tape holds 200 of them. */
export function record({ left, right }: { left: Reader<"float64">; right: Reader<"float64"> }, context: TaskContext) {
  for (let moments = 1; left.read(Infinity) && right.read(Infinity); moments++) {
    if (moments % 200 === 0) context.sleep(3000);
  }
}

function declare(): Pipeline {
  const pipe = new Pipeline("two microphones", import.meta);
  const module = import.meta.resolve("./co2/tasks.ts");
  const [left, right] = [["left", 440], ["right", 880]].map(([side, pitch]) => {
    const add = (what: string, shape: number[]) => pipe.addStream(`${what} ${side}`, { shape, dtype: "float64" });
    const sound = add("sound", [LENGTH]);
    const windowed = add("windowed", [LENGTH]);
    const powers = add("powers", [LENGTH / 2 + 1]);
    const spectra = pipe.addStream(`spectra ${side}`, { shape: [LENGTH], dtype: "complex128" });
    const { window, transform, power } = spectrum;
    pipe.addTask(`listen ${side}`, { fn: listen, writes: { sound }, params: { pitch: Number(pitch) } });
    pipe.addTask(`window ${side}`, { fn: window, module, reads: { segments: sound }, writes: { windowed } });
    pipe.addTask(`transform ${side}`, { fn: transform, module, reads: { windowed }, writes: { spectra } });
    pipe.addTask(`power ${side}`, { fn: power, module, reads: { spectra }, writes: { powers } });
    return powers;
  });
  pipe.addTask("record", { fn: record, reads: { left, right } });
  return pipe;
}

async function main(): Promise<void> {
  const [port = "0"] = programArguments(USAGE, 0, 1);
  if (!/^\d{1,5}$/.test(port)) throw new UsageError(USAGE);
  await using pipe = declare();
  const { url } = await pipe.serveDashboard({ port: Number(port) });
  console.log(`Dashboard: ${url}`);
  Deno.addSignalListener("SIGINT", () => pipe.stop());
  await pipe.run();
}

if (import.meta.main) await runProgram(main);

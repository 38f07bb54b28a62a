/**
 * Finds the cycles in sixty years of carbon dioxide measurements. The recording goes through a line of five workers:
 * source, window, Fourier transform, power, sink. The program reads the result, prints it and draws a picture.
 *
 *     deno task demo [--dashboard] [FOLDER]        or: deno run -A examples/co2.ts [--dashboard] [FOLDER]
 *
 * The picture is written to `co2.svg` in the folder, which is `examples/out` if left out. With `--dashboard` it takes about
 * 20 seconds, and says where a page shows it at work.
 */

import { Pipeline } from "@ringmill/ringmill";
import { join, relative } from "node:path";
import { type Cycle, findCycles } from "./co2/cycles.ts";
import { writePicture } from "./co2/picture.ts";
import { monthName, readRecording, type Recording } from "./co2/recording.ts";
import * as tasks from "./co2/tasks.ts";
import { terminalChart } from "./co2/terminal_chart.ts";
import { programArguments, runProgram } from "./shared/program.ts";

const USAGE = "Usage: deno run -A examples/co2.ts [--dashboard] [FOLDER]";
/** Months in a segment, a power of two: about 21 years. */
const SEGMENT = 256;
/** Months from the beginning of one segment to that of the next. */
const HOP = 8;
/** Milliseconds from one segment to the next, for those who watch. */
const WATCHABLE_MS = 300;

/** The amplitude of each frequency, averaged over all segments. */
async function measureSpectrum(values: Float64Array, isWatched: boolean): Promise<Float64Array> {
  await using pipe = new Pipeline("co2", import.meta.resolve("./co2/tasks.ts"));

  const segments = pipe.addStream("segments", { shape: [SEGMENT], dtype: "float64" });
  const windowed = pipe.addStream("windowed", { shape: [SEGMENT], dtype: "float64" });
  const spectra = pipe.addStream("spectra", { shape: [SEGMENT], dtype: "complex128" });
  const powers = pipe.addStream("powers", { shape: [SEGMENT / 2 + 1], dtype: "float64" });
  const average = pipe.addStream("average", { shape: [SEGMENT / 2 + 1], dtype: "float64", frames: 1 });

  const params = { values, hop: HOP, pauseMs: isWatched ? WATCHABLE_MS : 0 };
  pipe.addTask("source", { fn: tasks.source, writes: { segments }, params });
  pipe.addTask("window", { fn: tasks.window, reads: { segments }, writes: { windowed } });
  pipe.addTask("transform", { fn: tasks.transform, reads: { windowed }, writes: { spectra } });
  pipe.addTask("power", { fn: tasks.power, reads: { spectra }, writes: { powers } });
  pipe.addTask("sink", { fn: tasks.sink, reads: { powers }, writes: { average } });

  const result = pipe.openReader(average);
  if (isWatched) console.log(`Dashboard: ${(await pipe.serveDashboard()).url}\n`);
  await pipe.run();
  return result.read()!.map(Math.sqrt);
}

function printRecording({ firstMonth, values, filled }: Recording): void {
  const span = `${monthName(firstMonth)} to ${monthName(firstMonth + values.length - 1)}`;
  const segments = Math.floor((values.length - SEGMENT) / HOP) + 1;
  console.log(`Carbon dioxide over Mauna Loa, ${span}: ${values.length} months, ${filled} of them filled in`);
  console.log("Data: Scripps CO2 Program, CC BY 4.0");
  console.log(`Average spectrum of ${segments} segments of ${SEGMENT} months:\n`);
}

function printCycles([strongest, ...others]: readonly Cycle[]): void {
  const describe = ({ months, amplitude }: Cycle) => `${months.toFixed(1)} months, ${amplitude.toFixed(2)} ppm`;
  console.log(`\nStrongest cycle: ${describe(strongest)} to either side`);
  for (const cycle of others) console.log(`Another cycle: ${describe(cycle)}`);
}

async function main(): Promise<void> {
  const isWatched = Deno.args[0] === "--dashboard";
  const [named] = programArguments(USAGE, 0, 1, isWatched ? 1 : 0);
  const recording = await readRecording();
  printRecording(recording);
  const amplitudes = await measureSpectrum(recording.values, isWatched);
  const cycles = findCycles(amplitudes);
  console.log(terminalChart(amplitudes));
  printCycles(cycles);
  const path = join(named ?? join(import.meta.dirname!, "out"), "co2.svg");
  try {
    await writePicture(path, recording, amplitudes, cycles);
    console.log(`Picture: ${relative(Deno.cwd(), path)}`);
  } catch (error) {
    // A checkout may be read-only. A folder that was asked for must not be.
    if (named !== undefined) throw error;
    console.log(`No picture: ${(error as Error).message}`);
  }
}

if (import.meta.main) await runProgram(main);

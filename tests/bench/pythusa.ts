/** The same work by Ringmill and by PYTHUSA: frames from one task to another, and the spectra of its FFT demo. */

import { Pipeline } from "@ringmill/ringmill";
import { generate, type SpectraLoad, transformByOoura, transformByPffft } from "./_fft_tasks.ts";
import { isSumOfAll, medians, verify } from "./_measure.ts";
import { Pythusa, type Report } from "./_pythusa.ts";
import { readCopies, readInPlace, writeCopies, writeInPlace } from "./_stream_tasks.ts";
import { against, formatBytes, type Row, type Table } from "./_table.ts";
import { timeStream } from "./two_workers.ts";

const WINDOW = 32;
const ROUNDS = 3;

async function timeFrames(pythusa: Pythusa, bytes: number, frames: number, window: number): Promise<number> {
  const [{ start, end, found }] = await pythusa.run("frames", bytes, frames, window);
  verify(isSumOfAll(found, frames), "PYTHUSA's frames");
  return (end - start) / (frames - 1) * 1e9;
}

async function measureFrames(pythusa: Pythusa, bytes: number, window: number): Promise<Row> {
  // Copies of large frames take long here, calls take long there.
  const ours = Math.max(1000, Math.min(400_000, Math.floor(1e9 / bytes)));
  const theirs = Math.min(5000, ours);
  const times = await medians({
    "Ringmill": () => timeStream(bytes, ours, writeCopies, readCopies, window),
    "Ringmill, in place": () => timeStream(bytes, ours, writeInPlace, readInPlace, window),
    "PYTHUSA": () => timeFrames(pythusa, bytes, theirs, window),
  }, ROUNDS);
  const wanted = bytes <= 16_384 ? 100 : bytes >= 1 << 20 ? 2 : undefined;
  const ratios = [
    ...against(times, "Ringmill", wanted ? { PYTHUSA: wanted } : {}, ["PYTHUSA"]),
    ...against(times, "Ringmill, in place", {}, ["PYTHUSA"]),
  ];
  return { label: `${formatBytes(bytes)} x ${window}`, times, ratios };
}

/** Nanoseconds per spectrum, from the first frame of any signal to the last. */
function perSpectrum(reports: readonly Report[], { signals, points, frames }: SpectraLoad, what: string): number {
  verify(reports.length === signals, what);
  // A wave of amplitude 1 has half the number of points in its bin.
  for (const { found } of reports) verify(Math.abs(found / (frames * points / 2) - 1) < 1e-5, what);
  const start = Math.min(...reports.map(({ start }) => start));
  const end = Math.max(...reports.map(({ end }) => end));
  return (end - start) / (signals * frames) * 1e9;
}

async function timeSpectra(load: SpectraLoad, transform: typeof transformByOoura | typeof transformByPffft) {
  const pipe = new Pipeline("spectra", new URL("./_fft_tasks.ts", import.meta.url));
  const names = Array.from({ length: load.signals }, (_, n) => `signal${n}`);
  const receipts = names.map((name) => {
    pipe.addStream(name, { shape: [load.points], dtype: "float64", frames: WINDOW });
    const receipts = pipe.addStream(`receipts of ${name}`, { shape: [3], dtype: "float64" });
    pipe.addTask(`transform ${name}`, { fn: transform, reads: { signal: name }, writes: { receipts } });
    return pipe.openReader(receipts);
  });
  const writes = Object.fromEntries(names.map((name) => [name, name]));
  pipe.addTask("generate", { fn: generate, writes, params: load });
  try {
    await pipe.run();
    const reports = receipts.map((reader) => reader.read()!);
    return perSpectrum(
      reports.map(([start, end, found]) => ({ start: start / 1000, end: end / 1000, found })),
      load,
      transform.name,
    );
  } finally {
    await pipe.close();
  }
}

async function measureSpectra(pythusa: Pythusa): Promise<Row[]> {
  const load = { signals: 7, points: 8192, frames: 1000 };
  const { signals, points, frames } = load;
  const times = await medians({
    "Ringmill, Ooura": () => timeSpectra(load, transformByOoura),
    "Ringmill, PFFFT": () => timeSpectra(load, transformByPffft),
    "PYTHUSA": async () => perSpectrum(await pythusa.run("spectra", signals, points, frames, WINDOW), load, "PYTHUSA"),
  }, ROUNDS);
  const ratios = ["Ringmill, Ooura", "Ringmill, PFFFT"].flatMap((ours) =>
    against(times, ours, { PYTHUSA: 1 }, ["PYTHUSA"])
  );
  return [{ label: `${signals} signals`, times, ratios }];
}

/** Measures. Without PYTHUSA, it says so and measures nothing. */
export async function benchPythusa(install: boolean): Promise<Table[]> {
  const pythusa = await Pythusa.find(install);
  if (!pythusa) {
    console.log("\nWithout PYTHUSA: no Python has it, --python installs it");
    return [];
  }
  const rows: Row[] = [];
  for (const bytes of [64, 1024, 16_384, 131_072, 1_048_576]) rows.push(await measureFrames(pythusa, bytes, WINDOW));
  // A ring that the processor's cache holds, for both.
  rows.push(await measureFrames(pythusa, 1_048_576, 8));
  return [
    { title: "One frame from one task to another, by bytes x frames of the ring, against PYTHUSA", unit: "ns", rows },
    {
      title: "One spectrum of 8192 float64 points, 7 tasks at work on a signal each, against PYTHUSA (NumPy)",
      unit: "ns",
      note: "Ooura's transform computes in double precision, as NumPy does; PFFFT in single precision.",
      rows: await measureSpectra(pythusa),
    },
  ];
}

/**
 * Verifies the ring core: models, properties, threads, Miri, and that each of many broken cores is noticed.
 *
 *     deno task verify           minutes
 *     deno task verify --short   about a minute: fewer preemptions, cases and broken cores, no Miri
 *     deno task verify queue dying
 *                                only tests with one of these in their names, and broken cores that they catch
 */

import { fileURLToPath } from "node:url";
import { buildTests, type Ending, requireMiri, runMiri, runTest, runTests } from "./cargo.ts";
import { HARMLESS, type Mutant, MUTANTS } from "./mutants.ts";
import { plant } from "./plant.ts";

const crate = fileURLToPath(new URL(".", import.meta.url));
const core = fileURLToPath(new URL("..", import.meta.url));
const target = `${crate}target`;
const seeds = 16;
/**
 * What a mutant runs with: far more cases than any needs to be noticed, since the run ends with the first that fails; and so few
 * that a run in which none fails ends long before its time is up.
 */
const mutantSettings = { PROPTEST_CASES: "3000", PROPTEST_MAX_SHRINK_ITERS: "0" };

const isShort = Deno.args.includes("--short");
/** What names must have in them, one of these; anything if there are none. */
const parts = Deno.args.filter((argument) => argument !== "--short");
let failures = 0;

function report(passed: boolean, what: string, details = ""): void {
  if (!passed) failures++;
  console.log(`${passed ? "ok    " : "FAILED"} ${what}${details && `: ${details}`}`);
}

/** Says how a test program ended, with the lines of its models. */
function reportEnding(what: string, { success, text }: Ending): void {
  const models = [...text.matchAll(/model (.+): (\d+) interleavings, at most (\d+) preemptions/g)];
  for (const [, name, interleavings, preemptions] of models) {
    console.log(`       ${name.padEnd(60)}${interleavings.padStart(8)} interleavings, ${preemptions} preemptions`);
  }
  report(success, what);
  if (!success) console.log(text);
}

/** A copy of the core with mutants in it, and of this crate. */
async function copyWith(mutants: ReadonlyMap<number, Mutant>, copy: string): Promise<number[]> {
  const sources = new Map<string, string>();
  for await (const { name } of Deno.readDir(`${core}src`)) {
    sources.set(name, await Deno.readTextFile(`${core}src/${name}`));
  }
  const planted = plant(sources, mutants);
  await Deno.mkdir(`${copy}/src`, { recursive: true });
  await Deno.mkdir(`${copy}/verify/src`, { recursive: true });
  for (const [name, text] of sources) await Deno.writeTextFile(`${copy}/src/${name}`, text);
  await copyFiles(core, copy);
  await copyFiles(crate, `${copy}/verify`);
  for (const folder of ["src", "tests", "tests/models", "tests/properties"]) {
    await Deno.mkdir(`${copy}/verify/${folder}`, { recursive: true });
    await copyFiles(`${crate}${folder}`, `${copy}/verify/${folder}`);
  }
  return planted;
}

async function copyFiles(from: string, to: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Whether the check that a mutant names notices it. */
async function isCaught(number: number, mutant: Mutant, programs: ReadonlyMap<string, string>, copy: string) {
  const env = { RINGMILL_MUTANT: String(number), LOOM_MAX_PREEMPTIONS: String(mutant.preemptions ?? 2) };
  const [program, name] = mutant.caughtBy.split(" ");
  const ending = program === "miri"
    ? await runMiri(`${copy}/verify`, target, seeds, [name], { RINGMILL_MUTANT: env.RINGMILL_MUTANT })
    : await runTest(programs.get(program)!, { ...mutantSettings, ...env }, name);
  if (/running 0 tests/.test(ending.text)) throw new Error(`Cannot run a mutant: there is no test ${mutant.caughtBy}`);
  return !ending.success;
}

/** Does something with each item, with as many at a time as there are cores. */
async function forEach<Item>(items: Iterable<Item>, use: (item: Item) => Promise<void>): Promise<void> {
  const left = Iterator.from(items);
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, async () => {
    for (const item of left) await use(item);
  }));
}

/** Plants all mutants, in as few copies as possible, and hands each copy with the numbers of those in it to `use`. */
async function withPlanted(
  mutants: readonly Mutant[],
  use: (numbers: number[], programs: ReadonlyMap<string, string>, copy: string) => Promise<void>,
): Promise<void> {
  const left = new Map(mutants.map((mutant, index) => [index + 1, mutant]));
  while (left.size > 0) {
    const copy = await Deno.makeTempDir({ prefix: "ring-mutants-" });
    try {
      const planted = await copyWith(left, copy);
      await use(planted, await buildTests(`${copy}/verify`, target), copy);
      for (const number of planted) left.delete(number);
    } finally {
      await Deno.remove(copy, { recursive: true });
    }
  }
}

function describe({ at, from, to }: Omit<Mutant, "caughtBy">): string {
  const [file, name] = at.split(" ");
  return `${file} ${name}(): ${from} -> ${to || "nothing"}`.replaceAll(/\s+/g, " ");
}

/** Whether what has these names is asked for. */
function isWanted(...names: readonly string[]): boolean {
  return parts.length === 0 || parts.some((part) => names.some((name) => name.includes(part)));
}

async function verifyMutants(): Promise<void> {
  const mutants = MUTANTS.filter(({ at, caughtBy, preemptions }) =>
    isWanted(at, caughtBy) && !(isShort && (preemptions || caughtBy.startsWith("miri")))
  );
  let caught = 0;
  await withPlanted(mutants, async (numbers, programs, copy) => {
    await forEach(numbers, async (number) => {
      const mutant = mutants[number - 1];
      const found = await isCaught(number, mutant, programs, copy);
      if (found) caught++;
      if (!found || !isShort) report(found, describe(mutant), `${found ? "" : "not "}caught by ${mutant.caughtBy}`);
    });
  });
  report(caught === mutants.length, `${caught} of ${mutants.length} broken cores caught`);
}

/** Changes that are said to be harmless must pass: otherwise the checks know better. */
async function verifyHarmless(): Promise<void> {
  const harmless = HARMLESS.filter(({ at }) => isWanted(at));
  const mutants = harmless.map((mutant) => ({ ...mutant, caughtBy: "" }));
  await withPlanted(mutants, async (numbers, programs) => {
    await forEach(numbers, async (number) => {
      const env = { PROPTEST_CASES: "500", RINGMILL_MUTANT: String(number), LOOM_MAX_PREEMPTIONS: "1" };
      const endings = [await runTests(programs.get("properties")!, env), await runTests(programs.get("models")!, env)];
      const isHarmless = endings.every(({ success }) => success);
      report(
        isHarmless,
        describe(mutants[number - 1]),
        `${isHarmless ? "harmless" : "not harmless"}: ${harmless[number - 1].why}`,
      );
    });
  });
}

async function verifyByMiri(): Promise<void> {
  reportEnding(`threads under Miri, ${seeds} schedules`, await runMiri(crate, target, seeds, parts));
  const { success, text } = await runMiri(crate, target, 1, ["--ignored", "a_planted_race"]);
  report(!success && text.includes("Data race detected"), "Miri reports the planted race");
}

async function main(): Promise<void> {
  if (!isShort) await requireMiri();
  const programs = await buildTests(crate, target);
  const settings: Record<string, string> = isShort
    ? { LOOM_MAX_PREEMPTIONS: "1", PROPTEST_CASES: "300" }
    : { PROPTEST_CASES: "5000" };
  for (const name of ["models", "properties", "threads"]) {
    reportEnding(name, await runTests(programs.get(name)!, settings, parts));
  }
  await verifyMutants();
  if (!isShort) {
    await verifyHarmless();
    await verifyByMiri();
  }
}

await main().catch((error) => {
  console.error(`error: ${error.message}`);
  Deno.exit(1);
});
console.log(failures === 0 ? "The ring core is verified." : `${failures} checks failed.`);
Deno.exit(failures === 0 ? 0 : 1);

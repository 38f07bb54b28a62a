/** Which pipelines run: each has a small file in a folder of the user's, where `top` looks. */

import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { TargetError } from "./exit_status.ts";

/** What such a file says. */
export interface RunRecord {
  /** The operating system's number of the process. */
  readonly pid: number;
  /** The pipeline's name. */
  readonly name: string;
  /** The file or module that it was loaded from: an absolute URL. */
  readonly source: string;
  /** The dashboard that tells what it does. */
  readonly url: string;
}

/** The folder for what lives as long as the user's session, where the system has one. */
function folder(): string {
  return join(Deno.env.get("XDG_RUNTIME_DIR") ?? tmpdir(), `ringmill-${Deno.uid() ?? "runs"}`);
}

/** Announces a run of this process, until it is disposed or the program ends. */
export async function announceRun(record: RunRecord): Promise<Disposable> {
  await Deno.mkdir(folder(), { recursive: true, mode: 0o700 });
  await expectOwn(folder());
  const file = join(folder(), `${record.pid}.json`), draft = `${file}.tmp`;
  // Nobody must read half of it.
  await Deno.writeTextFile(draft, JSON.stringify(record), { mode: 0o600 });
  await Deno.rename(draft, file);
  const withdraw = () => {
    removeEventListener("unload", withdraw);
    try {
      Deno.removeSync(file);
    } catch {
      // Somebody has cleaned up.
    }
  };
  addEventListener("unload", withdraw);
  return { [Symbol.dispose]: withdraw };
}

/** Others may make a folder of this name where all may write, and files in it that lead elsewhere. */
async function expectOwn(path: string): Promise<void> {
  const { uid, isDirectory } = await Deno.lstat(path);
  if (isDirectory && uid === Deno.uid()) return;
  throw new TargetError(`Cannot use ${path}: it is not a folder of this user's`);
}

/** The runs of this user. The files of those that were killed are removed. */
export async function findRuns(): Promise<RunRecord[]> {
  const runs: RunRecord[] = [];
  for (const name of await filesIn(folder())) {
    const pid = Number(/^(\d+)\.json$/.exec(name)?.[1]), file = join(folder(), name);
    if (Number.isNaN(pid)) continue;
    if (isAlive(pid)) runs.push(...await read(file));
    else await Deno.remove(file).catch(() => {}); // Somebody else may look, too.
  }
  return runs.sort((a, b) => a.pid - b.pid);
}

async function filesIn(path: string): Promise<string[]> {
  try {
    await expectOwn(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return []; // Nothing has run yet.
    throw error;
  }
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
}

/** None if the run has just ended. */
async function read(file: string): Promise<RunRecord[]> {
  try {
    return [JSON.parse(await Deno.readTextFile(file))];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

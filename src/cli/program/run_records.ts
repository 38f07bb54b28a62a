/** Which pipelines run: each has a small file in a folder of the user's, where `top` looks. */

import { tmpdir } from "node:os";
import { join } from "node:path";
import * as rules from "../../rules.ts";
import { keeps, type Rules } from "../../rules.ts";
import { TargetError } from "./exit_status.ts";

/** Where a run is heard: at a socket in the same folder, or, where the system has none, at a port that wants a token. */
export type RunAddress = { readonly socket: string } | { readonly port: number; readonly token: string };

/** What such a file says. */
export interface RunRecord {
  /** The version of this format, and of what is said at the address. */
  readonly version: number;
  /** The operating system's number of the process. */
  readonly pid: number;
  /** The pipeline's name. */
  readonly name: string;
  /** The file or module that it was loaded from: an absolute URL. */
  readonly source: string;
  /** Where it tells what it does. */
  readonly address: RunAddress;
}

/** The version that this program writes and understands. */
export const RUN_VERSION = 1;

const RECORD: Rules = {
  version: rules.integer(1),
  pid: rules.integer(1),
  name: rules.text,
  source: rules.text,
  address: rules.object,
};
const SOCKET: Rules = { socket: rules.name };
const PORT: Rules = { port: rules.integer(1, 65_535), token: rules.name };

/** Bytes of a record, at most. */
const LARGEST = 65_536;

/** The folder for what lives as long as the user's session, where the system has one. */
function folder(): string {
  return join(Deno.env.get("XDG_RUNTIME_DIR") ?? tmpdir(), `ringmill-${Deno.uid() ?? "runs"}`);
}

/** The folder, which nobody else may look into. Made if need be. */
export async function openFolder(): Promise<string> {
  await Deno.mkdir(folder(), { recursive: true, mode: 0o700 });
  const { mode } = await expectOwn(folder());
  if (mode !== null && mode & 0o077) await Deno.chmod(folder(), 0o700);
  return folder();
}

/** Announces a run of this process, until it is disposed or the program ends. */
export async function announceRun(record: RunRecord): Promise<Disposable> {
  const file = join(await openFolder(), `${record.pid}.json`);
  const draft = `${file}.tmp`;
  // Written aside and renamed: no reader sees half a record.
  await Deno.writeTextFile(draft, JSON.stringify(record), { mode: 0o600 });
  await Deno.rename(draft, file);
  const withdraw = () => {
    removeEventListener("unload", withdraw);
    for (const path of filesOf(file, record)) removeQuietly(path);
  };
  addEventListener("unload", withdraw);
  return { [Symbol.dispose]: withdraw };
}

function filesOf(file: string, { address }: RunRecord): string[] {
  return "socket" in address ? [file, address.socket] : [file];
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Already removed.
  }
}

/** Others may make a folder of this name where all may write, and files in it that lead elsewhere. */
async function expectOwn(path: string): Promise<Deno.FileInfo> {
  const info = await Deno.lstat(path);
  if (info.isDirectory && info.uid === Deno.uid()) return info;
  throw new TargetError(`Cannot use ${path}: it is not a folder of this user's`);
}

/** The runs that this user's files tell of. Whatever else lies in the folder is left alone. */
export async function findRecords(): Promise<RunRecord[]> {
  const names = await filesIn(folder());
  const records = await Promise.all(names.map((name) => read(join(folder(), name), /^(\d+)\.json$/.exec(name)?.[1])));
  return records.filter((record) => record !== null).sort((a, b) => a.pid - b.pid);
}

/** Removes what a run has left behind that is over. */
export function forget(record: RunRecord): void {
  for (const path of filesOf(join(folder(), `${record.pid}.json`), record)) {
    // A record may say what it likes.
    if (path.startsWith(join(folder(), "/"))) removeQuietly(path);
  }
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

/** `null` if it is no record of that process, or is gone. */
async function read(file: string, pid: string | undefined): Promise<RunRecord | null> {
  if (pid === undefined) return null;
  try {
    const { isFile, size, uid } = await Deno.lstat(file);
    if (!isFile || size > LARGEST || uid !== Deno.uid()) return null;
    const record: unknown = JSON.parse(await Deno.readTextFile(file));
    return isRecord(record) && `${record.pid}` === pid ? record : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is RunRecord {
  if (!hasFields(RECORD, value)) return false;
  const { address } = value as RunRecord;
  return hasFields(SOCKET, address) || hasFields(PORT, address);
}

function hasFields(fields: Rules, value: unknown): boolean {
  if (!rules.object.isKind(value)) return false;
  return Object.entries(fields).every(([field, rule]) => keeps(rule, (value as Record<string, unknown>)[field]));
}

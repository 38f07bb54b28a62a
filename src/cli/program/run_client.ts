/** Hears of runs in other programs of the same user. */

import { whyUnreadable } from "../../format_version.ts";
import { within } from "../../ring/within.ts";
import type { RunUpdate } from "./run_update.ts";
import { isFailures, isSnapshot } from "./run_update.ts";
import { TargetError } from "./exit_status.ts";
import { forget, RUN_VERSION, type RunRecord } from "./run_records.ts";

/** How long a program may take to say who it is, in milliseconds. */
const ANSWER_MS = 2000;
/** Characters of a line, at most. */
const LONGEST_LINE = 50_000_000;

/** Whether the run of a record goes on. The records of those that do not are removed. */
export async function isRunning(record: RunRecord): Promise<boolean> {
  let connection: Deno.Conn;
  try {
    connection = await connect(record);
  } catch {
    forget(record);
    return false;
  }
  using _ = connection;
  // A program that is too busy to answer runs.
  let isIt = true;
  const answer = ask(connection, record, false).next().then(({ value }) => isIt = Object(value).pid === record.pid);
  await within(answer.catch(() => isIt = false), ANSWER_MS);
  if (!isIt) forget(record);
  return isIt;
}

/** What a run tells, to its end. */
export async function* followRun(record: RunRecord, signal: AbortSignal): AsyncGenerator<RunUpdate, void> {
  const title = record.name;
  const refuse = (why: string) => new TargetError(`Cannot watch ${JSON.stringify(title)}: ${why}`);
  const why = whyUnreadable(record.version, { newest: RUN_VERSION });
  if (why !== null) throw refuse(why);
  using connection = await connect(record);
  const close = () => connection.close();
  signal.addEventListener("abort", close);
  try {
    const lines = ask(connection, record, true);
    await lines.next();
    let latest: RunUpdate | undefined;
    for await (const line of lines) {
      const { snapshot, failures } = Object(line);
      if (isSnapshot(snapshot)) yield latest = { title, snapshot, isFinal: false, failures: [] };
      else if (latest && isFailures(failures)) return yield { ...latest, isFinal: true, failures };
      else throw refuse("what it sends is not understood");
    }
  } finally {
    signal.removeEventListener("abort", close);
  }
}

function connect({ address }: RunRecord): Promise<Deno.Conn> {
  return "socket" in address
    ? Deno.connect({ transport: "unix", path: address.socket })
    : Deno.connect({ hostname: "127.0.0.1", port: address.port });
}

/** Asks, and reads what is answered: values, one in each line. */
async function* ask(connection: Deno.Conn, { address }: RunRecord, watch: boolean): AsyncGenerator<unknown, void> {
  const request = { watch, ..."token" in address ? { token: address.token } : {} };
  await connection.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
  let rest = "";
  for await (const part of connection.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE) throw new RangeError("a line is too long");
    for (const line of lines) yield JSON.parse(line);
  }
}

/** Hears of runs in other programs of the same user. */

import { whyUnreadable } from "../../format_version.ts";
import { within } from "../../ring/within.ts";
import type { RunUpdate } from "./run_update.ts";
import { isFailures, isLiveFrame, isSnapshot } from "./run_update.ts";
import { closeQuietly, FRAMES_VERSION } from "./run_server.ts";
import type { LiveFrame } from "../../view/live/live_frame.ts";
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
  const answer = ask(connection, record, { watch: false }).next().then(({ value }) =>
    isIt = Object(value).pid === record.pid
  );
  await within(answer.catch(() => isIt = false), ANSWER_MS);
  if (!isIt) forget(record);
  return isIt;
}

/** What a run tells, to its end. */
export async function* followRun(record: RunRecord, signal: AbortSignal): AsyncGenerator<RunUpdate, void> {
  const title = record.name;
  const refuse = refusalOf(record);
  const why = whyUnreadable(record.version, { newest: RUN_VERSION });
  if (why !== null) throw refuse(why);
  using connection = await connectUntil(record, signal);
  const lines = ask(connection.opened, record, { watch: true });
  await lines.next();
  let latest: RunUpdate | undefined;
  for await (const line of lines) {
    const { snapshot, failures } = Object(line);
    if (isSnapshot(snapshot)) yield latest = { title, snapshot, isFinal: false, failures: [] };
    else if (latest && isFailures(failures)) return yield { ...latest, isFinal: true, failures };
    else throw refuse("what it sends is not understood");
  }
}

/** The newest frames of a stream of a run, as they change, until no other follows. */
export async function* followFramesOf(
  record: RunRecord,
  stream: string,
  signal: AbortSignal,
): AsyncGenerator<LiveFrame, void> {
  const refuse = refusalOf(record);
  using connection = await connectUntil(record, signal);
  const lines = ask(connection.opened, record, { frames: stream });
  const hello = Object((await lines.next()).value);
  if (hello.frames === undefined) throw refuse("it was made by an older Ringmill, which shows no frames");
  const why = whyUnreadable(hello.frames, { newest: FRAMES_VERSION });
  if (why !== null) throw refuse(why);
  for await (const line of lines) {
    const { frame } = Object(line);
    if (!isLiveFrame(frame)) throw refuse("what it sends is not understood");
    yield frame;
  }
}

function refusalOf({ name }: RunRecord): (why: string) => TargetError {
  return (why) => new TargetError(`Cannot watch ${JSON.stringify(name)}: ${why}`);
}

/** A connection that is closed when it is disposed, or the signal aborts. */
async function connectUntil(
  record: RunRecord,
  signal: AbortSignal,
): Promise<Disposable & { readonly opened: Deno.Conn }> {
  const opened = await connect(record);
  const close = () => closeQuietly(opened);
  signal.addEventListener("abort", close);
  if (signal.aborted) close();
  return {
    opened,
    [Symbol.dispose]() {
      signal.removeEventListener("abort", close);
      close();
    },
  };
}

function connect({ address }: RunRecord): Promise<Deno.Conn> {
  return "socket" in address
    ? Deno.connect({ transport: "unix", path: address.socket })
    : Deno.connect({ hostname: "127.0.0.1", port: address.port });
}

/** Asks, and reads what is answered: values, one in each line. */
async function* ask(
  connection: Deno.Conn,
  { address }: RunRecord,
  what: { readonly watch: boolean } | { readonly frames: string },
): AsyncGenerator<unknown, void> {
  const request = { ...what, ..."token" in address ? { token: address.token } : {} };
  await connection.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
  let rest = "";
  for await (const part of connection.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    if (rest.length > LONGEST_LINE) throw new RangeError("a line is too long");
    for (const line of lines) yield JSON.parse(line);
  }
}

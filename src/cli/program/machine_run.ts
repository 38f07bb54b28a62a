/** The options of `ringmill run` that say which machine this program is, and what connects it with the others. */

import type { MachineOptions, MachineTransport } from "../../pipeline/machines.ts";
import { UsageError } from "./exit_status.ts";

/** Which machine, and where the others are found. */
export interface MachineRunOptions {
  /** The label of the machine. */
  readonly machine?: string;
  /** The URL of what carries streams to the others; with commas between those of several servers. */
  readonly connect?: string;
  /** A file with a user's JWT and seed. */
  readonly creds?: string;
  /** A file with a token. */
  readonly tokenFile?: string;
  /** A file with the certificates of who may have signed the server's. */
  readonly tlsCa?: string;
}

/**
 * The options for the pipeline. Nothing of a transport is loaded unless one was asked for.
 *
 * @throws {UsageError} If the options do not go together.
 */
export async function machineOptions(options: MachineRunOptions): Promise<MachineOptions> {
  const { machine, connect } = options;
  const secrets = ([["creds", "--creds"], ["tokenFile", "--token-file"], ["tlsCa", "--tls-ca"]] as const)
    .filter(([option]) => options[option] !== undefined).map(([, flag]) => flag);
  if (connect === undefined && secrets.length > 0) {
    throw new UsageError(`Cannot connect: ${secrets.join(" and ")} goes with --connect`);
  }
  if (connect !== undefined && machine === undefined) {
    throw new UsageError("Cannot connect: --connect goes with --machine");
  }
  if (machine === undefined) return {};
  return { machine, transport: connect === undefined ? undefined : await makeTransport(connect, options) };
}

async function makeTransport(connect: string, options: MachineRunOptions): Promise<MachineTransport> {
  const { nats, tcp } = await import("../../cluster/mod.ts");
  const { creds: credsFile, tokenFile, tlsCa } = options;
  const urls = connect.split(",").map((url) => url.trim());
  try {
    if (urls.length === 1 && urls[0].startsWith("tcp:")) {
      const surplus = credsFile !== undefined ? "--creds" : tlsCa !== undefined ? "--tls-ca" : null;
      if (surplus) throw new UsageError(`Cannot connect: ${surplus} is for nats://`);
      return tcp(urls[0], { tokenFile });
    }
    return nats(urls, { credsFile, tokenFile, tls: tlsCa === undefined ? undefined : { caFile: tlsCa } });
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    throw new UsageError(error.message);
  }
}

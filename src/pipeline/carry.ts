/** How a stream crosses from one machine to others. */

import * as rules from "../rules.ts";

/** Where the engine keeps frames on their way. */
export type KeepPolicy = "file" | "memory";

/** What happens to a stream while the program at the other end is not there. */
export type LostPeerPolicy = "wait" | "fail" | "end" | "drop";

/** What happens to a stream whose writing program begins anew before it has ended the stream. */
export type NewRunPolicy = "fail" | "accept" | "resume";

/** When frames are done with. */
export type CommitPolicy = "consumed" | "explicit";

/**
 * Options of a stream that crosses from one machine to others: `carry` of `addStream()`. They count where a pipeline is started
 * with a `machine` only.
 */
export interface CarryOptions {
  /**
   * Where the engine keeps frames that are not consumed. `"memory"` is quicker; a server that restarts has lost them, which
   * is a `TransportError` that says how many.
   *
   * @default {"file"}
   */
  keep?: KeepPolicy;
  /**
   * On how many servers of a cluster, 1 to 5.
   *
   * @default {3 in a cluster, otherwise 1}
   */
  replicas?: number;
  /**
   * Bytes that the engine keeps at most. When there is no room, the writer waits. A whole frame must fit twice.
   *
   * @default {67108864}
   */
  maxBytes?: number;
  /**
   * Bytes of a parcel, 1024 to 8388608: small frames that are there at once share one, larger frames are cut into several. The
   * server's `max_payload` must be larger by 1024.
   *
   * @default {524288}
   */
  parcelBytes?: number;
  /**
   * Bytes that are under way and not confirmed, at most: 65536 to 1073741824.
   *
   * @default {4194304}
   */
  windowBytes?: number;
  /**
   * What happens when the program at the other end was stopped, or has not been there for `peerTimeoutMs`. `"wait"`: its return
   * is waited for. `"fail"`: a `TransportError`. `"end"`: where frames come from, the stream ends; where they go to, it is as
   * if its readers had closed. `"drop"`: a machine that reads and is not there is no longer waited for: what it has not
   * consumed is dropped for it, and when it comes back it goes on with what is new.
   *
   * @default {"wait"}
   */
  onLostPeer?: LostPeerPolicy;
  /**
   * After how many milliseconds without a sign of life a program counts as lost, 1000 or more.
   *
   * @default {10000}
   */
  peerTimeoutMs?: number;
  /**
   * What happens when the writing program fails, or comes back as a new run, before it has ended the stream. `"fail"`: when all
   * before is consumed, the reading machines fail with a `TransportError`. `"accept"`: they go on with the new run, whose
   * frames are counted from 0 again. `"resume"`: they go on, as the new run promises to begin with the frame that
   * `context.resumeFrom` says there.
   *
   * @default {"fail"}
   */
  onNewRun?: NewRunPolicy;
  /**
   * When frames do not come again after a restart of the reading program: when its readers have `"consumed"` them, or
   * `"explicit"`, when each task that reads the stream has called `reader.commit()`.
   *
   * @default {"consumed"}
   */
  commit?: CommitPolicy;
}

const LEAST_PARCEL_BYTES = 1024;
const MOST_PARCEL_BYTES = 8 * 1024 * 1024;
/** By default, a program shows each second that it is there. */
const LEAST_PEER_TIMEOUT_MS = 1000;

/** What each option must be. Ends that are declared alone are checked by the same rules. */
export const CARRY_RULES = {
  keep: rules.oneOf(["file", "memory"] satisfies KeepPolicy[]),
  replicas: rules.integer(1, 5),
  maxBytes: rules.integer(1),
  parcelBytes: rules.integer(LEAST_PARCEL_BYTES, MOST_PARCEL_BYTES),
  windowBytes: rules.integer(64 * 1024, 2 ** 30),
  onLostPeer: rules.oneOf(["wait", "fail", "end", "drop"] satisfies LostPeerPolicy[]),
  peerTimeoutMs: rules.milliseconds(LEAST_PEER_TIMEOUT_MS),
  onNewRun: rules.oneOf(["fail", "accept", "resume"] satisfies NewRunPolicy[]),
  commit: rules.oneOf(["consumed", "explicit"] satisfies CommitPolicy[]),
} satisfies { readonly [Option in keyof CarryOptions]: rules.Rule };

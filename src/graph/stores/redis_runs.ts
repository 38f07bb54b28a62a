/** Runs that are kept in Redis. */

import { Buffer } from "node:buffer";
import type { CheckpointStore, ClaimedRun, ClaimOptions } from "./checkpoint_store.ts";
import { RunBusyError } from "../run_errors.ts";
import { type Claim, RunClaims } from "./run_claims.ts";
import { exactText, lifetimeMs } from "./stored_value.ts";

/** Calls a script of the server. */
export type CallScript = (script: string, keys: string[], args: string[]) => Promise<unknown>;

/** The steps of a run are a hash. Its lease is the text of who works on it, and expires. */
const USED = "used";

const CLAIM = `
  local owner = redis.call("GET", KEYS[2])
  if owner and owner ~= ARGV[1] then return {"busy", owner} end
  local used = redis.call("HGET", KEYS[1], "${USED}")
  if used and tonumber(used) < tonumber(ARGV[5]) then redis.call("DEL", KEYS[1]) end
  if redis.call("EXISTS", KEYS[1]) == 0 then
    if ARGV[3] == "" then return {"none"} end
    redis.call("HSET", KEYS[1], "step:", ARGV[3])
  end
  redis.call("HSET", KEYS[1], "${USED}", ARGV[4])
  redis.call("PERSIST", KEYS[1])
  redis.call("SET", KEYS[2], ARGV[1], "PX", ARGV[2])
  if ARGV[6] ~= "" then redis.call("PEXPIRE", KEYS[1], ARGV[6]) end
  return {"claimed", redis.call("HGETALL", KEYS[1])}`;

/** All that follows is done only for the owner. */
const OWNED = `if redis.call("GET", KEYS[2]) ~= ARGV[1] then return 0 end`;

const SAVE = `${OWNED}
  redis.call("HSET", KEYS[1], ARGV[2], ARGV[3])
  if ARGV[4] ~= "" then redis.call("PEXPIRE", KEYS[1], ARGV[4]) end
  return 1`;

const FORGET = `${OWNED}
  for _, step in ipairs(redis.call("HKEYS", KEYS[1])) do
    for n = 2, #ARGV do
      if string.sub(step, 1, #ARGV[n]) == ARGV[n] then redis.call("HDEL", KEYS[1], step) end
    end
  end
  return 1`;

const RENEW = `${OWNED}
  if ARGV[3] ~= "" then redis.call("PEXPIRE", KEYS[1], ARGV[3]) end
  return redis.call("PEXPIRE", KEYS[2], ARGV[2])`;

const RELEASE = `${OWNED}
  redis.call("HSET", KEYS[1], "${USED}", ARGV[2])
  if ARGV[3] ~= "" then redis.call("PEXPIRE", KEYS[1], ARGV[3]) end
  return redis.call("DEL", KEYS[2])`;

const READ = `return redis.call("HGETALL", KEYS[1])`;

const DELETE = `
  local owner = redis.call("GET", KEYS[2])
  if owner then return {"busy", owner} end
  return {"deleted", redis.call("DEL", KEYS[1])}`;

/** A run that this program works on. */
interface HeldRun {
  readonly graph: string;
  readonly runId: string;
  readonly keys: string[];
  readonly claim: Claim;
  /** How long it is kept after its end, and how long from each renewal while it runs. */
  readonly expiry: string;
  readonly heldExpiry: string;
  /** Whether the lease was lost, such as by a pause of the whole program. */
  isLost: boolean;
}

/** Runs on a server. A run belongs to the program that works on it by a lease, which that renews. */
export class RedisRuns implements CheckpointStore {
  readonly #call: CallScript;
  readonly #prefix: string;
  readonly #leaseMs: number;
  readonly #self = `${Deno.pid}-${crypto.randomUUID()}`;
  readonly #claims = new RunClaims();
  readonly #held = new Set<HeldRun>();
  /** As long as there is a run. */
  #renewal: ReturnType<typeof setInterval> | undefined;

  constructor(call: CallScript, prefix: string, leaseMs: number) {
    this.#call = call;
    this.#prefix = prefix;
    this.#leaseMs = leaseMs;
  }

  /** In braces, both are on one server of a cluster. */
  #keysOf(graph: string, runId: string): string[] {
    const name = `${this.#prefix}{run:${exactText(JSON.stringify([graph, runId])).replaceAll("}", "\\u007d")}}`;
    return [name, `${name}:lease`];
  }

  async claimRun(graph: string, runId: string, { header, maxAgeMs }: ClaimOptions): Promise<ClaimedRun | undefined> {
    const claim = this.#claims.take(graph, runId);
    const keys = this.#keysOf(graph, runId);
    const now = Date.now();
    const expiry = String(lifetimeMs(maxAgeMs) ?? "");
    const oldest = expiry === "" ? 0 : now - Number(expiry);
    const heldExpiry = expiry === "" ? "" : String(Number(expiry) + this.#leaseMs);
    try {
      const given = [
        this.#self,
        String(this.#leaseMs),
        header ? textOf(header) : "",
        String(now),
        String(oldest),
        heldExpiry,
      ];
      const [kind, found] = await this.#call(CLAIM, keys, given) as [string, string | string[]];
      if (kind === "busy") throw this.#busy(graph, runId, found as string);
      if (kind === "claimed") {
        return this.#hold({ graph, runId, keys, claim, expiry, heldExpiry, isLost: false }, found as string[]);
      }
      claim.end();
      return undefined;
    } catch (error) {
      claim.end();
      throw error;
    }
  }

  #busy(graph: string, runId: string, owner: string): RunBusyError {
    return new RunBusyError(graph, runId, `in process ${owner.split("-")[0]} of some machine`);
  }

  #hold(run: HeldRun, fields: string[]): ClaimedRun {
    this.#held.add(run);
    this.#renewal ??= setInterval(() => this.#renew(), this.#leaseMs / 3);
    return {
      steps: stepsOf(fields),
      save: (step, bytes) => this.#change(run, SAVE, [`step:${step}`, textOf(bytes), run.heldExpiry]),
      forget: (prefixes) => this.#change(run, FORGET, prefixes.map((prefix) => `step:${prefix}`)),
      release: () => this.#release(run),
    };
  }

  /** Changes what is kept, unless another program has taken over the run. */
  async #change(run: HeldRun, script: string, args: string[]): Promise<void> {
    run.claim.check();
    if (!run.isLost && await this.#call(script, run.keys, [this.#self, ...args]) === 1) return;
    run.isLost = true;
    throw new RunBusyError(
      run.graph,
      run.runId,
      `elsewhere: this program has not renewed its lease of ${this.#leaseMs} ms`,
    );
  }

  #renew(): void {
    for (const run of this.#held) {
      const given = [this.#self, String(this.#leaseMs), run.heldExpiry];
      this.#call(RENEW, run.keys, given).then((kept) => run.isLost ||= kept !== 1, () => {
        // The next time may succeed.
      });
    }
  }

  async #release(run: HeldRun): Promise<void> {
    if (!this.#held.delete(run)) return;
    if (this.#held.size === 0) {
      clearInterval(this.#renewal);
      this.#renewal = undefined;
    }
    try {
      await this.#call(RELEASE, run.keys, [this.#self, String(Date.now()), run.expiry]);
    } finally {
      run.claim.end();
    }
  }

  async readRun(graph: string, runId: string): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    const fields = await this.#call(READ, this.#keysOf(graph, runId), []) as string[];
    return fields.length === 0 ? undefined : stepsOf(fields);
  }

  async deleteRun(graph: string, runId: string): Promise<boolean> {
    this.#claims.check(graph, runId);
    const [kind, found] = await this.#call(DELETE, this.#keysOf(graph, runId), []) as [string, string | number];
    if (kind === "busy") throw this.#busy(graph, runId, found as string);
    return found === 1;
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Names and values by turns. */
function stepsOf(fields: readonly string[]): Map<string, Uint8Array> {
  const steps = new Map<string, Uint8Array>();
  for (let n = 0; n + 1 < fields.length; n += 2) {
    if (fields[n].startsWith("step:")) steps.set(fields[n].slice(5), Buffer.from(fields[n + 1], "base64"));
  }
  return steps;
}

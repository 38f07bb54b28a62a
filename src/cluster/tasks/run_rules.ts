/** What happens to a stream whose writing program stops, fails, is lost or begins anew before the end: the same for all links. */

import type { LostPeerPolicy, NewRunPolicy } from "../../pipeline/carry.ts";
import { HEAD_BYTES, KIND, type ParcelHead } from "../parcels/head.ts";

/** What has been decided. */
export interface RunPolicies {
  readonly onNewRun: NewRunPolicy;
  readonly onLostPeer: LostPeerPolicy;
}

/** What follows from a farewell: a failure, or whether the stream ends. */
export type Consequence = { readonly failure: string } | { readonly ends: boolean };

/** A name as it is where that cannot be misread. */
const plain = (name: string) => /^[\w.-]+$/.test(name) ? name : JSON.stringify(name);

/** Decides for one reading end. */
export class RunRules {
  readonly #policies: RunPolicies;
  /** Why the run before has not ended, if its program has said so. */
  #farewell: string | undefined;

  constructor(policies: RunPolicies) {
    this.#policies = policies;
  }

  /** The writing program says that it was stopped, or has failed. */
  hear({ kind }: ParcelHead, parcel: Uint8Array): Consequence {
    const text = new TextDecoder().decode(parcel.subarray(HEAD_BYTES));
    const at = text.indexOf("\n");
    const [machine, reason] = at < 0 ? ["?", text] : [text.slice(0, at), text.slice(at + 1)];
    const what = kind === KIND.failed ? reason : "its program was stopped before the end of the stream";
    this.#farewell = `on machine ${plain(machine)}: ${what}`;
    const { onNewRun, onLostPeer } = this.#policies;
    const fails = onLostPeer === "fail" || kind === KIND.failed && onNewRun === "fail";
    return fails ? { failure: this.#farewell } : { ends: onLostPeer === "end" };
  }

  /** Why a new run that begins with frame `first`, behind frames up to `next`, may not follow the one before; or `null`. */
  whyNot(first: number, next: number): string | null {
    const { onNewRun } = this.#policies;
    if (onNewRun === "fail") {
      const why = this.#farewell === undefined ? "the program that writes it" : `${this.#farewell}, and`;
      return `${why} began anew before the end of the stream; onNewRun decides`;
    }
    if (onNewRun === "accept" || first === next) return null;
    const ends = `it begins with frame ${first}, but the one before has come to ${next}`;
    return `the program that writes it began anew, and does not resume: ${ends}`;
  }
}

/** The requests that a kernel has received and not yet answered. */

import { now } from "../message/clock.ts";
import type { Header } from "../message/envelope.ts";
import type { AnswerWanted } from "../message/message_record.ts";

/** So many are kept before those are looked for whose senders do not wait any more. */
const FEW = 1024;

/** Who waits for answers, by the ids of the messages that asked. */
export class Unanswered {
  /** One message may have been sent as several requests. */
  readonly #byOrigin = new Map<number, Map<number, AnswerWanted[]>>();
  #size = 0;
  #sweepAt = FEW;

  /** Notes a request. */
  add({ origin, count }: Header, wanted: AnswerWanted): void {
    if (this.#size >= this.#sweepAt) this.#sweep();
    this.#put(origin, count, wanted);
  }

  /** Notes again who waits for this message, which could not be sent. */
  restore({ correlationOrigin, correlationCount }: Header, wanted: AnswerWanted): void {
    this.#put(correlationOrigin, correlationCount, wanted);
  }

  #put(origin: number, count: number, wanted: AnswerWanted): void {
    let ofOrigin = this.#byOrigin.get(origin);
    if (!ofOrigin) this.#byOrigin.set(origin, ofOrigin = new Map());
    const all = ofOrigin.get(count);
    if (all) all.push(wanted);
    else ofOrigin.set(count, [wanted]);
    this.#size++;
  }

  /** Who has waited longest for this message, which answers. They do so no longer. */
  take({ correlationOrigin, correlationCount }: Header): AnswerWanted | undefined {
    if (this.#size === 0 || correlationCount === 0) return undefined;
    const ofOrigin = this.#byOrigin.get(correlationOrigin), all = ofOrigin?.get(correlationCount);
    if (!all) return undefined;
    const wanted = all.shift();
    this.#size--;
    if (all.length === 0) this.#forget(correlationOrigin, ofOrigin!, correlationCount);
    return wanted;
  }

  /** All who wait. They do so no longer. */
  takeAll(): AnswerWanted[] {
    const all = [...this.#byOrigin.values()].flatMap((ofOrigin) => [...ofOrigin.values()].flat());
    this.#byOrigin.clear();
    this.#size = 0;
    return all;
  }

  #forget(origin: number, ofOrigin: Map<number, AnswerWanted[]>, count: number): void {
    ofOrigin.delete(count);
    if (ofOrigin.size === 0) this.#byOrigin.delete(origin);
  }

  #sweep(): void {
    const time = now();
    for (const [origin, ofOrigin] of this.#byOrigin) {
      for (const [count, all] of ofOrigin) {
        const left = all.filter(({ until }) => until >= time);
        this.#size -= all.length - left.length;
        if (left.length > 0) ofOrigin.set(count, left);
        else this.#forget(origin, ofOrigin, count);
      }
    }
    this.#sweepAt = Math.max(FEW, 2 * this.#size);
  }
}

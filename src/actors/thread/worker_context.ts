/** What a kernel's function gets, in its worker. */

import { StoppedError } from "../../errors.ts";
import { checkRule, duration } from "../../rules.ts";
import { pause } from "../../timers.ts";
import type { KernelContext } from "../kernel_context.ts";
import type { Message, MessageEnvelope } from "../message.ts";
import type { Envelope } from "../message/envelope.ts";
import type { WaitOptions } from "../../ring/waiting.ts";
import type { KernelCore } from "./kernel_core.ts";
import type { WorkerRuntime } from "./worker_runtime.ts";

/** A kernel's context in its worker. */
export class WorkerContext implements KernelContext {
  readonly kernelId: string;
  readonly params: unknown;
  readonly #core: KernelCore;
  readonly #call: number;

  /** That of a call of the kernel's function. */
  constructor(core: KernelCore, params: unknown, call: number) {
    this.kernelId = core.kernel;
    this.params = params;
    this.#core = core;
    this.#call = call;
  }

  get runtime(): WorkerRuntime {
    return this.#core.runtime;
  }

  get isActive(): boolean {
    return this.#core.isActive;
  }

  get shouldTerminate(): boolean {
    return this.#core.shouldTerminate;
  }

  get signal(): AbortSignal {
    return this.#core.signal;
  }

  get attempt(): number {
    return this.#core.attempt;
  }

  // These may be taken out of the context: each is a function of its own then.

  get waitActive(): () => Promise<void> {
    return own(this, "waitActive", () => this.#core.noteBefore(this.#core.waitActive(this.#call)));
  }

  get sleep(): (ms: number) => Promise<void> {
    return own(this, "sleep", (ms) => this.#core.noteBefore(this.#sleep(ms)));
  }

  async #sleep(ms: number): Promise<void> {
    checkRule(`sleep in kernel "${this.kernelId}"`, "ms", duration, ms);
    await pause(ms, this.signal);
  }

  get receive(): (options?: WaitOptions) => Promise<Message> {
    return own(
      this,
      "receive",
      (options) =>
        this.#core.noteBefore(this.#core.receive(options, this.#call)) as Promise<unknown> as Promise<Message>,
    );
  }

  get send(): (message: MessageEnvelope, options?: WaitOptions) => Promise<void> {
    return own(this, "send", (message, options) => this.#core.send(message, options));
  }

  get forward(): (kernel: string, message: MessageEnvelope, options?: WaitOptions) => Promise<void> {
    return own(this, "forward", (kernel, message, options) => this.#core.forward(kernel, message, options));
  }

  get signalOf(): (message: MessageEnvelope) => AbortSignal {
    return own(this, "signalOf", (message) => this.#core.signalOf(message));
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return new Messages(this, this.#core, this.#call);
  }
}

/** The messages of a kernel, as its function goes through them. What waits here is what a kernel costs that has nothing to do. */
class Messages implements AsyncIterator<Message> {
  readonly #core: KernelCore;
  readonly #call: number;
  readonly #found: (message: Envelope) => IteratorResult<Message>;
  readonly #failed: (error: unknown) => IteratorResult<Message>;

  constructor(context: WorkerContext, core: KernelCore, call: number) {
    this.#core = core;
    this.#call = call;
    this.#found = (message) => ({ done: false, value: message as unknown as Message });
    this.#failed = (error) => {
      if (error instanceof StoppedError && context.shouldTerminate) return { done: true, value: undefined };
      throw error;
    };
  }

  next(): Promise<IteratorResult<Message>> {
    return this.#core.noteBefore(this.#core.receive(undefined, this.#call).then(this.#found, this.#failed));
  }
}

/** A function of an object that may be taken out of it, made when it is asked for. */
function own<Name extends keyof WorkerContext>(
  context: WorkerContext,
  name: Name,
  value: WorkerContext[Name],
): WorkerContext[Name] {
  Object.defineProperty(context, name, { value });
  return value;
}

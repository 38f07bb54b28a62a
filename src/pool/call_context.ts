/** Tells functions in a pool's worker that their call is cancelled. */

import { StoppedError } from "../errors.ts";
import type { TaskEvent } from "../ring/task_event.ts";
import type { TaskContext } from "../manager/task_context.ts";

/** What a function gets after its arguments, if it is to know when its call is cancelled. */
export interface CallContext {
  /** Aborts when the call is cancelled or its pool closed. For async functions. */
  readonly signal: AbortSignal;
  /** Whether the call is cancelled or its pool closed. For functions that compute without a pause: ask now and then. */
  readonly cancelled: boolean;
}

/** Hears of cancellations, for one call after the other. The pool resets the event before it sends a call. */
export class CancellationListener {
  readonly #event: TaskEvent;
  readonly #task: TaskContext;
  #current: CancellableCall | undefined;
  #isListening = false;

  constructor(event: TaskEvent, task: TaskContext) {
    this.#event = event;
    this.#task = task;
  }

  /** The context of the call that begins now. That of the one before is done with. */
  nextContext(): CallContext {
    return this.#current = new CancellableCall(this);
  }

  /** Whether the present call is cancelled, as far as nobody has heard of it. */
  get isSignalled(): boolean {
    return this.#task.stopped || this.#event.isOpen;
  }

  /** From now on, aborts calls as they are cancelled. Not before somebody asks for a signal: to wait costs something. */
  async listen(): Promise<void> {
    if (this.#isListening) return;
    this.#isListening = true;
    try {
      // An activation that is already taken belonged to an earlier call.
      while (await this.#event.waitAsync()) if (this.#event.take()) this.#current?.abort();
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error;
      this.#current?.abort();
    }
  }
}

class CancellableCall implements CallContext {
  readonly #listener: CancellationListener;
  readonly #controller = new AbortController();

  constructor(listener: CancellationListener) {
    this.#listener = listener;
  }

  get cancelled(): boolean {
    return this.#controller.signal.aborted || this.#listener.isSignalled;
  }

  get signal(): AbortSignal {
    if (this.cancelled) this.abort();
    else this.#listener.listen();
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller.abort(new StoppedError("The call was cancelled"));
  }
}

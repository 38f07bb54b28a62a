/** Messages between two threads that are posted together: to post one takes longer than most take to be handled. */

/** As it is now: tests that fake the time replace it. */
const { queueMicrotask } = globalThis;

/** Posts what is added at the end of the turn, in that order. */
export class MessageBatch<Message> {
  readonly #post: (messages: readonly Message[]) => void;
  #messages: Message[] = [];

  constructor(post: (messages: readonly Message[]) => void) {
    this.#post = post;
  }

  /** Adds a message, which can be cloned. */
  add(message: Message): void {
    if (this.#messages.push(message) === 1) queueMicrotask(() => this.flush());
  }

  /** Posts what there is, before something that is posted by itself. */
  flush(): void {
    if (this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    this.#post(messages);
  }
}

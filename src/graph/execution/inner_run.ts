/** What ties the execution of an inner graph to the call that runs it. */

import { holdCall, NodeCallContext, type NodeContext } from "../node_context.ts";
import type { Execution, OuterCall } from "./execution.ts";

/** The outer call, if it is one of a graph. */
export function outerCall(context: NodeContext): OuterCall | undefined {
  if (!(context instanceof NodeCallContext)) return undefined;
  return { source: context.source, parent: context.source.parentOf(context.node) };
}

/** As long as the inner execution waits for nothing but queues, so does the outer call. */
export class InnerStall {
  readonly #context: NodeContext;
  #release: (() => void) | undefined;
  #isOver = false;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  /** Looks at the inner execution, once what runs now has returned. */
  readonly follow = (inner: Execution): void => {
    queueMicrotask(() => {
      if (inner.isStalled && !this.#isOver) this.#release ??= holdCall(this.#context, () => inner.flush());
      else this.#letGo();
    });
  };

  #letGo(): void {
    this.#release?.();
    this.#release = undefined;
  }

  end(): void {
    this.#isOver = true;
    this.#letGo();
  }
}

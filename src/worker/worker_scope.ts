/** What a worker's own module can do besides what it is asked to do: throw from a timer, or end the worker. */

/** What a host uses of a worker's global scope, which the main thread's types do not know. */
export interface WorkerScope extends EventTarget {
  readonly name?: string;
  postMessage(message: unknown): void;
  close(): void;
}

/** This thread's global scope. */
export const workerScope: WorkerScope = globalThis as unknown as WorkerScope;

/** What a host is told. A deed is a phrase such as «threw outside its function». */
export interface WorkerIncidents {
  /** Something was thrown that passes through no function of the host's. */
  threw(deed: string, error: unknown): void;
  /** The worker is about to end. */
  ends(deed: string): void;
}

/** Watches for what does not pass through the function that a host calls. None of it ends the program then. */
export function watchScope({ threw, ends }: WorkerIncidents): void {
  const scope = workerScope, close = scope.close.bind(scope);
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    threw("threw outside its function", (event as ErrorEvent).error);
  });
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    threw("left a promise rejected with", (event as PromiseRejectionEvent).reason);
  });
  // Both would end the worker without a word.
  scope.close = () => {
    ends("closed its worker before it returned");
    close();
  };
  scope.addEventListener("unload", () => ends("ended its worker before it returned"));
}

/** The least that a worker can do: say that it is there. */

(globalThis as unknown as { postMessage(message: null): void }).postMessage(null);

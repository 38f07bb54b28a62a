/**
 * Knows whether this worker is importing its task's module. A module that starts a pipeline at its top level without
 * asking `import.meta.main` would start it again there, in every worker, without end.
 */

// On the global object, as a program may hold two versions of this module.
const key = Symbol.for("ringmill.importing");
const store = globalThis as { [key]?: string };

/** The worker called `name` begins to import. */
export function beginImport(name: string): void {
  store[key] = name;
}

/** The import has ended. */
export function endImport(): void {
  delete store[key];
}

/** The name of this worker, while it imports its task's module. */
export function importingWorker(): string | undefined {
  return store[key];
}

/**
 * Knows whether this worker is importing its task's module. A module that starts a pipeline at its top level without
 * asking `import.meta.main` would start it again there, in every worker, without end.
 */

// On the global object, as a program may hold two versions of this module.
const key = Symbol.for("ringmill.importing");
const store = globalThis as { [key]?: string };

/** The import of the module of `task` begins. */
export function beginImport(task: string): void {
  store[key] = task;
}

/** The import has ended. */
export function endImport(): void {
  delete store[key];
}

/** The task whose module is being imported by this worker. */
export function importingTask(): string | undefined {
  return store[key];
}

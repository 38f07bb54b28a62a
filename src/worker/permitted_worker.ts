/** Workers with permissions of their own. */

/** Workers whose name begins so are hosts of ours. */
export const WORKER_NAME_PREFIX = "ringmill: ";

/** Deno's permissions of a worker. */
export type TaskPermissions = Deno.PermissionOptions;

/**
 * Starts a worker whose host module, `module`, and all that these import are loaded with the permissions of this thread. It
 * then runs with its own.
 */
export function startPermittedWorker(host: URL, module: string, name: string, permissions: TaskPermissions): Worker {
  const entry = [host.href, module].map((url) => `import ${JSON.stringify(url)};`).join("");
  const url = `data:text/javascript,${encodeURIComponent(entry)}`;
  return new Worker(url, { type: "module", name, deno: { permissions } } as WorkerOptions);
}

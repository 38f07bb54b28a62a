/** What a worker of a task may do. */

/** Deno's permissions of a worker. */
export type TaskPermissions = Deno.PermissionOptions;

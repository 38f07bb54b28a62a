/** The permissions that are left of what a task asks for, under a cap. */

import { resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { TaskPermissions } from "./permitted_worker.ts";

type Entry = string | URL;
type Permission = "inherit" | boolean | readonly Entry[] | undefined;
type PermissionTable = Readonly<Record<string, Permission>>;

/** Permissions of files, whose entries are paths that hold what is below them. */
const OF_PATHS: ReadonlySet<string> = new Set(["read", "write", "ffi"]);

const isAll = (permission: Permission) => permission === true || permission === "inherit";

/** What both allow. A task that asks for nothing of its own gets the cap. */
export function capPermissions(own: TaskPermissions | undefined, cap: TaskPermissions | undefined) {
  if (cap === undefined || cap === "inherit" || own === "none") return own;
  if (cap === "none" || own === undefined || own === "inherit") return cap;
  const caps = cap as PermissionTable;
  const owns = own as PermissionTable;
  const left = Object.keys(owns).map((name) => [name, both(name, owns[name], caps[name])]);
  return Object.fromEntries(left) as TaskPermissions;
}

/** What Deno is not told of is not granted. */
function both(name: string, own: Permission, cap: Permission): Permission {
  if (!own || !cap) return false;
  if (isAll(cap)) return own;
  if (isAll(own)) return cap;
  const owns = own as readonly Entry[];
  const caps = cap as readonly Entry[];
  const within = (entry: Entry, others: readonly Entry[]) => others.some((other) => covers(name, other, entry));
  return [...owns.filter((entry) => within(entry, caps)), ...caps.filter((entry) => within(entry, owns))];
}

/** Whether an entry allows all that another one does. */
function covers(name: string, wide: Entry, narrow: Entry): boolean {
  if (OF_PATHS.has(name)) return `${pathOf(narrow)}${sep}`.startsWith(`${pathOf(wide)}${sep}`.replace(/[/\\]+$/, sep));
  if (`${wide}` === `${narrow}`) return true;
  // A host without a port has all of them.
  return name === "net" && `${narrow}`.startsWith(`${wide}:`);
}

function pathOf(entry: Entry): string {
  return resolve(entry instanceof URL ? fileURLToPath(entry) : entry);
}

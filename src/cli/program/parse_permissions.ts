/** Permissions, as they stand on the command line. */

import { keeps, permissions as permissionsRule } from "../../rules.ts";
import { suggest } from "../../suggest.ts";
import type { TaskPermissions } from "../../worker/permitted_worker.ts";
import { UsageError } from "./exit_status.ts";

/**
 * Permissions of several words: `none`, or each `read`, `read=/data,/tmp`, `net=example.com`, as Deno's own options have them.
 *
 * @throws {UsageError} If one is none.
 */
export function parsePermissions(words: readonly string[]): TaskPermissions {
  if (words.length === 1 && words[0] === "none") return "none";
  const entries = words.map((word): [string, true | string[]] => {
    const [name, ...values] = word.split("=");
    const list = values.join("=");
    const permission: [string, true | string[]] = [name, values.length === 0 ? true : list.split(",")];
    if (keeps(permissionsRule, { [name]: permission[1] }) && (values.length === 0 || list !== "")) return permission;
    const hint = words.length === 1 && suggest(name, ["none"]) || permissionsRule.hint!({ [name]: true });
    const kinds = "env, ffi, import, net, read, run, sys, write, or one of these with values, such as read=/data";
    throw new UsageError(`Cannot cap the permissions of tasks: expected none, ${kinds}, received ${word}${hint}`);
  });
  return Object.fromEntries(entries) as TaskPermissions;
}

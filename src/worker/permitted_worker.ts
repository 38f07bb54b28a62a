/** What a worker of a task may do. */

/** Deno's permissions of a worker. */
export type TaskPermissions = Deno.PermissionOptions;

/** What Deno asks of a permission by: `{ name: "net", host: "example.com" }`. */
const ENTRIES: Readonly<Record<string, string>> = {
  read: "path",
  write: "path",
  ffi: "path",
  net: "host",
  import: "host",
  env: "variable",
  run: "command",
  sys: "kind",
};

/** The permissions that this program does not have itself, as its command line would grant them. */
export function lackedPermissions(asked: TaskPermissions): string[] {
  if (typeof asked !== "object") return [];
  const lacked = Object.entries(asked).map(([name, value]) => {
    const isGranted = (entry?: string | URL) => {
      const needed = { name, ...entry !== undefined && { [ENTRIES[name]]: entry } } as Deno.PermissionDescriptor;
      return Deno.permissions.querySync(needed).state === "granted";
    };
    if (value === true) return isGranted() ? [] : [`--allow-${name}`];
    const entries = Array.isArray(value) ? value.filter((entry) => !isGranted(entry)) : [];
    const texts = entries.map((entry) => entry instanceof URL ? decodeURIComponent(entry.pathname) : entry);
    return texts.length > 0 ? [`--allow-${name}=${texts.join(",")}`] : [];
  });
  return lacked.flat();
}

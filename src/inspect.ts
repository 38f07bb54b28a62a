/** How objects are shown by `console.log()`: what they are, and what they hold, in one line. */

/** The names of methods by which consoles ask. */
export const INSPECT_KEYS: readonly symbol[] = [
  Symbol.for("Deno.customInspect"),
  Symbol.for("nodejs.util.inspect.custom"),
];

/** Has all objects of a class shown as a text. What cannot be asked yet is shown by its name alone. */
export function showAs<Shown extends { readonly name: string }>(
  kind: { readonly name: string; readonly prototype: Shown },
  text: (shown: Shown) => string,
): void {
  const value = function (this: Shown): string {
    const head = `${kind.name} ${JSON.stringify(this.name)}`;
    try {
      return `${head}: ${text(this)}`;
    } catch {
      return head;
    }
  };
  for (const key of INSPECT_KEYS) {
    Object.defineProperty(kind.prototype, key, { value, configurable: true, writable: true });
  }
}

/** "no tasks", "1 task", "5 tasks". */
export function countOf(count: number, what: string): string {
  return `${count === 0 ? "no" : count} ${what}${count === 1 ? "" : "s"}`;
}

/** Handles that the program asks for before the memory exists. */

import { LifecycleError } from "../errors.ts";

/** A handle to hand out now, and the way to open it later. */
export interface DeferredHandle<Handle extends object> {
  readonly handle: Handle;
  open(opened: Handle): void;
}

/**
 * Makes a handle that stands in for one which is opened when the pipeline is compiled. `name` can be asked before that;
 * anything else throws a {@link LifecycleError}.
 */
export function deferHandle<Handle extends object>(
  kind: { readonly prototype: Handle },
  name: string,
): DeferredHandle<Handle> {
  let target: Handle | undefined;
  const methods = new Map<PropertyKey, unknown>();
  const property = (key: PropertyKey): unknown => {
    if (!target) {
      if (key === "name") return name;
      throw new LifecycleError(`Cannot use "${name}" yet: the pipeline must be compiled first`);
    }
    const value: unknown = Reflect.get(target, key);
    if (typeof value !== "function") return value;
    if (!methods.has(key)) methods.set(key, value.bind(target));
    return methods.get(key);
  };
  const handle = new Proxy(Object.create(kind.prototype) as Handle, { get: (_, key) => property(key) });
  return { handle, open: (opened) => target = opened };
}

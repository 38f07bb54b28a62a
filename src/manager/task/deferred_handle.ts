/** Handles that the program asks for before the memory exists. */

import { LifecycleError } from "../../errors.ts";
import { INSPECT_KEYS } from "../../inspect.ts";
import { SOURCE } from "../../ring/source.ts";

/** Every handle can be closed. */
export interface Closable {
  close(): void;
}

/** How a handle is closed: by its method, or by `using`. */
const CLOSING: readonly PropertyKey[] = ["close", Symbol.dispose];

/** A handle to hand out now, and the way to open it later. */
export interface DeferredHandle<Handle extends Closable> {
  readonly handle: Handle;
  open(opened: Handle): void;
}

/**
 * Makes a handle that stands in for one which is opened when the pipeline is compiled. Its `name` can be asked before
 * that; using it throws a {@link LifecycleError}. One that is closed before that, as `using` does when something fails
 * meanwhile, is closed as soon as it is opened.
 */
export function deferHandle<Handle extends Closable>(
  kind: { readonly prototype: Handle },
  name: string,
): DeferredHandle<Handle> {
  let target: Handle | undefined;
  let isClosed = false;
  const opened = (): Handle => {
    if (target) return target;
    throw new LifecycleError(`Cannot use "${name}" yet: the pipeline must be compiled first`);
  };
  const methods = new Map<PropertyKey, unknown>();
  const method = (key: PropertyKey): unknown => {
    const call = (...args: unknown[]) => {
      if (target === undefined && CLOSING.includes(key)) return void (isClosed = true);
      return Reflect.apply(Reflect.get(opened(), key) as () => unknown, target, args);
    };
    if (!methods.has(key)) methods.set(key, call);
    return methods.get(key);
  };
  const property = (prototype: Handle, key: PropertyKey): unknown => {
    if (key === "name") return name;
    if (key === "constructor") return kind;
    if (typeof Object.getOwnPropertyDescriptor(kind.prototype, key)?.value === "function") return method(key);
    // Promises and consoles look for these on any object: that is no use of the handle.
    if (key === "then" || (typeof key === "symbol" && key !== SOURCE)) return Reflect.get(prototype, key);
    return Reflect.get(opened(), key);
  };
  const stand = Object.create(kind.prototype, { name: { value: name } }) as Handle;
  // Consoles look behind the proxy.
  for (const key of INSPECT_KEYS) {
    const show = Reflect.get(kind.prototype, key) as (() => string) | undefined;
    if (show) Object.defineProperty(stand, key, { value: () => Reflect.apply(show, target ?? stand, []) });
  }
  const open = (handle: Handle) => {
    target = handle;
    if (isClosed) handle.close();
  };
  return { handle: new Proxy(stand, { get: (_, key) => property(stand, key) }), open };
}

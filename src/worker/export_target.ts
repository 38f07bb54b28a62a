/** Finds a task's function among the exports of its module, on the main thread and again in the worker. */

import { DeclarationError } from "../errors.ts";

/** Which function of which module a task runs. */
export interface ExportTarget {
  /** Absolute URL. */
  readonly module: string;
  /** The export, where it is known. */
  readonly exportName?: string;
  /** The function's own name and source text, by which to find the export where it is not. */
  readonly likeness?: { readonly name: string; readonly source: string };
}

// deno-lint-ignore ban-types
type AnyFunction = Function;
type Namespace = Readonly<Record<string, unknown>>;

const HOW_TO_EXPORT =
  'export it at the top level of that module, or name the module that exports it by the option "module"';

function unknownExport(name: string, module: string): string {
  return `function "${name || "(anonymous)"}" is not an export of ${module}: ${HOW_TO_EXPORT}`;
}

/**
 * The exports of a module that has been evaluated already, otherwise `null`.
 *
 * To await `import()` of a module that is still being evaluated would be to wait for oneself: a script that builds and
 * runs a pipeline at its top level is just that. The import of an evaluated module resolves before any timer fires.
 */
async function evaluatedExports(module: string): Promise<Namespace | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<null>((resolve) => timer = setTimeout(() => resolve(null), 0));
  try {
    return await Promise.race([import(module).catch(() => null), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Says how a worker finds `fn`: by the name of its export, known here by identity. Where the module is still being
 * evaluated, its exports cannot be had, and the worker goes by the function's name and source text.
 *
 * @throws {DeclarationError} If the module has been evaluated and `fn` is not among its exports.
 */
export async function targetOf(fn: AnyFunction, module: string): Promise<ExportTarget> {
  const exports = await evaluatedExports(module);
  if (!exports) return { module, likeness: { name: fn.name, source: Function.prototype.toString.call(fn) } };
  const exportName = Object.keys(exports).find((key) => exports[key] === fn);
  if (exportName === undefined) throw new DeclarationError(unknownExport(fn.name, module));
  return { module, exportName };
}

/** Functions of the package itself, by their target. */
const own = new Map<string, AnyFunction>();

const keyOf = ({ module, exportName }: ExportTarget) => JSON.stringify([module, exportName]);

/**
 * The target of a function of the package itself, for the module that declares it. In a bundle it is found as well, although
 * a bundle exports nothing of the package.
 */
export function provideExport(module: string, exportName: string, fn: AnyFunction): ExportTarget {
  const target = { module, exportName };
  own.set(keyOf(target), fn);
  return target;
}

/** Finds the function in the worker. Returns the reason where that fails. */
export function findExport(exports: Namespace, target: ExportTarget): AnyFunction | string {
  const provided = own.get(keyOf(target));
  if (provided) return provided;
  const named = exportNameOf(exports, target);
  if ("reason" in named) return named.reason;
  const found = exports[named.name];
  return typeof found === "function"
    ? found
    : `module ${target.module} has no function among its exports named "${named.name}"`;
}

/** The name of the export that is meant, or the reason why that cannot be said. */
export function exportNameOf(
  exports: Namespace,
  { module, exportName, likeness }: ExportTarget,
): { readonly name: string } | { readonly reason: string } {
  if (exportName !== undefined) return { name: exportName };
  const { name, source } = likeness!;
  const alike = Object.keys(exports).filter((key) => {
    const value = exports[key];
    return typeof value === "function" && value.name === name && Function.prototype.toString.call(value) === source;
  });
  const distinct = new Set(alike.map((key) => exports[key]));
  if (distinct.size === 0) return { reason: unknownExport(name, module) };
  if (distinct.size === 1) return { name: alike[0] };
  const keys = alike.map((key) => `"${key}"`).join(" and ");
  return {
    reason: `exports ${keys} of ${module} cannot be told apart while that module is still being evaluated: start the ` +
      "pipeline from another module, or from a function that is called later",
  };
}

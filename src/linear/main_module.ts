/** The module beside which pipelines keep their caches, unless they name another one. */

let url: string | undefined;

/** Has pipelines of the module at `module` keep their caches beside it, as if it were the program's main module. */
export function setMainModule(module: string): void {
  url = module;
}

/** The URL of that module. */
export function mainModule(): string {
  return url ?? Deno.mainModule;
}

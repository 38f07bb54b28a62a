/**
 * Bundles the parts that are used of npm packages which are large, or bring code for other platforms along, into modules
 * of `src/vendor`: whoever imports this package would have to fetch the whole of them otherwise.
 *
 *     deno task vendor           bundle, write the modules
 *     deno task vendor --check   bundle, compare with the committed modules
 */

import * as esbuild from "esbuild";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A part of a package. */
interface Part {
  readonly name: string;
  /** What the package is required by, to find it. */
  readonly entry: string;
  /** The module to bundle, from the package's root. */
  readonly path: string;
  readonly exports: readonly string[];
}

const PARTS: readonly Part[] = [
  {
    name: "msgpackr",
    entry: "msgpackr",
    path: "pack.js",
    exports: ["addExtension", "Packr", "RESERVE_START_SPACE", "RESET_BUFFER_MODE", "REUSE_BUFFER_MODE"],
  },
  { name: "rxjs", entry: "rxjs/internal/Subject", path: "dist/esm/internal/Subject.js", exports: ["Subject"] },
];

/** The folder and the manifest of the package that a file belongs to. */
async function packageOf(file: string): Promise<{ folder: string; name: string; version: string }> {
  for (let folder = dirname(file);; folder = dirname(folder)) {
    const text = await Deno.readTextFile(join(folder, "package.json")).catch(() => "{}");
    const manifest = JSON.parse(text);
    if (manifest.version) return { folder, name: manifest.name, version: manifest.version };
    if (folder === dirname(folder)) throw new Error(`Cannot find the package of ${file}`);
  }
}

async function licenceIn(folder: string): Promise<string> {
  for (const name of ["LICENSE", "LICENSE.txt"]) {
    const text = await Deno.readTextFile(join(folder, name)).catch(() => undefined);
    if (text) return text.trim();
  }
  throw new Error(`Cannot find the licence in ${folder}`);
}

async function bundle({ name, entry, path, exports }: Part): Promise<string> {
  const found = await packageOf(createRequire(import.meta.url).resolve(entry));
  const source = join(found.folder, path);
  const { outputFiles } = await esbuild.build({
    stdin: { contents: `export { ${exports.join(", ")} } from ${JSON.stringify(source)};`, resolveDir: found.folder },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    tsconfigRaw: {},
  });
  const heading = `/*! ${found.name} ${found.version}, bundled by \`deno task vendor\`. Do not edit.\n\n`;
  const ignored = "// deno-fmt-ignore-file\n// deno-lint-ignore-file\n";
  return `/* @ts-self-types="./${name}.d.ts" */\n${heading}${await licenceIn(found.folder)}\n*/\n${ignored}${
    outputFiles[0].text
  }`;
}

if (import.meta.main) {
  for (const part of PARTS) {
    const file = fileURLToPath(new URL(`../../src/vendor/${part.name}.js`, import.meta.url));
    const fresh = await bundle(part);
    if (!Deno.args.includes("--check")) await Deno.writeTextFile(file, fresh);
    else if (fresh !== await Deno.readTextFile(file)) {
      throw new Error(`src/vendor/${part.name}.js is not what the package gives: run deno task vendor`);
    }
  }
  await esbuild.stop();
}

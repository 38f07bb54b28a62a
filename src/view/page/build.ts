/**
 * Bundles the page of the dashboard and generates `src/view/live/page.generated.ts` from it.
 *
 *     deno task page           bundle, write the module
 *     deno task page --check   bundle, compare with the committed module
 */

import * as esbuild from "esbuild";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { styleSheet } from "../draw/theme.ts";

const generated = new URL("../live/page.generated.ts", import.meta.url);

/** Finds packages where Deno keeps them. */
const packages: esbuild.Plugin = {
  name: "packages",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^[^./]/ }, ({ path, importer }) => ({ path: createRequire(importer).resolve(path) })),
};

/** The text of a file of the page, bundled with all that it imports. */
async function bundle(name: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [fileURLToPath(new URL(name, import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: ["chrome111", "firefox114", "safari16.4"],
    charset: "utf8",
    legalComments: "inline",
    plugins: [packages],
    tsconfigRaw: {},
  });
  return outputFiles[0].text;
}

const source = (name: string) => Deno.readTextFile(new URL(name, import.meta.url));

/** A module of a package, compressed for browsers, as a text. */
async function compressed(name: string): Promise<string> {
  const file = await Deno.readFile(createRequire(import.meta.url).resolve(name));
  return gzipSync(file, { level: 9 }).toString("base64");
}

async function generate(): Promise<string> {
  const page = {
    html: await source("index.html"),
    css: styleSheet("auto") + await bundle("page.css"),
    js: await bundle("main.ts"),
    icon: await source("icon.svg"),
    elk: await compressed("elkjs/lib/elk-worker.min.js"),
  };
  return [
    "// Generated from src/view/page by `deno task page`. Do not edit.",
    "// deno-fmt-ignore-file",
    "",
    "/** The files of the dashboard's page; \`elk\` is elkjs (EPL-2.0), compressed by gzip, in Base64. */",
    `export const page = ${JSON.stringify(page, null, 2)} as const;`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  const fresh = await generate();
  await esbuild.stop();
  if (!Deno.args.includes("--check")) await Deno.writeTextFile(generated, fresh);
  else if (fresh !== await Deno.readTextFile(generated)) {
    throw new Error("src/view/live/page.generated.ts is not what src/view/page builds: run deno task page");
  }
}

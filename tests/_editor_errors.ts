/** What the editor says of a mistake: it underlines the mistake, and its first sentence is about it. */

import { join } from "node:path";
import { CONFIG, runDeno } from "./_deno.ts";

/** Mistakes by name: the program, in which the line of the mistake ends with HERE, and what the first sentence says of it. */
export type Mistakes = Readonly<Record<string, readonly [program: string, says: RegExp]>>;

interface Found {
  readonly sentence: string;
  readonly line: number;
}

/** The first error of each file, by the file's name. */
function firstErrors(report: string): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const [, sentence, file, line] of report.matchAll(/TS\d+ \[ERROR\]: (.*)[^]*?at .*\/(m\d+)\.ts:(\d+):\d+/g)) {
    if (!found.has(file)) found.set(file, { sentence, line: Number(line) });
  }
  return found;
}

/** Checks the types of `head` and each mistake's program. Those of which the first error says, or underlines, something else. */
export async function misreported(head: string, mistakes: Mistakes): Promise<object[]> {
  const folder = await Deno.makeTempDir();
  const names = Object.keys(mistakes);
  const programs = names.map((name) => head + mistakes[name][0]);
  const files = names.map((_, index) => join(folder, `m${index}.ts`));
  for (const [index, program] of programs.entries()) await Deno.writeTextFile(files[index], program);
  const { err } = await runDeno(["check", "--config", CONFIG, ...files]);
  await Deno.remove(folder, { recursive: true });
  const found = firstErrors(err);
  return names.flatMap((name, index) => {
    const meant = programs[index].split("\n").findIndex((line) => line.endsWith("HERE")) + 1;
    const { sentence, line } = found.get(`m${index}`) ?? { sentence: "no error", line: 0 };
    return line === meant && mistakes[name][1].test(sentence) ? [] : [{ name, meant, line, sentence }];
  });
}

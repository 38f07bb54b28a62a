/** Plants mutants in a copy of the core, so that the environment variable RINGMILL_MUTANT chooses one as it runs. */

import type { Mutant } from "./mutants.ts";

/** What `src/lib.rs` of the copy has in addition. */
const SWITCH = `
pub fn mutant(number: u32) -> bool {
    static CHOSEN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let chosen = || std::env::var("RINGMILL_MUTANT").map_or(0, |number| number.parse().expect("a number"));
    *CHOSEN.get_or_init(chosen) == number
}
`;
const ORDERINGS = "#[allow(unused_imports)]\nuse core::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};";

/** Where a change goes in a file. */
interface Place {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** The one occurrence of `part` in `text`, from `from` to `to`. */
function only(text: string, part: string, from: number, to: number, what: string): number {
  const at = text.indexOf(part, from);
  if (at < 0 || at + part.length > to) throw new Error(`Cannot plant a mutant: ${what} has no ${part}`);
  const next = text.indexOf(part, at + 1);
  if (next >= 0 && next < to) throw new Error(`Cannot plant a mutant: ${what} has more than one ${part}`);
  return at;
}

/** Where a mutant goes in the sources. */
function find(sources: ReadonlyMap<string, string>, { at, from }: Mutant): Place {
  const [file, name] = at.split(" ");
  const text = sources.get(file);
  if (text === undefined) throw new Error(`Cannot plant a mutant: there is no ${file}`);
  const start = text.search(new RegExp(`fn ${name}[<(]`));
  if (start < 0) throw new Error(`Cannot plant a mutant: ${file} has no function ${name}`);
  const end = text.indexOf("\n}\n", start);
  const [before, part = before] = from.split(/[«»]/);
  const whole = only(text, from.replaceAll(/[«»]/g, ""), start, end, at);
  const partStart = whole + (before === part ? 0 : before.length);
  return { file, start: partStart, end: partStart + part.length };
}

/** The code that is the mutant or what was there. */
function choice(number: number, was: string, to: string): string {
  const both = `if crate::mutant(${number}) { ${to} } else { ${was} }`;
  return /[;}]$/.test(was) ? both : `(${both})`;
}

/**
 * Plants the mutants that fit into one copy of the sources, numbered from 1 by their place in `mutants`. Returns the
 * mutants that are in it: those whose place no other one has taken.
 */
export function plant(sources: Map<string, string>, mutants: ReadonlyMap<number, Mutant>): number[] {
  const taken: (Place & { code: string; number: number })[] = [];
  for (const [number, mutant] of mutants) {
    const place = find(sources, mutant);
    const overlaps = taken.some(({ file, start, end }) =>
      file === place.file && start < place.end && place.start < end
    );
    if (overlaps) continue;
    const was = sources.get(place.file)!.slice(place.start, place.end);
    taken.push({ ...place, number, code: choice(number, was, mutant.to) });
  }
  for (const { file, start, end, code } of taken.toSorted((a, b) => b.start - a.start)) {
    const text = sources.get(file)!;
    sources.set(file, text.slice(0, start) + code + text.slice(end));
  }
  for (const [file, text] of sources) {
    sources.set(file, text.replace(/^use core::sync::atomic::Ordering::.*;$/m, ORDERINGS));
  }
  sources.set("lib.rs", sources.get("lib.rs") + SWITCH);
  return taken.map(({ number }) => number);
}

import { equal, match } from "node:assert/strict";
import { cut, safe, safeLines } from "../src/safe_text.ts";
import { describePipeline, drawMermaid, drawTable, drawText, type ViewDescription } from "@ringmill/ringmill/view";
import { Pipeline } from "@ringmill/ringmill";

/** All code points that Unicode says are not seen, or change how others are. */
function* unseen(): Generator<string> {
  for (let code = 0; code <= 0x10ffff; code++) {
    const text = String.fromCodePoint(code);
    if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Noncharacter_Code_Point}]/u.test(text)) yield text;
  }
}

Deno.test("safe() lets no control, format or bidi character of Unicode pass", () => {
  let count = 0;
  for (const text of unseen()) {
    match(safe(text), /^[\u2400-\u2421\ufffd]$/, `U+${text.codePointAt(0)!.toString(16)}`);
    count++;
  }
  equal(count > 2300, true, `${count}`);
  for (const text of ["\u115f", "\u3164", "\uffa0", "\u034f", "\u180b", "\u{e0100}"]) equal(safe(text), "\ufffd");
});

Deno.test("safe() leaves texts of all scripts as they are, and emoji", () => {
  for (const text of ["läuft", "שלום", "مرحبا", "नमस्ते", "ä e\u0301", "数据", "❤\ufe0f", "👍🏽", "\u00a0", "a\u2003b"]) {
    equal(safe(text), text);
  }
});

Deno.test("safeLines() keeps lines and tabs, and nothing else", () => {
  equal(safeLines("a\r\nb\tc\u001b[1m\r"), "a\nb\tc␛[1m␍");
  equal(safeLines("\u2028\u0085"), "\ufffd\ufffd");
});

Deno.test("cut() tells how much it leaves out", () => {
  equal(cut("abc", 3), "abc");
  equal(cut("abcdef", 2), "ab… (4 more characters)");
  equal(cut("a😀", 2), "a\ufffd… (1 more characters)");
});

Deno.test("Mermaid titles hold no markup, and labels no formulas", () => {
  const description: ViewDescription = {
    title: 'lev<el> 5 & more "x" %%{init: 1}%% \\',
    nodes: [{ id: "a", kind: "task", title: "costs $$5$$ or $$$" }],
    edges: [],
  };
  const drawn = drawMermaid(description);
  match(drawn, /^---\ntitle: "lev＜el＞ 5 ＆ more \\"x\\" ％％{init: 1}％％ \\\\"\n---\n/);
  const [, label] = /n0\["(.*)"\]/.exec(drawn)!;
  const shown = label.replace(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
  equal(/\$\$/.test(shown), false);
  equal(shown.replaceAll("\u2060", ""), "costs $$5$$ or $$$");
});

Deno.test("drawTable() gives names the room that a wide terminal has", async () => {
  await using pipe = new Pipeline("wide");
  const name = "a stream with a name of forty characters";
  pipe.addStream(name, { shape: [1], dtype: "int8" });
  const writer = pipe.openWriter(name);
  const reader = pipe.openReader(name);
  await pipe.start();
  for await (const snapshot of pipe.watch()) {
    match(drawTable(snapshot, { width: 80 }), /^a stream with a name of… /m);
    match(drawTable(snapshot, { width: 160 }), /^a stream with a name of forty characters /m);
    match(drawTable(snapshot), /^a stream with a name of forty characters /m);
    break;
  }
  match(await drawText(describePipeline(pipe)), /forty characters/);
  writer.close?.();
  reader.close();
});

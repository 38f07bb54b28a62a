import { deepEqual, equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../recording/_helpers.ts";
import { ringmill } from "./_command.ts";

const POISONED = fileURLToPath(new URL("./_restarted.ts", import.meta.url));
const LEVELS = fileURLToPath(new URL("../../examples/levels.ts", import.meta.url));

Deno.test("run --record, recording info, repair and convert, run --replay: a recording that was cut off and ended again", async () => {
  await using folder = await temporaryFolder();
  const to = `${folder.path}/run 7`;
  equal((await ringmill("run", LEVELS, "--quiet", "--record", to, "--streams", "sound")).status, 0);
  const file = `${to}/sound.arrows`;
  const { size } = await Deno.stat(file);
  const info = await ringmill("recording", "info", to);
  match(info.output, /^Recording of pipeline "levels", begun .*\nsound: float32 \[480\], 200 frames, 0 lost\n/);

  await Deno.truncate(file, size - 200);
  match(
    (await ringmill("recording", "info", to)).output,
    /cut off after frame \d+: .*; ringmill recording repair ends it/,
  );
  match((await ringmill("recording", "repair", to)).output, /sound\.arrows: cut off after frame \d+; .* are gone/);
  match((await ringmill("recording", "repair", to)).output, /^All files were ended properly/);

  const replayed = await ringmill("run", LEVELS, "--quiet", "--replay", `sound=${to}`, "--speed", "Infinity");
  equal(replayed.status, 0);
  match(replayed.output, /▮/);

  deepEqual((await ringmill("recording", "convert", to, "--to", "csv")).output.trim(), `${to}/sound.csv`);
  const [head, first] = (await Deno.readTextFile(`${to}/sound.csv`)).split("\n");
  match(head, /^frame,time,lost,data\[0\],data\[1\],/);
  match(first, /^0,\d{19},0,/);
  equal((await ringmill("recording", "convert", to, "--to", "wav", "--rate", "48000")).status, 0);
  const wav = new DataView((await Deno.readFile(`${to}/sound.wav`)).buffer);
  deepEqual([wav.getUint16(20, true), wav.getUint16(22, true), wav.getUint32(24, true)], [3, 1, 48000]);
});

Deno.test("run --dead-letters writes each frame that a task has failed on for good, and says where it cannot", async () => {
  await using folder = await temporaryFolder();
  const to = `${folder.path}/dead`;
  const run = ["run", "-q", POISONED, "--export", "poisoned", "--dead-letters", to];
  deepEqual(await ringmill(...run), { status: 0, output: "", errors: "" });
  const list = (await Deno.readTextFile(`${to}/letters.jsonl`)).trim().split("\n").map((line) => JSON.parse(line));
  deepEqual(list.map(({ frame, error }) => [frame, error]), [3, 6, 9].map((n) => [n - 1, `RangeError: ${n} is bad`]));
  match((await ringmill("recording", "info", `${to}/sink`)).output, /\nnumbers: int32 \[1\], 3 frames, 4 lost\n/);
  const again = await ringmill(...run);
  match(again.errors, /^error: Cannot write the dead letters of pipeline "line" into .*dead: it holds others\n$/);
  equal(again.status, 1);
  const none = await ringmill("run", LEVELS, "--dead-letters", `${to}2`);
  match(
    none.errors,
    /^error: Cannot write dead letters: no task of pipeline "levels" has a restart with onFailedFrame/,
  );
  equal(none.status, 2);
});

Deno.test("The commands about recordings say what is wrong", async () => {
  await using folder = await temporaryFolder();
  const cases: [string[], RegExp, number][] = [
    [["recording", "info", folder.path], /error: Cannot open recording .*: it has no recording.toml/, 1],
    [["recording", "convert", folder.path, "--to", "wav"], /wav needs the option sampleRate/, 1],
    [["recording", "convert", folder.path], /--to/, 2],
    [["run", LEVELS, "--replay", "sound"], /Cannot replay sound: it must be STREAM=FOLDER/, 2],
    [["run", LEVELS, "--streams", "sound"], /--streams goes with --record/, 2],
    [
      ["run", LEVELS, "--record", folder.path, "--streams", "sound, sound"],
      /--streams: stream "sound" is named twice/,
      2,
    ],
    [["run", LEVELS, "--replay", "sound=a", "--replay", "sound=b"], /--replay: stream "sound" is named twice/, 2],
    [["run", LEVELS, "--replay", "sound="], /Cannot replay sound=: it must be STREAM=FOLDER/, 2],
    [
      ["run", LEVELS, "--replay", `sound=${folder.path}`],
      /error: Cannot open recording .*: it has no recording.toml/,
      1,
    ],
    [["run", LEVELS, "--record", ""], /Cannot take --record: expected a text that is not empty/, 2],
    [["run", LEVELS, "--replay", ""], /Cannot take --replay: expected a text that is not empty/, 2],
    [["recording", "info", LEVELS], /error: Cannot open recording .*levels.ts: Not a directory/, 1],
    [["run", LEVELS, "--speed", "2"], /--speed goes with --replay/, 2],
    [
      ["run", LEVELS, "--record", folder.path, "--streams", "noise"],
      /Cannot find stream 'noise'|Cannot find stream "noise"/,
      1,
    ],
  ];
  for (const [args, expected, code] of cases) {
    const outcome = await ringmill(...args);
    match(outcome.errors, expected);
    equal(outcome.status, code, `${args}: ${outcome.errors}`);
    equal(outcome.errors.trim().split("\n").length, 1, outcome.errors);
  }
});

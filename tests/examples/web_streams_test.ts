import { fileURLToPath } from "node:url";
import { deepEqual, equal } from "node:assert/strict";
import { linesOf } from "./_run.ts";

const PCM = fileURLToPath(new URL("../../examples/pcm.ts", import.meta.url));

/** What the example makes of bytes on standard input. */
async function filter(input: Uint8Array<ArrayBuffer>, ...args: string[]): Promise<Uint8Array> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", PCM, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writing = new Blob([input]).stream().pipeTo(child.stdin);
  const { stdout, stderr, success } = await child.output();
  await writing;
  equal(new TextDecoder().decode(stderr), "");
  equal(success, true);
  return stdout;
}

Deno.test("pcm.ts filters sound from standard input to standard output, sample by sample", async () => {
  const samples = Int16Array.from({ length: 30_001 }, (_, n) => n * 37 % 60_000 - 30_000);
  const output = await filter(new Uint8Array(samples.buffer), "0.5");
  const halves = new Int16Array(output.buffer, output.byteOffset, output.byteLength / 2);
  deepEqual(halves.slice(0, samples.length), samples.map((sample) => Math.round(sample / 2)));
  // The last frame is filled up.
  equal(halves.length % 1024, 0);
  equal(halves.subarray(samples.length).some((sample) => sample !== 0), false);
});

Deno.test("pcm.ts takes the sound of a child process", async () => {
  const output = await filter(new Uint8Array(), "1", "--tone");
  equal(output.length >= 44_100 * 4, true);
});

Deno.test("socket.ts reads a socket into frames, and uploads them by fetch", async () => {
  deepEqual(await linesOf("socket.ts"), ["received 100 frames, the levels sum up to 2475"]);
});

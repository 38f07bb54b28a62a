/**
 * Records the level meter's sound, in a program that is killed in the middle; repairs the recording; and replays it at double
 * speed, with the live page.
 *
 *     deno run -A examples/recording.ts
 *
 * The same on the command line, with Ctrl-\ for the kill:
 *
 *     deno task ringmill run examples/levels.ts --record night --streams sound
 *     deno task ringmill recording info night
 *     deno task ringmill recording repair night
 *     deno task ringmill run examples/levels.ts --replay sound=night --speed 2 --dashboard
 */

import { openRecording, record, repairRecording, replay } from "@ringmill/ringmill/recording";
import makeLevels from "./levels.ts";

/** Records into a folder until somebody kills this program. */
async function recordInto(folder: string): Promise<void> {
  await using pipe = makeLevels();
  record(pipe, pipe.stream("sound"), { to: folder, flushMs: 20 });
  await pipe.run();
}

/** Runs this program as one that records, and kills it once a second of sound is on the disk. */
async function recordAndKill(folder: string): Promise<void> {
  const args = ["run", "-A", "--quiet", import.meta.url, folder];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "null" }).spawn();
  const recorded = () => {
    try {
      using recording = openRecording(folder);
      return recording.streams.get("sound")?.frames ?? 0;
    } catch {
      return 0; // It has not begun.
    }
  };
  while (recorded() < 100) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGKILL");
  await child.status;
}

/** Says what is in a recording. */
function describe(folder: string): void {
  using recording = openRecording(folder);
  const { frames, last, lost, isComplete } = recording.stream("sound");
  console.log(`${frames} frames, ${lost} lost, ${isComplete ? "complete" : `cut off after frame ${last}`}`);
}

async function main(): Promise<void> {
  const folder = `${await Deno.makeTempDir()}/night`;
  await recordAndKill(folder);
  describe(folder);
  for (const { path, last } of repairRecording(folder)) console.log(`repaired ${path}, which ends with frame ${last}`);
  describe(folder);

  await using pipe = makeLevels();
  // Takes the place of the microphone, which does not run.
  replay(pipe, pipe.stream("sound"), { from: folder, speed: 2 });
  const { url } = await pipe.serveDashboard();
  console.log(`Replaying at double speed; see ${url}`);
  await pipe.run();
}

if (import.meta.main) await (Deno.args.length > 0 ? recordInto(Deno.args[0]) : main());

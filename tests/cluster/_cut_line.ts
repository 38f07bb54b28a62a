/** A line whose ends reach their server through proxies. */

import { line } from "./_line.ts";
import { checkExact, type Notes } from "./_programs.ts";

/** A line whose two ends reach the server through proxies. */
export async function runCut(
  publishing: string,
  subscribing: string,
  notes: Notes,
  during: () => Promise<void>,
  total: number,
) {
  const count = { total, run: 1, pauseMs: 1 };
  await using source = line({ url: publishing, count, publish: { parcelBytes: 1024 } });
  await using sink = line({ url: subscribing, note: { path: notes.path } });
  await source.start();
  await sink.start();
  await during();
  await source.join();
  await sink.join();
  checkExact(notes, 1, total);
}

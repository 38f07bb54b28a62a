import { deepEqual } from "node:assert/strict";
import { IS_LONG } from "./_long.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { line } from "./_line.ts";
import { checkExact, LineProgram, Notes } from "./_programs.ts";

/** A file system of 8 MB, as long as somebody uses it. */
class SmallDisk implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** One, or `null` where this program may mount none. */
  static async mount(): Promise<SmallDisk | null> {
    const folder = await Deno.makeTempDir();
    if (await run("mount", "-t", "tmpfs", "-o", "size=8M", "tmpfs", folder)) return new SmallDisk(folder);
    await Deno.remove(folder);
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", this.folder);
    await Deno.remove(this.folder);
  }
}

async function run(command: string, ...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(command, { args, stderr: "null" }).output().catch(() => ({
    success: false,
  }));
  return success;
}

async function mayMount(): Promise<boolean> {
  await using disk = Deno.build.os === "linux" ? await SmallDisk.mount() : null;
  return disk !== null;
}

const ignore = !IS_LONG || LACKS_NATS || !await mayMount();
if (ignore && IS_LONG) {
  console.error("The test of a full disk is left out: it needs nats-server, and may mount no tmpfs");
}

Deno.test("A server whose disk is full does not answer, which is seen; with more room, nothing is missing", {
  ignore,
}, async () => {
  await using disk = (await SmallDisk.mount())!;
  const folder = await Deno.makeTempDir();
  // The server believes that there is more.
  await using server = await NatsServer.start("", { folder: disk.folder, storage: "max_file: 1GB" });
  using notes = new Notes();
  const { url } = server;
  const shape = [4000];
  const total = 600;
  await using source = line({ url, shape, count: { total, run: 1, pauseMs: 1 } });
  await source.start();
  source.startMonitor({ intervalMs: 50 });
  // Nobody reads: 8 MB are less than 19, and the link may hold 64.
  for await (const { links } of source.watch()) {
    if (Object.values(links!)[0].state === "interrupted") break;
  }
  await server.kill();
  await run("cp", "-a", `${disk.folder}/.`, folder);
  server.folder = folder;
  await server.start();
  await using sink = new LineProgram({ url, shape, note: { path: notes.path } });
  await source.join();
  deepEqual((await sink.ended).code, 0);
  checkExact(notes, 1, total);
});

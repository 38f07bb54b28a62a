import { equal } from "node:assert/strict";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { line, runBoth } from "./_line.ts";
import { Notes } from "./_programs.ts";
import { Proxy } from "./_proxy.ts";

const ignore = LACKS_NATS;

for (const isNewest of [false, true]) {
  const what = isNewest ? "The newest frame, and the end" : "Frames, and the end";
  Deno.test(`${what} that the server has sent, and a cut has lost, come again although nothing follows`, {
    ignore,
  }, async () => {
    await using server = await NatsServer.start();
    using notes = new Notes();
    await using far = new Proxy(server.port);
    // The first bytes of a parcel.
    far.losesFrom = "RML1";
    const total = 20;
    await using source = line({ url: server.url, isNewest, count: { total, run: 1, pauseMs: 0 } });
    await using sink = line({ url: far.url, isNewest, note: { path: notes.path, byNumber: isNewest } });
    await runBoth(source, sink, 30_000);
    equal(far.cuts, 1);
    equal(notes.read().at(-1)?.[1], total - 1);
    if (!isNewest) equal(notes.read().length, total);
  });
}

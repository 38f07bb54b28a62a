/** A network that doubles what it carries: each frame arrives once, in order. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { line, runBoth } from "./_line.ts";
import { Notes } from "./_programs.ts";
import { Proxy } from "./_proxy.ts";

const ignore = LACKS_NATS;

for (const isNewest of [false, true]) {
  const what = isNewest ? "The newest frames" : "Frames";
  Deno.test(
    `${what} arrive once, in order, by a network that doubles every message both ways`,
    { ignore },
    async () => {
      await using server = await NatsServer.start();
      using notes = new Notes();
      await using doubling = new Proxy(server.port);
      doubling.doubles = true;
      const total = 300;
      const { url } = doubling;
      await using source = line({ url, isNewest, count: { total, run: 1, pauseMs: isNewest ? 1 : 0 } });
      await using sink = line({ url, isNewest, note: { path: notes.path, byNumber: isNewest } });
      await runBoth(source, sink, 60_000);
      ok(doubling.doubled > 10, `${doubling.doubled} messages doubled`);
      const seen = notes.read().map(([, value]) => value);
      equal(seen.at(-1), total - 1);
      if (!isNewest) deepEqual(seen, Array.from({ length: total }, (_, n) => n));
      else ok(seen.every((value, index) => index === 0 || value > seen[index - 1]), seen.join());
    },
  );
}

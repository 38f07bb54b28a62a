import { deepEqual, equal } from "node:assert/strict";
import { LinkFigures } from "../../src/cluster/link_figures.ts";

Deno.test("LinkFigures.setState() lets no connection that is closed after the end look like one that is cut", () => {
  const figures = LinkFigures.make();
  const { memory } = figures;
  equal(figures.read().state, "connecting");
  figures.setState("connected");
  figures.setState("ended");
  for (const late of ["interrupted", "connected", "connecting"] as const) {
    figures.setState(late);
    equal(new LinkFigures(memory).read().state, "ended");
  }
  // A task that was started again has an end of its own.
  const again = new LinkFigures(memory);
  again.setState("connected");
  equal(figures.read().state, "connected");
});

Deno.test("LinkFigures.setState() leaves neither a lag nor a lost peer at the end, whatever is told late", () => {
  const figures = LinkFigures.make();
  const told = () => {
    figures.setLag(5, Date.now() - 100);
    figures.setLost(100);
  };
  const seen = () => {
    const { lagFrames, lagMs, peerLostMs, bytes } = figures.read();
    return { lagFrames, isLate: lagMs > 0, isLost: peerLostMs !== null, bytes };
  };
  figures.add("bytes", 7);
  told();
  deepEqual(seen(), { lagFrames: 5, isLate: true, isLost: true, bytes: 7 });
  figures.setState("ended");
  deepEqual(seen(), { lagFrames: 0, isLate: false, isLost: false, bytes: 7 });
  told();
  deepEqual(seen(), { lagFrames: 0, isLate: false, isLost: false, bytes: 7 });
});

import { equal } from "node:assert/strict";
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

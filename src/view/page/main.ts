/** The page of a dashboard: shows what it sends, as long as it sends it. */

import type { LiveDrawing, LiveUpdate } from "../live/update.ts";
import { Charts } from "./charts.ts";
import { connect } from "./connection.ts";
import { byId } from "./dom.ts";
import { Frames } from "./frames.ts";
import { Graph } from "./graph.ts";
import { Heading } from "./heading.ts";
import { History } from "./history.ts";
import { layOutDrawing } from "./lay_out.ts";
import { NextFrame } from "./next_frame.ts";
import { Selection } from "./selection.ts";
import { Tables } from "./tables.ts";
import { Timelines } from "./timelines.ts";

function main(): void {
  const selection = new Selection();
  const history = new History();
  const heading = new Heading();
  const graph = new Graph(byId("graph"), selection);
  const frames = new Frames(byId("frames"), selection);
  const tables = new Tables(byId("tables"), selection);
  const charts = new Charts(byId("charts"), history, selection);
  const timelines = new Timelines(byId("timelines"), selection);
  let run: string | undefined;
  let drawing: number | undefined;
  let latest: LiveUpdate | undefined;
  let isLost = false;

  // Updates may come faster than they can be drawn. All of one is drawn at once.
  const frame = new NextFrame(() => {
    if (!isLost) heading.update(latest!);
    const { figures, timelines: runs = [] } = latest!;
    const shown = latest!.tables.filter(({ rows }) => rows.length > 0);
    graph.update(figures);
    tables.update(shown);
    charts.update(shown);
    timelines.update(runs);
  });

  const fetchDrawing = async () => {
    const response = await fetch("drawing");
    const fresh: LiveDrawing = await response.json();
    frames.allow(fresh);
    graph.show(await layOutDrawing(fresh));
  };

  connect("updates", {
    update(update: LiveUpdate) {
      // Another program on the same port has another drawing.
      if (update.run !== (run ??= update.run)) return location.reload();
      history.add(update);
      heading.name(update);
      if (update.drawing !== drawing) {
        drawing = update.drawing;
        fetchDrawing().catch(() => drawing = undefined);
      }
      latest = update;
      isLost = false;
      frame.request();
    },
    lost(since: number) {
      history.interrupt();
      isLost = true;
      heading.lost(since);
    },
  });
  addEventListener("keydown", ({ key }) => key === "Escape" && selection.toggle(null));
}

main();

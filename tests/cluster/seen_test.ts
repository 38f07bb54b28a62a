import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { LinkMetrics, Pipeline } from "@ringmill/ringmill";
import { describePipeline, drawTable } from "@ringmill/ringmill/view";
import { isSnapshot } from "../../src/cli/program/run_update.ts";
import { pipelineFigures } from "../../src/view/live/pipeline_figures.ts";
import { pipelineTables } from "../../src/view/live/pipeline_tables.ts";
import { freePort } from "../_free_port.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { line } from "./_line.ts";
import { LineProgram, Notes } from "./_programs.ts";

/** The figures of a pipeline's only link, as soon as they are so. */
async function linkOf(pipe: Pipeline, isSo: (link: LinkMetrics) => boolean) {
  for await (const snapshot of pipe.watch()) {
    const [link] = Object.values(snapshot.links!);
    if (isSo(link)) return { link, snapshot };
  }
  throw new Error("It was never so");
}

Deno.test("The state of a link is seen: lag, bytes, cuts, a lost peer, in metrics, table, drawing and page", {
  ignore: LACKS_NATS,
}, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  const { url } = server;
  await using source = line({ url, count: { total: 1e6, run: 1, pauseMs: 1 } });
  await source.start();
  source.startMonitor({ intervalMs: 50 });
  await using sink = new LineProgram({ url, note: { path: notes.path } });
  const { link: connected } = await linkOf(source, ({ state, bytes }) => state === "connected" && bytes > 1000);
  deepEqual([connected.task, connected.stream, connected.way, connected.peers], [
    "publish frames",
    "frames",
    "out",
    ["reader"],
  ]);
  await notes.reach(20);
  server.signal("SIGSTOP");
  const { link: behind } = await linkOf(source, ({ state }) => state === "interrupted");
  ok(behind.lagFrames > 0 && behind.lagMs > 0, `${behind.lagFrames} frames for ${behind.lagMs} ms`);
  server.signal("SIGCONT");
  await linkOf(source, ({ state }) => state === "connected");
  await sink.kill();
  const { link: lost, snapshot } = await linkOf(source, ({ state }) => state === "peer lost");
  ok(lost.peerLostMs! >= 1000);
  const { link: more } = await linkOf(source, ({ lagFrames, peerLostMs }) => lagFrames > 100 && peerLostMs! > 1500);
  ok(more.lagMs > 100);
  match(drawTable(snapshot), /LINK +WITH +STATE .*\npublish frames +reader +peer lost/);
  ok(isSnapshot(JSON.parse(JSON.stringify(snapshot))));
  const description = describePipeline(source);
  deepEqual(description.nodes.filter(({ id }) => id === "machine:reader").map(({ kind }) => kind), ["program"]);
  ok(description.edges.some(({ from, to }) => from === "task:publish frames" && to === "machine:reader"));
  const figure = pipelineFigures(snapshot).nodes!["machine:reader"];
  equal(figure.status, "peer lost");
  match(figure.lines![0], /lost for/);
  const table = pipelineTables(snapshot).find(({ id }) => id === "link")!;
  deepEqual([table.rows[0].node, table.rows[0].status], ["task:publish frames", "peer lost"]);
  await server.kill();
  await server.start();
  await linkOf(source, ({ reconnects }) => reconnects > 0);
});

Deno.test("The state of a link by TCP is seen, at both ends", async () => {
  using notes = new Notes();
  const url = `tcp://127.0.0.1:${freePort()}`;
  await using source = line({ url, count: { total: 1e6, run: 1, pauseMs: 1 } });
  await source.start();
  source.startMonitor({ intervalMs: 50 });
  await linkOf(source, ({ state, lagFrames }) => state === "connecting" && lagFrames > 0);
  const sink = line({ url, note: { path: notes.path, pauseMs: 2 } });
  await sink.start();
  sink.startMonitor({ intervalMs: 50 });
  const { link } = await linkOf(sink, ({ state, bytes }) => state === "connected" && bytes > 1000);
  deepEqual([link.way, link.peers], ["in", ["line.frames"]]);
  const { link: first } = await linkOf(source, ({ state }) => state === "connected");
  // What waited for its reader is sent for the first time.
  equal(first.resends, 0);
  await sink.close();
  const { link: lost } = await linkOf(
    source,
    ({ state, peerLostMs }) => state === "interrupted" && peerLostMs !== null,
  );
  ok(lost.bytes > 1000);
});

Deno.test("What no link has is not in a snapshot, and links that are none are refused by top", () => {
  const snapshot = { sampledAt: 0, elapsedMs: 0, pid: 1, rssBytes: 1, tasks: {}, streams: {} };
  ok(isSnapshot(snapshot));
  ok(!isSnapshot({ ...snapshot, links: { a: { task: "a" } } }));
  ok(!isSnapshot({ ...snapshot, links: [] }));
  equal(pipelineTables(snapshot).some(({ id }) => id === "link"), false);
});

for (const engine of ["nats", "tcp"]) {
  Deno.test(`Both ends of a link by ${engine} are seen as ended, with nothing under way, when the stream has ended`, {
    ignore: LACKS_NATS && engine === "nats",
  }, async () => {
    await using server = engine === "nats" ? await NatsServer.start() : null;
    using notes = new Notes();
    const url = server?.url ?? `tcp://127.0.0.1:${freePort()}`;
    await using source = line({ url, count: { total: 10, run: 1 } });
    await using sink = line({ url, note: { path: notes.path } });
    const last = async (pipe: Pipeline) => {
      await pipe.start();
      pipe.startMonitor({ intervalMs: 50 });
      const seen: LinkMetrics[] = [];
      for await (const { links } of pipe.watch()) seen.push(Object.values(links!)[0]);
      const { state, lagFrames, lagMs, peerLostMs } = seen.at(-1)!;
      return { state, lagFrames, lagMs, peerLostMs };
    };
    const ended = { state: "ended", lagFrames: 0, lagMs: 0, peerLostMs: null };
    deepEqual(await Promise.all([last(source), last(sink)]), [ended, ended]);
  });
}

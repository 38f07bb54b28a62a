import { deepEqual, equal } from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { checkExact, LineProgram, Notes } from "./_programs.ts";

Deno.test("A cluster of three whose leader of the link is killed loses, doubles and reorders nothing", {
  ignore: LACKS_NATS,
}, async () => {
  const servers = await NatsServer.startCluster();
  await using stack = new AsyncDisposableStack();
  for (const server of servers) stack.use(server);
  using notes = new Notes();
  const urls = servers.map(({ url }) => url);
  const total = 2000;
  const publish = { parcelBytes: 1024 };
  await using source = new LineProgram({ url: urls, count: { total, run: 1, pauseMs: 1 }, publish });
  await using sink = new LineProgram({ url: urls, note: { path: notes.path } });
  await notes.reach(200);
  const connection = await connect({ servers: urls });
  const manager = await jetstreamManager(connection);
  const { cluster, config } = await manager.streams.info("RM_line_2eframes");
  await connection.close();
  equal(config.num_replicas, 3);
  const leader = Number(cluster!.leader!.slice(1));
  await servers[leader].kill();
  deepEqual((await source.ended).code, 0);
  deepEqual((await sink.ended).code, 0);
  checkExact(notes, 1, total);
});

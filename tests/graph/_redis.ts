/** A Redis server for tests. */

import { createClient } from "redis";
import { freePort } from "../_free_port.ts";
import { lacks } from "../_programs.ts";

/** Whether there is a `redis-server` (Debian's package of that name). */
export const HAS_REDIS: boolean = !lacks("redis-server");

/** A server on loopback that keeps nothing on disk, and a client; both end when it is disposed. */
export async function startRedis() {
  const port = freePort();
  const settings = { port, bind: "127.0.0.1", save: "", appendonly: "no", "always-show-logo": "no" };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const folder = await Deno.makeTempDir();
  const server = new Deno.Command("redis-server", { args, cwd: folder, stdout: "null", stderr: "null" }).spawn();
  const client = createClient({ url: `redis://127.0.0.1:${port}`, socket: { reconnectStrategy: 20 } });
  // It cannot be reached at first.
  client.on("error", () => {});
  await client.connect();
  return {
    client,
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.kill();
      await server.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

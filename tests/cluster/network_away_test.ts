import { IS_LONG } from "./_long.ts";
import { LACKS_NATS, NatsServer } from "./_server.ts";
import { runCut } from "./_cut_line.ts";
import { Notes } from "./_programs.ts";
import { Proxy } from "./_proxy.ts";

// A frozen server is the same for those who wait for it.
const ignore = LACKS_NATS || !IS_LONG;

Deno.test("A network that is away for a while loses nothing, and nobody is taken for dead", { ignore }, async () => {
  await using server = await NatsServer.start();
  using notes = new Notes();
  await using network = new Proxy(server.port);
  await runCut(network.url, network.url, notes, async () => {
    await notes.reach(50);
    network.isDown = true;
    network.cut();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    network.isDown = false;
  }, 1500);
});

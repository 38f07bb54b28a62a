/** Large drawings are laid out in a worker: the thread that draws goes on meanwhile, and the drawing is the same. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { drawSvg, drawText, type ViewDescription } from "@ringmill/ringmill/view";

function tree(size: number): ViewDescription {
  const nodes = Array.from({ length: size }, (_, n) => ({ id: `${n}`, kind: "task" as const, title: `task ${n}` }));
  const edges = nodes.slice(1).map((_, n) => ({ from: `${n >> 1}`, to: `${n + 1}`, label: `stream ${n}` }));
  return { title: "tree", nodes, edges };
}

const LARGE = tree(90);
const SMALL = tree(8);

/** Counts the workers that are started, and those that run; `refuse` lets none start. */
class Workers implements Disposable {
  readonly #before = globalThis.Worker;
  started = 0;
  running = 0;
  most = 0;

  constructor({ refuse = false } = {}) {
    const began = () => {
      if (refuse) throw new Error("no workers here");
      this.started++;
      this.most = Math.max(this.most, ++this.running);
    };
    const ended = () => this.running--;
    globalThis.Worker = class extends this.#before {
      constructor(url: string | URL, options?: WorkerOptions) {
        began();
        super(url, options);
      }
      override terminate() {
        ended();
        super.terminate();
      }
    };
  }

  [Symbol.dispose](): void {
    globalThis.Worker = this.#before;
  }
}

async function withoutWorkers<Result>(call: () => Promise<Result>): Promise<Result> {
  using _none = new Workers({ refuse: true });
  return await call();
}

const DRAW: Record<string, (description: ViewDescription) => Promise<string>> = {
  "drawSvg()": (description) => drawSvg(description),
  "drawText()": (description) => drawText(description, { direction: "right" }),
};

for (const [name, draw] of Object.entries(DRAW)) {
  Deno.test(`${name} lets the event loop turn while it lays a large drawing out, and leaves no worker behind`, async () => {
    const here = await withoutWorkers(() => draw(LARGE));
    using workers = new Workers();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const drawing = await draw(LARGE).finally(() => clearInterval(timer));
    equal(drawing, here);
    // On the calling thread it turns a few times, before the layout and after it.
    ok(turns >= 20, `it has turned ${turns} times`);
    deepEqual([workers.started, workers.running], [1, 0]);
  });

  Deno.test(`${name} starts no worker for a small drawing`, async () => {
    using workers = new Workers();
    await draw(SMALL);
    equal(workers.started, 0);
  });
}

Deno.test("Large drawings that are asked for at once are laid out one after the other", async () => {
  using workers = new Workers();
  const [one, other] = await Promise.all([drawSvg(LARGE), drawSvg(LARGE)]);
  equal(one, other);
  deepEqual([workers.started, workers.running, workers.most], [2, 0, 1]);
});

Deno.test("A large drawing needs no permission, asks for none, and its program ends", async () => {
  const program = `import { drawSvg } from ${JSON.stringify(import.meta.resolve("@ringmill/ringmill/view"))};
    console.log(await drawSvg(${JSON.stringify(LARGE)}));`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, program);
  try {
    const svg = await drawSvg(LARGE);
    for (const permissions of [["--no-prompt"], ["-A"]]) {
      const args = ["run", "--quiet", "--no-check", ...permissions, "--config", "deno.json", file];
      const command = new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } });
      const { code, stdout, stderr } = await command.output();
      equal(new TextDecoder().decode(stderr), "");
      equal(new TextDecoder().decode(stdout), `${svg}\n`);
      equal(code, 0);
    }
  } finally {
    await Deno.remove(file);
  }
});

import { deepEqual, equal } from "node:assert/strict";
import {
  BatchNode,
  CachedNode,
  FilterNode,
  Graph,
  Node,
  ParallelNode,
  SKIPPED,
  SubgraphNode,
} from "@ringmill/ringmill/graph";

const length = () => new Node("length", (text: string) => text.length);
const shout = () => new Node("shout", async (text: string) => await Promise.resolve(`${text}!`));
const root = () => new Node("root", (n: number) => Math.sqrt(n));

/** Only type-checked. */
export function wrongWirings() {
  // @ts-expect-error A text goes into a node for numbers.
  shout().connect(root());
  // @ts-expect-error The promise is awaited: it is the text that arrives.
  shout().connect(new Node("wait", (text: Promise<string>) => text));
  const both = new Node("both", ({ length, shout }: { length: number; shout: string }) => `${length}${shout}`, {
    join: "all",
  });
  // @ts-expect-error No input of that name.
  root().connect(both);
  // @ts-expect-error An input of that name, but of another type.
  new Node("length", () => "5").connect(both);
  const each = new Node("each", (n: number) => n, { join: "each" });
  // @ts-expect-error Its output is a list.
  each.connect(root());
  // @ts-expect-error The filter passes texts.
  new FilterNode("f", (text: string) => text !== "").connect(root());
  // @ts-expect-error The batch puts out numbers.
  new BatchNode("b", (texts: string[]) => texts.map((text) => text.length)).connect(shout());
  // @ts-expect-error The cache puts out numbers.
  new CachedNode("c", (text: string) => text.length).connect(shout());
  // @ts-expect-error The worker puts out numbers.
  new ParallelNode("p", (text: string) => text.length).connect(shout());
  // @ts-expect-error The fallback puts out another type.
  new Node("n", (text: string) => text.length, { fallback: () => "none" });
  // @ts-expect-error No such option.
  new Node("n", (text: string) => text.length, { retries: 3 });
  // @ts-expect-error No such join.
  new Node("n", (text: string) => text.length, { join: "any" });
  // @ts-expect-error The key function gets a text.
  new CachedNode("c", (text: string) => text.length, { key: (n: number) => `${n}` });

  const nodes = [length(), root()] as const;
  const graph = new Graph("g", { nodes, start: nodes[0] });
  // @ts-expect-error The start node takes a text.
  graph.execute(5);
  // @ts-expect-error The stream has numbers.
  graph.stream([1, 2]);
  // @ts-expect-error No such node.
  graph.getNode("nothing");
  // @ts-expect-error No such option.
  graph.execute("text", { timeout: 5 });
  const typed = new Graph<string>("typed");
  // @ts-expect-error The graph takes texts.
  typed.setStartNode(typed.addNode(root()));
  const inner = new Graph("inner", { nodes, start: nodes[0] });
  // @ts-expect-error The inner node puts out a number.
  new SubgraphNode("s", inner, { output: nodes[1] }).connect(shout());
  return async () => {
    // @ts-expect-error No such result.
    (await graph.execute("text")).nothing;
    // @ts-expect-error The result is a number.
    const text: string = (await graph.execute("text")).length;
    // @ts-expect-error A node may be missing where failures are let pass.
    const maybe: number = (await graph.execute("text", { onError: "continue" })).length;
    return [text, maybe];
  };
}

Deno.test("Graph.execute() types its results by the names of the nodes", async () => {
  const a = length();
  const b = root();
  const c = shout();
  a.connect(b);
  const graph = new Graph("typed", { nodes: [a, b, c], start: [a, c] });
  const { length: n, root: r, shout: s } = await graph.execute("four");
  const numbers: number[] = [n, r];
  const text: string = s;
  deepEqual([numbers, text], [[4, 2], "four!"]);
  const node: typeof b = graph.getNode("root");
  equal(node, b);
});

Deno.test("Graph.execute() types a node as missing where another may skip it", async () => {
  const keep = new FilterNode("keep", (value: string | number) => typeof value === "string");
  const count = length();
  keep.connect(count);
  const results = await new Graph("kept", { nodes: [keep, count], start: keep }).execute("four");
  const n: number | undefined = results.length;
  const text: string | undefined = results.keep;
  deepEqual([n, text], [4, "four"]);
});

Deno.test("Node accepts, by type, every wiring that fits", async () => {
  const start = new Node("start", (text: string) => text);
  const either = new Node("either", (value: string | number) => value);
  const optional = new Node(
    "optional",
    ({ either, start }: { either: string | number; start?: string }) => [either, start],
    {
      join: "all",
    },
  );
  const any = new Node("any", (values: Record<string, unknown>) => Object.keys(values), { join: "all" });
  start.connect(either).connect(optional).connect(any);
  start.connect(optional);
  start.connect(any);
  const graph = new Graph("fits", { nodes: [start, either, optional, any], start });
  const { any: keys } = await graph.execute("a");
  deepEqual(keys, ["start", "optional"]);
  const maySkip = new Node("may skip", (n: number) => n > 0 ? n : SKIPPED);
  maySkip.connect(root());
  const nothing = new Node("nothing", () => {});
  start.connect(nothing).connect(new Node("after", (nothing: void) => nothing));
});

Deno.test("Graph without nodes in its options takes any input, and one node's output is typed", async () => {
  const graph = new Graph("untyped");
  const a = graph.addNode(length());
  graph.setStartNode(a);
  const results = await graph.execute("four");
  const value: unknown = results.length;
  const n: number = await graph.execute("four", { output: a });
  deepEqual([value, n], [4, 4]);
});

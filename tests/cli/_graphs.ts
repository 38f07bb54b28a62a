/** Graphs for the tests of the command. */

import { setTimeout as sleep } from "node:timers/promises";
import { Graph, Node } from "@ringmill/ringmill/graph";

/** Counts the words of a text. */
export default function words() {
  const split = new Node("split", (text: string) => {
    console.error("split is called");
    return text.split(" ");
  });
  const count = new Node("count", (words: string[]) => new Map([["words", BigInt(words.length)]]));
  split.connect(count);
  return new Graph("words", { nodes: [split, count], start: split });
}

/** Asks before it goes on. */
export function asking() {
  const price = new Node("price", ({ price }: { price: number }) => {
    console.error("price is called");
    return price;
  });
  const approve = new Node(
    "approve",
    (price: number, { interrupt }) => interrupt<boolean>({ pay: price }) ? "paid" : "refused",
  );
  price.connect(approve);
  return new Graph("asking", { nodes: [price, approve], start: price });
}

export const failing = () => {
  const fail = new Node("fail", () => {
    throw new RangeError("seven");
  });
  return new Graph("failing", { nodes: [fail], start: fail });
};

export const endless = () => {
  const wait = new Node("wait", (_: unknown, { signal }) => {
    console.error("waiting");
    return sleep(60_000, undefined, { signal });
  });
  return new Graph("endless", { nodes: [wait], start: wait });
};

export const broken = new Graph("broken");

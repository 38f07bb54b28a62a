/** What stands for a call of a node where there is no cache: what was seen of the world. */

import { stampOf } from "../cache/file_hashes.ts";
import type { LinearNode } from "../node.ts";
import { absolutePathOf } from "../world.ts";
import type { WorldReader } from "./world_reader.ts";

/** What is seen of the inputs of a node that come from outside, to be asked before it is called. */
export function inputsSeen({ worldInputs, ignore }: LinearNode, world: WorldReader): string {
  if (worldInputs.size === 0) return "";
  const counted = Array.from(worldInputs.values()).filter(({ name }) => !ignore.includes(name));
  return JSON.stringify(counted.map((input) => world.stampOf(input)));
}

/** What is seen of the files that a node has written. */
export function filesSeen({ fileOutputs }: LinearNode): string {
  if (fileOutputs.size === 0) return "";
  return JSON.stringify(Array.from(fileOutputs.values(), (file) => stampOf(absolutePathOf(file)) ?? "missing"));
}

/** What stands for a call with these inputs, which has left these files. */
export function keyOfSeen(inputs: string, files: string): string {
  return `${inputs} ${files}`;
}

/** The same nodes under other names, so that one pipeline can be used for two sets of data. */

import { DeclarationError, UnknownNameError } from "../errors.ts";
import { checkRule, name as nameRule } from "../rules.ts";
import { suggest } from "../suggest.ts";
import { LinearNode } from "./node.ts";
import { isConfigName } from "./run/config_path.ts";

/** The objects of a pipeline, some under other names. */
export type Renamed<Objects, Names> = {
  [Key in keyof Objects as Key extends keyof Names ? Names[Key] extends string ? Names[Key] : Key : Key]: Objects[Key];
};

/** The objects of a pipeline, all but the shared ones in a namespace. */
export type InNamespace<Objects, Namespace extends string, Shared> = {
  [Key in keyof Objects as Key extends Shared ? Key : `${Namespace}.${Key & string}`]: Objects[Key];
};

/** How names change. */
export interface Renaming {
  readonly node: (name: string) => string;
  readonly object: (name: string) => string;
  /** The new name of `config`, or of a path into it. */
  readonly config: (name: string) => string;
}

/** A node under other names. */
export function renameNode(node: LinearNode, renaming: Renaming): LinearNode {
  const rename = (name: string) => isConfigName(name) ? renaming.config(name) : renaming.object(name);
  const input = (name: string) => node.worldInputs.has(name) ? name : rename(name);
  const codec = Object.fromEntries(Object.entries(node.codecs).map(([name, codec]) => [rename(name), codec]));
  const { worldInputs, fileOutputs, codecs: _, ...rest } = node;
  return new LinearNode({
    ...rest,
    name: renaming.node(node.name),
    inputs: node.inputs.map((name) => worldInputs.get(name) ?? rename(name)),
    outputs: node.outputs.map((name) => fileOutputs.get(name) ?? rename(name)),
    ignore: node.ignore.map(input),
    share: node.share.map(input),
    codec,
  });
}

/** Constants under other names. */
export function renameKeys(
  constants: Readonly<Record<string, unknown>>,
  rename: (name: string) => string,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(constants).map(([name, value]) => [rename(name), value]));
}

/** What of a pipeline can be renamed. */
export interface Renamable {
  readonly name: string;
  readonly nodes: readonly LinearNode[];
  readonly runtime: Readonly<Record<string, unknown>>;
}

function objectsOf({ nodes, runtime }: Renamable): Set<string> {
  const names = nodes.flatMap(({ inputs, outputs, worldInputs, fileOutputs }) =>
    [...inputs, ...outputs].filter((name) => !worldInputs.has(name) && !fileOutputs.has(name) && !isConfigName(name))
  );
  return new Set([...names, ...Object.keys(runtime)]);
}

/** Two objects never get one name, nor an object that of something outside. */
function checkDistinct(action: string, pipeline: Renamable, rename: (name: string) => string): void {
  const outside = pipeline.nodes.flatMap((
    { worldInputs, fileOutputs },
  ) => [...worldInputs.keys(), ...fileOutputs.keys()]);
  const olds = new Map(outside.map((name) => [name, name]));
  for (const old of objectsOf(pipeline)) {
    const name = rename(old);
    const other = olds.get(name);
    if (other !== undefined) {
      throw new DeclarationError(`Cannot ${action}: "${other}" and "${old}" would both be named "${name}"`);
    }
    olds.set(name, old);
  }
}

/**
 * How {@link LinearPipeline.rename} changes names.
 *
 * @throws {UnknownNameError} If there is no such object.
 * @throws {DeclarationError} If a new name is that of the configuration, or of another object.
 */
export function renamingOf(pipeline: Renamable, names: Readonly<Record<string, string>>): Renaming {
  const action = `rename objects of pipeline "${pipeline.name}"`;
  const known = objectsOf(pipeline);
  for (const [old, name] of Object.entries(names)) {
    checkRule(action, `the new name of "${old}"`, nameRule, name);
    if (!known.has(old)) throw new UnknownNameError(`Cannot ${action}: there is no "${old}"${suggest(old, known)}`);
    if (isConfigName(name)) throw new DeclarationError(`Cannot ${action}: "${name}" is a name of the configuration`);
  }
  const object = (name: string) => Object.hasOwn(names, name) ? names[name] : name;
  checkDistinct(action, pipeline, object);
  return { node: (name) => name, object, config: (name) => name };
}

/**
 * How {@link LinearPipeline.inNamespace} changes names.
 *
 * @throws {RangeError} If the namespace is no text.
 * @throws {UnknownNameError} If there is no such shared object.
 * @throws {DeclarationError} If two objects would have one name.
 */
export function namespaceOf(pipeline: Renamable, namespace: string, shared: readonly string[]): Renaming {
  const action = `put pipeline "${pipeline.name}" into a namespace`;
  checkRule(action, "the namespace", nameRule, namespace);
  const known = objectsOf(pipeline);
  const stranger = shared.find((name) => !known.has(name));
  if (stranger !== undefined) {
    throw new UnknownNameError(`Cannot ${action}: there is no "${stranger}" to share${suggest(stranger, known)}`);
  }
  const object = (name: string) => shared.includes(name) ? name : `${namespace}.${name}`;
  checkDistinct(action, pipeline, object);
  return {
    node: (name) => `${namespace}.${name}`,
    object,
    config: (name) => `config.${namespace}${name.slice("config".length)}`,
  };
}

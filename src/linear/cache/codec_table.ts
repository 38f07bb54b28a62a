/** The codecs that a pipeline knows: those of its own, and those for classes that come with the runtime. */

import { Buffer } from "node:buffer";
import type { ClassCodec, ValueCodec } from "../codec.ts";

/** A codec with the name under which values on the disk refer to it. */
export interface NamedCodec extends ValueCodec {
  readonly name: string;
}

/** Finds the codec for an object. */
export interface CodecTable {
  /** The codec for objects with this prototype. */
  of(prototype: object): NamedCodec | undefined;
  /** The codec of that name. */
  named(name: string): NamedCodec | undefined;
}

/** The classes of `Temporal`, whose instances are texts and back. */
function temporalCodecs(): [object, NamedCodec][] {
  const classes = Object.entries(Object.getOwnPropertyDescriptors(Reflect.get(globalThis, "Temporal") ?? {}));
  return classes.flatMap(([name, { value }]) => {
    if (typeof value?.from !== "function") return [];
    const codec = { name: `Temporal.${name}`, encode: String, decode: (text: unknown) => value.from(text) };
    return [[value.prototype, codec] as [object, NamedCodec]];
  });
}

const BUILT_IN: readonly [object, NamedCodec][] = [
  [URL.prototype, { name: "URL", encode: (url: URL) => url.href, decode: (href) => new URL(href as string) }],
  [URLSearchParams.prototype, {
    name: "URLSearchParams",
    encode: (params: URLSearchParams) => [...params],
    decode: (entries) => new URLSearchParams(entries as string[][]),
  }],
  [Buffer.prototype, {
    name: "Buffer",
    encode: (buffer: Buffer) => Uint8Array.from(buffer),
    decode: (bytes) => Buffer.from((bytes as Uint8Array<ArrayBuffer>).buffer),
  }],
  ...temporalCodecs(),
];

function tableOf(codecs: readonly (readonly [object, NamedCodec])[]): CodecTable {
  const byPrototype = new Map(codecs);
  const byName = new Map(codecs.map(([, codec]) => [codec.name, codec]));
  return { of: (prototype) => byPrototype.get(prototype), named: (name) => byName.get(name) };
}

/** The codecs of classes that come with the runtime. */
export const BUILT_IN_CODECS: CodecTable = tableOf(BUILT_IN);

/** The built-in codecs and the ones given, which take precedence. */
export function codecTable(codecs: readonly ClassCodec[] = []): CodecTable {
  if (codecs.length === 0) return BUILT_IN_CODECS;
  const own = codecs.map((
    codec,
  ): [object, NamedCodec] => [codec.class.prototype, named(`class ${codec.class.name}`, codec)]);
  return tableOf([...BUILT_IN, ...own]);
}

/** A codec with its name on the disk, of which its version is a part. */
export function named(name: string, codec: ValueCodec): NamedCodec {
  return {
    name: codec.version === undefined ? name : `${name} ${JSON.stringify(codec.version)}`,
    encode: (value) => codec.encode(value),
    decode: (encoded) => codec.decode(encoded),
  };
}

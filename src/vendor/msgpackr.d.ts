/** What is used of msgpackr. */

/** Options of a {@link Packr}. */
export interface PackrOptions {
  mapsAsObjects?: boolean;
  moreTypes?: boolean;
  useBigIntExtension?: boolean;
  copyBuffers?: boolean;
  useToJSON?: boolean;
  writeFunction?: (value: unknown) => unknown;
}

/** How values of a class are written and read. */
export interface Extension<Value, Written> {
  Class: { [Symbol.hasInstance](value: unknown): boolean };
  type: number;
  write?(value: Value): Written;
  read?(written: Written): unknown;
  pack?(value: Value): Uint8Array;
  unpack?(bytes: Uint8Array): unknown;
}

/** Adds a class to those that can be written. The one that is added last is looked at first. */
export function addExtension<Value, Written>(extension: Extension<Value, Written>): void;

/** Writes and reads values. */
export class Packr {
  constructor(options?: PackrOptions);
  pack(value: unknown, mode?: number): Uint8Array<ArrayBuffer>;
  unpack(bytes: Uint8Array, range?: { start?: number; end?: number }): unknown;
}

/** Flags of `pack()`. */
export const REUSE_BUFFER_MODE: number;
export const RESET_BUFFER_MODE: number;
export const RESERVE_START_SPACE: number;

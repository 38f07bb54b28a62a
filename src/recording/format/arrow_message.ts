/** What messages of Arrow's IPC format say, as far as recordings need it: https://arrow.apache.org/docs/format/Columnar.html. */

import { FlatTable } from "./flat_table.ts";

/** A field of a schema. */
export interface ArrowField {
  readonly name: string;
  /** The type in words, such as `Uint64` or `FixedSizeList[4]`. */
  readonly type: string;
  /** Elements of a list of fixed size, else 0. */
  readonly listSize: number;
  readonly isStruct: boolean;
  readonly children: readonly ArrowField[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** A message. */
export type ArrowMessage =
  & { readonly bodyBytes: number }
  & (
    | {
      readonly kind: "schema";
      readonly fields: readonly ArrowField[];
      readonly metadata: ReadonlyMap<string, string>;
    }
    | {
      readonly kind: "batch";
      readonly rows: number;
      /** Length and number of nulls of each node. */
      readonly nodes: readonly (readonly [length: number, nulls: number])[];
      readonly buffers: readonly (readonly [offset: number, length: number])[];
      readonly isCompressed: boolean;
    }
    | { readonly kind: "other" }
  );

/** Numbers of the format: the kinds of messages, and those of types. */
const SCHEMA = 1;
const RECORD_BATCH = 3;
const [INT, FLOAT, TIMESTAMP, STRUCT, FIXED_SIZE_LIST] = [2, 3, 10, 13, 16];
const FLOATS = ["Float16", "Float32", "Float64"];
const UNITS = ["SECOND", "MILLISECOND", "MICROSECOND", "NANOSECOND"];
/** Fields lie within fields no deeper than this. */
const MOST_DEPTH = 4;

function readMetadata(table: FlatTable, slot: number): ReadonlyMap<string, string> {
  return new Map(table.tables(slot).map((pair) => [pair.text(0), pair.text(1)]));
}

function typeText(kind: number, type: FlatTable): string {
  if (kind === INT) return `${type.byte(1) ? "Int" : "Uint"}${type.int(0)}`;
  if (kind === FLOAT) return FLOATS[type.short(0)] ?? "a float of another size";
  if (kind === TIMESTAMP) return `Timestamp<${UNITS[type.short(0)]}, ${type.text(1)}>`;
  if (kind === STRUCT) return "Struct";
  if (kind === FIXED_SIZE_LIST) return `FixedSizeList[${type.int(0)}]`;
  return `Arrow's type ${kind}`;
}

function readField(table: FlatTable, depth: number): ArrowField {
  if (depth > MOST_DEPTH) throw new RangeError(`fields lie within each other more than ${MOST_DEPTH} deep`);
  const kind = table.byte(2);
  const type = table.table(3);
  if (!type) throw new RangeError("a field has no type");
  return {
    name: table.text(0),
    type: typeText(kind, type),
    listSize: kind === FIXED_SIZE_LIST ? type.int(0) : 0,
    isStruct: kind === STRUCT,
    children: table.tables(5).map((child) => readField(child, depth + 1)),
    metadata: readMetadata(table, 6),
  };
}

/**
 * Reads the metadata of a message.
 *
 * @throws {RangeError} If they are damaged.
 */
export function readMessage(bytes: Uint8Array<ArrayBuffer>): ArrowMessage {
  const message = FlatTable.root(bytes);
  const bodyBytes = message.long(3);
  const kind = message.byte(1);
  const header = message.table(2);
  if (!header || !(bodyBytes >= 0)) throw new RangeError("it has no header, or no length");
  if (kind === SCHEMA) {
    const fields = header.tables(1).map((field) => readField(field, 0));
    return { kind: "schema", bodyBytes, fields, metadata: readMetadata(header, 2) };
  }
  if (kind !== RECORD_BATCH) return { kind: "other", bodyBytes };
  const batch = { rows: header.long(0), nodes: header.pairs(1), buffers: header.pairs(2) };
  return { kind: "batch", bodyBytes, ...batch, isCompressed: header.table(3) !== null };
}

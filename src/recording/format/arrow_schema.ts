/** The schema of a recorded stream: columns `frame`, `time`, `lost` and `data`, as Arrow has them. */

import {
  type DataType,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int16,
  Int32,
  Int64,
  Int8,
  Schema,
  Struct,
  TimestampNanosecond,
  Uint16,
  Uint32,
  Uint64,
  Uint8,
} from "apache-arrow";
import { whyUnreadable } from "../../format_version.ts";
import type { ArrowField } from "./arrow_message.ts";
import { type DType, DTYPES } from "../../ring/dtypes.ts";
import { elementsOf, formatOfColumns, type FrameColumn, type FrameFormat } from "./frame_format.ts";

/** The version of what Ringmill writes into a schema. */
const FORMAT_VERSION = 1;

/** What a file says of itself. */
export interface StreamHead {
  readonly pipeline: string;
  readonly stream: string;
  /** For people; empty if there is none. */
  readonly description: string;
  readonly format: FrameFormat;
}

/** Arrow's type of a number; of complex ones, that of a part. */
const ARROW_TYPES: Readonly<Record<DType, () => DataType>> = {
  int8: () => new Int8(),
  uint8: () => new Uint8(),
  int16: () => new Int16(),
  uint16: () => new Uint16(),
  int32: () => new Int32(),
  uint32: () => new Uint32(),
  int64: () => new Int64(),
  uint64: () => new Uint64(),
  float16: () => new Float16(),
  float32: () => new Float32(),
  float64: () => new Float64(),
  complex64: () => new Float32(),
  complex128: () => new Float64(),
  bool: () => new Uint8(),
};

/** What Arrow's types do not tell. */
const DTYPE_KEY = "ringmill.dtype";
const TENSOR = "arrow.fixed_shape_tensor";
const EXTENSION_KEY = "ARROW:extension:name";
const EXTENSION_METADATA_KEY = "ARROW:extension:metadata";

/** A column's array as a tensor; complex numbers get one dimension more, of two. */
function tensorField(name: string, { dtype, length }: FrameColumn, shape: readonly number[]): Field {
  const isComplex = DTYPES[dtype].lanes === 2;
  const metadata = new Map([
    [EXTENSION_KEY, TENSOR],
    [EXTENSION_METADATA_KEY, JSON.stringify({ shape: isComplex ? [...shape, 2] : shape })],
    [DTYPE_KEY, dtype],
  ]);
  const item = new Field("item", ARROW_TYPES[dtype](), false);
  return new Field(name, new FixedSizeList(length, item), false, metadata);
}

function dataField({ shape, columns }: FrameFormat): Field {
  if (columns[0].name === null) return tensorField("data", columns[0], shape);
  return new Field("data", new Struct(columns.map((column) => tensorField(column.name!, column, shape))), false);
}

/** The schema of a stream. */
export function schemaOf({ pipeline, stream, description, format }: StreamHead): Schema {
  const metadata = new Map([
    ["ringmill.version", String(FORMAT_VERSION)],
    ["ringmill.pipeline", pipeline],
    ["ringmill.stream", stream],
    ["ringmill.description", description],
  ]);
  const fields = [
    new Field("frame", new Uint64(), false),
    new Field("time", new TimestampNanosecond("UTC"), false),
    new Field("lost", new Uint32(), false),
    dataField(format),
  ];
  return new Schema(fields, metadata);
}

/** The element type of a tensor's field, or `null` if frames have none like it. */
function dtypeOf({ listSize, children, metadata }: ArrowField): DType | null {
  if (listSize === 0 || children.length !== 1) return null;
  const known = metadata.get(DTYPE_KEY);
  const names = Object.keys(ARROW_TYPES) as DType[];
  const fits = names.filter((name) => String(ARROW_TYPES[name]()) === children[0].type);
  return fits.find((name) => name === known) ?? fits.at(0) ?? null;
}

/** The shape of a tensor's frames: what its metadata says, or one dimension. */
function shapeOf({ listSize, metadata }: ArrowField, dtype: DType): number[] | null {
  const { lanes } = DTYPES[dtype];
  const found = readShape(metadata.get(EXTENSION_METADATA_KEY)) ?? [listSize];
  if (lanes === 2 && found.length > 1 && found.at(-1) === 2) found.pop();
  else found[0] /= lanes;
  const isShape = found.every((size) => Number.isSafeInteger(size) && size > 0);
  return isShape && elementsOf(found) * lanes === listSize ? found : null;
}

function readShape(text: string | undefined): number[] | null {
  try {
    const shape = JSON.parse(text ?? "null")?.shape;
    return Array.isArray(shape) && shape.length > 0 ? shape : null;
  } catch {
    return null;
  }
}

/** The format of the column `data`, or a reason why it is none. */
function formatIn(field: ArrowField): FrameFormat | string {
  const fields = field.isStruct ? field.children : [field];
  if (fields.length === 0) return 'column "data" is a struct without fields';
  const types: [string | null, DType][] = [];
  let shape: number[] | null = null;
  for (const one of fields) {
    const dtype = dtypeOf(one);
    const found = dtype && shapeOf(one, dtype);
    if (!dtype || !found) return `field "${one.name}" is no tensor of numbers: ${one.type}`;
    if (shape && String(shape) !== String(found)) return `field "${one.name}" has another shape than the first`;
    shape = found;
    types.push([field.isStruct ? one.name : null, dtype]);
  }
  return formatOfColumns(shape!, types);
}

/** The types of the columns before `data`. */
const COLUMN_TYPES = { frame: "Uint64", time: "Timestamp<NANOSECOND, UTC>", lost: "Uint32" } as const;

/** What a schema says, or a reason why it is not that of a recorded stream. */
export function headOf(fields: readonly ArrowField[], metadata: ReadonlyMap<string, string>): StreamHead | string {
  const version = Number(metadata.get("ringmill.version") ?? FORMAT_VERSION);
  const why = whyUnreadable(version, { newest: FORMAT_VERSION });
  if (why !== null) return why;
  const names = fields.map(({ name }) => name).join(", ");
  if (names !== "frame, time, lost, data") return `its columns must be frame, time, lost, data, received ${names}`;
  for (const [index, [name, type]] of Object.entries(COLUMN_TYPES).entries()) {
    if (fields[index].type !== type) return `column "${name}" must be ${type}, received ${fields[index].type}`;
  }
  const format = formatIn(fields[3]);
  if (typeof format === "string") return format;
  const text = (key: string) => metadata.get(`ringmill.${key}`) ?? "";
  return { pipeline: text("pipeline"), stream: text("stream"), description: text("description"), format };
}

/**
 * Structured clones in parts: V8's serializer writes the structure, and the memory of typed arrays and views stays apart, so
 * that large arrays are neither copied nor held twice on the way to another thread or to the disk.
 */

import { Deserializer, Serializer } from "node:v8";
import { VIEWS } from "./worker/typed_arrays.ts";

/** The hooks of the serializer, which its types leave out. */
interface HostSerializer extends Serializer {
  /** Whether views are given to `_writeHostObject()`. */
  _setTreatArrayBufferViewsAsHostObjects(treat: boolean): void;
}

// deno-lint-ignore no-explicit-any
type ViewClass = new (buffer: ArrayBuffer, start: number, length: number) => any;

/** Where the memory of a view is kept: which of the parts, and from which of its bytes on. */
export interface ViewPlace {
  readonly part: number;
  readonly offset: number;
}

/** The number of a view's class; -1 if it is a class of somebody's own. */
export function kindOfView(view: object): number {
  return (VIEWS as readonly unknown[]).indexOf(view.constructor);
}

/** A view of the class of a number. */
export function viewOf(kind: number, buffer: ArrayBuffer, start: number, length: number): ArrayBufferView {
  const View = VIEWS[kind] as ViewClass;
  return new View(buffer, start, length);
}

/** Writes the structure of a value. What extends it keeps the memory of the views. */
export abstract class StructureWriter extends (Serializer as new () => HostSerializer) {
  constructor() {
    super();
    this._setTreatArrayBufferViewsAsHostObjects(true);
    this.writeHeader();
  }

  /** Keeps the memory of a view. */
  protected abstract place(view: ArrayBufferView): ViewPlace;

  /** Called by the serializer for each typed array and view. */
  _writeHostObject(view: ArrayBufferView): void {
    const { part, offset } = this.place(view);
    this.writeUint32(kindOfView(view));
    this.writeUint32(part);
    this.writeDouble(offset);
    this.writeDouble("length" in view ? view.length as number : view.byteLength);
  }
}

/** Reads what a {@link StructureWriter} has written, given the parts that it has kept. */
export class StructureReader extends Deserializer {
  readonly #parts: readonly ArrayBuffer[];

  /** Reads `structure`. */
  constructor(structure: Uint8Array, parts: readonly ArrayBuffer[]) {
    super(structure);
    this.#parts = parts;
  }

  /** Called by the deserializer for what the writer wrote itself. */
  _readHostObject(): unknown {
    return this.readPart(this.readUint32(), this.readUint32());
  }

  /** The view of a kind on a part. */
  protected readPart(kind: number, part: number): unknown {
    return viewOf(kind, this.#parts[part], this.readDouble() - this.startOf(part), this.readDouble());
  }

  /** From which byte on a part was kept. */
  protected startOf(_part: number): number {
    return 0;
  }
}

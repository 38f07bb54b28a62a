/** What readers of chunks get. */

/** Something that a reader of chunks gets: a chunk, or that those of an attempt before are void. */
export type RunChunk<Chunk> =
  | { readonly kind: "chunk"; readonly attempt: number; readonly index: number; readonly chunk: Chunk }
  | { readonly kind: "void"; readonly attempt: number };

/** Keeping a cache small. */

/** How much of a cache is kept: see {@link LinearPipelineSettings}. */
export interface PruneOptions {
  /** How many bytes of values are kept; the least recently used go. */
  maxBytes?: number;
  /** How long a value is kept that no run uses, in milliseconds. */
  maxUnusedMs?: number;
}

/** What {@link LinearPipeline.prune} has done. */
export interface PruneReport {
  /** How many values were removed. */
  readonly removedValues: number;
  /** Their bytes. */
  readonly removedBytes: number;
  /** The bytes of the values that are left. */
  readonly keptBytes: number;
}

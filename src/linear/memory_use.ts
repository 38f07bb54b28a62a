/** What a call did to the memory of the process, as far as samples of it show. */
export interface MemoryUse {
  /** The last sample less the first, in MiB. Below 0 if memory was given back. */
  readonly deltaMiB: number;
  /** The greatest sample less the first, in MiB. */
  readonly peakMiB: number;
}

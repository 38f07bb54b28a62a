/** Which nodes a run is to be about. */
export interface LinearRunOptions {
  /** The name of the first node to run; what it takes from nodes before must be there already. */
  from?: string;
  /** The name of the last node to run. */
  to?: string;
  /** Whether to run nodes whose outputs are in the cache: all of them, or those of the names given. */
  force?: boolean | string | readonly string[];
}

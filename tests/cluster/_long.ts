/** Tests in their long forms: `RINGMILL_SOAK=1 deno test -A tests/cluster`. The short ones have the same faults, once each. */
export const IS_LONG = Deno.env.get("RINGMILL_SOAK") === "1";

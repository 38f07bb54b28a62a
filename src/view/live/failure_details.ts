import { cut } from "../../safe_text.ts";

/** What is behind a failure, with its stack and causes, as far as it is told; empty if there is nothing. */
export function detailsOf(cause: unknown): string {
  if (cause === undefined) return "";
  try {
    return cut(Deno.inspect(cause));
  } catch {
    return "something that cannot be shown";
  }
}

/** A kernel whose module is not evaluated for long, if it is asked for so. */

import { ringKernel } from "@ringmill/ringmill/actors";

if (new URL(import.meta.url).search === "?hang") await new Promise((resolve) => setTimeout(resolve, 60_000));

export const hanging = ringKernel({ id: "hanging", module: import.meta }, (ctx) => ctx.sleep(Infinity));

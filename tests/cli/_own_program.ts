/** A program of one's own that has the commands, and does not end itself. */

import { runCommand } from "@ringmill/ringmill/cli";

if (import.meta.main) Deno.exitCode = await runCommand(Deno.args);

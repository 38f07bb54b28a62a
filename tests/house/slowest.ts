/**
 * Prints which test files took longest, from reports of `deno test --junit-path=FILE`:
 *
 *     deno run --allow-read tests/house/slowest.ts FILE...
 */

const SUITE = /<testsuite name="([^"]*)"([^]*?)<\/testsuite>/g;
const MOST = 10;

/** The seconds that each file of a report took, longest first. */
export function secondsByFile(report: string): { readonly file: string; readonly seconds: number }[] {
  const files = Array.from(report.matchAll(SUITE), ([, file, tests]) => {
    const times = Array.from(tests.matchAll(/<testcase [^>]* time="([\d.]+)"/g), ([, time]) => Number(time));
    return { file, seconds: times.reduce((sum, time) => sum + time, 0) };
  });
  return files.sort((a, b) => b.seconds - a.seconds);
}

if (import.meta.main) {
  const reports = await Promise.all(Deno.args.map((file) => Deno.readTextFile(file)));
  for (const { file, seconds } of secondsByFile(reports.join("")).slice(0, MOST)) {
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
  }
}

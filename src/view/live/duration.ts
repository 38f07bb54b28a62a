/** As `1:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000), two = (value: number) => String(Math.floor(value) % 60).padStart(2, "0");
  const minutes = `${two(seconds / 60)}:${two(seconds)}`;
  return seconds < 3600 ? minutes : `${Math.floor(seconds / 3600)}:${minutes}`;
}

/** Colours for numbers: dark for the least, light for the most, and told apart also without colours. */

/** Some colours of Viridis (Stéfan van der Walt and Nathaniel Smith, CC0), evenly spaced. */
const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]] as const;

/** Red, green, blue and alpha for a share from 0 to 1. */
export function heat(share: number): [number, number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (STOPS.length - 1);
  const index = Math.min(STOPS.length - 2, Math.floor(at));
  const [from, to] = [STOPS[index], STOPS[index + 1]];
  const part = at - index;
  const mix = (channel: 0 | 1 | 2) => Math.round(from[channel] + (to[channel] - from[channel]) * part);
  return [mix(0), mix(1), mix(2), 255];
}

import type { WindowEncoder } from './window-encoder.js';

/** Text that is held in memory to count in: documents, or pieces of long ones, one after the other. */
export interface TextSample {
  readonly bytes: Uint8Array;
  /** End of each document, ascending; the last is the length of `bytes`. */
  readonly ends: Uint32Array;
}

/** Which of the possible starts are taken. */
export interface StartChoice {
  /** About so many at most. */
  most: number;
  seed: number;
}

/** At most one start in this many bytes is drawn: but for windows of 12 and 14 bits that is what windows take too. */
const LEAST_DISTANCE = 4;

/**
 * Random positions of a sample, drawn from a hash of the position and the seed. Positions at a fixed distance would fall in
 * step with indentation.
 */
export function randomStarts({ bytes }: TextSample, { most, seed }: StartChoice): Uint32Array<ArrayBuffer> {
  const share = Math.min(1 / LEAST_DISTANCE, most / bytes.length);
  const starts = new StartList(bytes.length * share);
  for (let position = 0; position < bytes.length; position++) if (draw(position, seed) < share) starts.push(position);
  return starts.take();
}

/** Where the windows of a sample begin, each document parsed by itself. */
export function windowStarts(
  { bytes, ends }: TextSample,
  encoder: Pick<WindowEncoder, 'windowEnds'>,
  { most, seed }: StartChoice,
): Uint32Array<ArrayBuffer> {
  const starts = new StartList(bytes.length / LEAST_DISTANCE);
  let begin = 0;
  for (const end of ends) {
    let position = begin;
    for (const windowEnd of encoder.windowEnds(bytes.subarray(begin, end))) {
      starts.push(position);
      position = begin + windowEnd;
    }
    begin = end;
  }
  const all = starts.take();
  const share = most / all.length;
  return share < 1 ? all.filter((position) => draw(position, seed) < share) : all;
}

/** A growing list of ascending positions, so that no pass is needed to count them first. */
class StartList {
  private positions: Uint32Array<ArrayBuffer>;
  private size = 0;

  constructor(expected: number) {
    this.positions = new Uint32Array(Math.ceil(expected * 1.01) + 16);
  }

  push(position: number): void {
    if (this.size === this.positions.length) {
      const longer = new Uint32Array(Math.ceil(this.size * 1.25));
      longer.set(this.positions);
      this.positions = longer;
    }
    this.positions[this.size++] = position;
  }

  take(): Uint32Array<ArrayBuffer> {
    return this.positions.subarray(0, this.size);
  }
}

/** A number in [0, 1) for a position and a seed, by the finaliser of MurmurHash3. */
function draw(position: number, seed: number): number {
  let hash = Math.imul(position, 0x9e37_79b1) ^ Math.imul(seed + 1, 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

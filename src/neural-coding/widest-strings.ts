import type { FrequencyModel } from './byte-model.js';
import { BYTES } from './frequencies.js';
import { INTERVAL_BITS, LONGEST_PHRASE } from './parameters.js';
import { PhraseTree } from './phrase-tree.js';
import type { GrowthOptions } from './phrases.js';
import { Growth } from './phrases.js';

/**
 * The most probable strings: the 256 bytes, and every longer string, up to 64 bytes, whose interval is at least θ wide, for the
 * lowest θ ≥ 1 with which all these are at most 2^τ. Prefix-closed, since intervals nest.
 *
 * θ is closed in on from both sides. From above: strings are asked for in rounds, those at least θ wide before those at least
 * θ/2. From below: once more strings are known than there are places, θ is above the width of the first without a place,
 * and strings narrower than that are forgotten. So the model is asked for little more than what is kept, and memory is
 * proportional to 2^τ.
 *
 * @throws CodebookError if the model breaks its contract; the signal's reason when it is aborted
 */
export async function widestStrings(
  model: FrequencyModel,
  windowBits: number,
  options: GrowthOptions = {},
): Promise<PhraseTree> {
  const known = new KnownStrings(2 ** windowBits - BYTES);
  const growth = new Growth(model, windowBits, options);
  await growth.below(known.tree, [0], 0, () => true);
  let asked = Infinity;
  for (let threshold = 2 ** (INTERVAL_BITS - 8); known.floor < asked && asked > 1; threshold /= 2) {
    known.rewind();
    while (true) {
      const narrowest = Math.max(threshold, known.floor);
      const nodes = known.next(growth.batchSize, narrowest, asked);
      if (nodes.length === 0) break;
      await growth.below(known.tree, nodes, known.floor, (low, high) => high - low >= known.floor);
      known.forgetIfMany();
    }
    known.forget();
    asked = Math.max(threshold, known.floor);
  }
  return known.tree;
}

/** Times the number of places that strings are kept for before those without a place are forgotten. */
const SLACK = 4;

class KnownStrings {
  tree = new PhraseTree();
  /** θ is at least this. */
  floor = 1;
  private at = 1;

  /** @param places for strings of two bytes and more */
  constructor(private readonly places: number) {}

  /** Begins a round at the first string. */
  rewind(): void {
    this.at = 1;
  }

  /** The next strings at least `narrowest` wide that no earlier round asked for: those narrower than `asked`. */
  next(most: number, narrowest: number, asked: number): number[] {
    const nodes: number[] = [];
    for (; this.at < this.tree.size && nodes.length < most; this.at++) {
      const width = this.tree.width(this.at);
      if (width >= narrowest && width < asked && this.tree.depth(this.at) < LONGEST_PHRASE) nodes.push(this.at);
    }
    return nodes;
  }

  forgetIfMany(): void {
    if (this.tree.size > SLACK * (this.places + BYTES)) this.forget();
  }

  /** Raises the floor as far as the known strings allow, and forgets what is below it. */
  forget(): void {
    const { tree } = this;
    const widths = new Float64Array(tree.size);
    let longer = 0;
    for (let node = 1; node < tree.size; node++) if (tree.depth(node) > 1) widths[longer++] = tree.width(node);
    if (longer <= this.places) return;
    const ascending = widths.subarray(0, longer).sort();
    this.floor = ascending[longer - 1 - this.places]! + 1;
    const keep = (node: number) => tree.depth(node) === 1 || tree.width(node) >= this.floor;
    let before = 1;
    for (let node = 1; node < this.at; node++) if (keep(node)) before++;
    this.at = before;
    this.tree = tree.filter(keep);
  }
}

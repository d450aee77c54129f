import { BYTES } from './frequencies.js';
import { FREQUENCY_SUM } from './parameters.js';

/**
 * What it costs that windows are coded with integers, under the float distribution that these were rounded from.
 *
 * After a string s that a window begins with, the next byte costs D(p_s ‖ q_s) = Σ_b p_s(b) · log2(p_s(b) / q_s(b)) bits more
 * than under p, on average (Cover and Thomas, Elements of Information Theory, 2nd edition, theorem 5.4.3), where p_s are the
 * model's probabilities and q_s(b) = f_s(b) / 2^16. What a window reads is a walk down the tree of such strings, up to the
 * byte that leads out of it; by the chain rule (theorem 2.5.3) it costs Σ_s P(s) · D(p_s ‖ q_s) more, over all strings of the
 * tree, with P(s) the product of the model's probabilities along s, and reads Σ_s P(s) bytes.
 */
export class QuantisationLoss {
  private bits = 0;
  private bytes = 0;

  /**
   * Adds a string of the tree.
   *
   * @param likelihood P(s)
   * @param row of the distributions: where p_s and f_s begin
   */
  add(likelihood: number, probabilities: Float64Array, frequencies: Uint32Array, row: number): void {
    let bits = 0;
    for (let at = row; at < row + BYTES; at++) {
      const probability = probabilities[at]!;
      if (probability > 0) bits += probability * Math.log2((probability * FREQUENCY_SUM) / frequencies[at]!);
    }
    this.bits += likelihood * bits;
    this.bytes += likelihood;
  }

  /** Bits for what one window reads. */
  get perWindow(): number {
    return this.bits;
  }

  /** Bits for each byte that windows read; 0 where nothing was rounded. */
  get perByte(): number {
    return this.bytes === 0 ? 0 : this.bits / this.bytes;
  }
}

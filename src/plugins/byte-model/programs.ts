import {
  input,
  log,
  makeProgram,
  max,
  multiply,
  type Node,
  type Program,
  reshape,
  scalar,
  softmax,
  subtract,
  sum,
} from '../../graph/index.js';
import type { BatchShape, LanguageModel } from '../../models/index.js';
import { BYTE_COUNT, RAW_OFFSET } from '../../vocabulary/layout.js';

/**
 * Logits of the next byte after one position of every row: input `ids` [B, T] and `last` [B], index into the B·T
 * positions; output `logits` [B, 256].
 */
export function nextByteProgram(model: LanguageModel, batch: BatchShape): Program {
  const last = input('last', 'i32', [batch.rows]);
  return makeProgram({ outputs: { logits: byteLogits(model, batch, last) } });
}

/**
 * Entropy of the next byte after every position, in bits: input `ids` [B, T], output `bits` [B·T]. With the logits x and
 * p = softmax(x) it is ln Z − Σ p·x nats, where ln Z = max x − ln max p: the only logarithm is of the largest probability,
 * and no pass over the logits but the engine's own softmax has an exponential.
 */
export function entropyProgram(model: LanguageModel, batch: BatchShape): Program {
  const logits = byteLogits(model, batch, null);
  const p = softmax(logits);
  const logZ = subtract(max(logits, [1]), log(max(p, [1])));
  const nats = subtract(logZ, sum(multiply(p, logits), [1]));
  const bits = multiply(nats, scalar(1 / Math.LN2));
  return makeProgram({ outputs: { bits: reshape(bits, [batch.rows * batch.sequenceLength]) } });
}

/** Logits of the 256 bytes, [positions, 256]: with their softmax, the model's distribution given that an id is a byte. */
function byteLogits(model: LanguageModel, batch: BatchShape, positions: Node | null): Node {
  return model.rangeLogits(batch, { documentMask: false, from: RAW_OFFSET, count: BYTE_COUNT, positions });
}

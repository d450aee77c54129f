import {
  divide,
  exp,
  gather,
  input,
  log,
  makeProgram,
  max,
  multiply,
  type Node,
  type Program,
  reshape,
  scalar,
  slice,
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
  return makeProgram({ outputs: { logits: gather(byteLogits(model, batch), last) } });
}

/**
 * Entropy of the next byte after every position, in bits: input `ids` [B, T], output `bits` [B·T]. With z the logits less
 * their largest and Z = Σ exp z, it is ln Z − Σ z exp z / Z nats: no logarithm of a small probability is taken.
 */
export function entropyProgram(model: LanguageModel, batch: BatchShape): Program {
  const logits = byteLogits(model, batch);
  const z = subtract(logits, max(logits, [1]));
  const weights = exp(z);
  const total = sum(weights, [1]);
  const nats = subtract(log(total), divide(sum(multiply(weights, z), [1]), total));
  const bits = multiply(nats, scalar(1 / Math.LN2));
  return makeProgram({ outputs: { bits: reshape(bits, [batch.rows * batch.sequenceLength]) } });
}

/** Logits of the 256 bytes by the first head, [B·T, 256]: the model's distribution over all ids, given that it is a byte. */
function byteLogits(model: LanguageModel, batch: BatchShape): Node {
  const logits = model.logits(batch, { documentMask: false });
  const [rows, length, , size] = logits.shape as [number, number, number, number];
  const firstHead = reshape(slice(logits, 2, 0, 1), [rows * length, size]);
  return slice(firstHead, 1, RAW_OFFSET, BYTE_COUNT);
}

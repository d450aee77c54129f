import {
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
  return makeProgram({ outputs: { logits: gather(byteLogits(model, batch), last) } });
}

/**
 * Entropy of the next byte after every position, in bits: input `ids` [B, T], output `bits` [B·T]. With the logits x and
 * p = softmax(x) it is ln Z − Σ p·x nats, where ln Z = max x − ln max p: the only logarithm is of the largest probability,
 * and no pass over the logits but the engine's own softmax has an exponential.
 */
export function entropyProgram(model: LanguageModel, batch: BatchShape): Program {
  const logits = byteLogits(model, batch);
  const p = softmax(logits);
  const logZ = subtract(max(logits, [1]), log(max(p, [1])));
  const nats = subtract(logZ, sum(multiply(p, logits), [1]));
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

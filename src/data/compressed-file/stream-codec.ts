import type { StreamCoder, StreamWork } from '../../neural-coding/stream-coder.js';
import type { BlockCodec } from './block-codec.js';

/** Bytes of a block: enough for streams whose beginnings cost little, few enough to be done in seconds. */
const STREAM_BLOCK = 1 << 16;

/** Codes by arithmetic coding under a model of the next byte. */
export function streamCodec(coder: StreamCoder, work: StreamWork = {}): BlockCodec {
  return {
    fingerprint: coder.fingerprint,
    blockBytes: STREAM_BLOCK,
    encode: (text) => coder.encode(text, work),
    decode: (code, textBytes) => coder.decode(code, textBytes, work),
  };
}

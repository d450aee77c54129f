import zlib from 'node:zlib';
import { base64Field } from '../../src/plugins/base64-field.js';
import type { Compressor, Encoded } from '../../src/plugins/contracts.js';
import { CompressorError } from '../../src/support/errors.js';
import { Deflater } from './deflater.js';
import type { GzipOptions } from './index.js';
import { gzipSegments } from './segments.js';

/** A way to produce a gzip member. Any inflater reads what any engine wrote. */
interface Engine {
  /** What determines the bytes, besides the level. */
  readonly identity: string;
  /** A function that makes a member of each document that it is given. */
  atLevel(level: number): (bytes: Uint8Array) => Uint8Array;
}

const OS_BYTE = 9;
/** RFC 1952's code of Unix, which zlib writes there: one value everywhere, so that machines agree. */
const OS_UNIX = 3;

/** Bytes that are allocated for output at a time: most documents are small, and need one piece not longer than themselves. */
const outputChunk = ({ length }: Uint8Array): number => Math.min(65_536, Math.max(1024, length));

const ENGINES: Readonly<Record<GzipOptions['engine'], Engine>> = {
  pako: {
    identity: 'zlib-canonical',
    atLevel(level) {
      const deflater = new Deflater(level);
      return (bytes) => deflater.member(bytes);
    },
  },
  native: {
    identity: `zlib-${process.versions.zlib}`,
    atLevel: (level) => (bytes) => zlib.gzipSync(bytes, { level, chunkSize: outputChunk(bytes) }),
  },
};

export function createGzip({ engine, level }: GzipOptions): Compressor {
  const { identity, atLevel } = ENGINES[engine];
  const compress = atLevel(level);
  const member = (bytes: Uint8Array): Uint8Array => {
    const compressed = compress(bytes);
    compressed[OS_BYTE] = OS_UNIX;
    return compressed;
  };
  return {
    alphabetSize: 256,
    fingerprint: `gzip:${identity}:level=${level}`,
    encode: (bytes) => fromBytes(member(bytes)),
    decode: ({ symbols }) => gunzip(toBytes(symbols)),
    segments: (bytes) => gzipSegments(member(bytes)),
    field,
  };
}

const fromBytes = (bytes: Uint8Array): Encoded => ({ symbols: new Uint32Array(bytes) });

const field = base64Field('pc_gzip', ({ symbols }) => toBytes(symbols), fromBytes);

function toBytes(symbols: Uint32Array): Uint8Array {
  const invalid = symbols.findIndex((symbol) => symbol > 255);
  if (invalid !== -1) throw new CompressorError(`gzip symbol ${symbols[invalid]} at position ${invalid} is above 255`);
  return new Uint8Array(symbols);
}

/** With `info`, zlib also hands back the engine, which knows how much input it used; its type does not say so. */
interface Inflated {
  buffer: Buffer;
  engine: { bytesWritten: number };
}

/** The content of gzip data, without anything after it: zlib itself ignores zero bytes there. */
function gunzip(bytes: Uint8Array): Uint8Array {
  let inflated: Inflated;
  try {
    inflated = zlib.gunzipSync(bytes, { info: true }) as unknown as Inflated;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CompressorError(`the symbols are no gzip data: ${reason}`, { cause });
  }
  const used = inflated.engine.bytesWritten;
  if (used !== bytes.length)
    throw new CompressorError(`the gzip data ends after ${used} symbols, but there are ${bytes.length}`);
  return inflated.buffer;
}

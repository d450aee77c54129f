import { bytesOfCharacters } from './byte-alphabet.js';
import type { Field } from './field.js';
import { type Normalizer, replace } from './normalizers.js';

/** What ids stand for. */
export interface Decoder {
  /** The bytes of a token of the vocabulary on its own. */
  bytesOf(name: string): Uint8Array;
  /** What is then taken off the beginning and the end of the text. */
  trims: readonly Trim[];
}

/** Up to this many copies of some characters. */
export interface Trim {
  bytes: Uint8Array;
  atStart: number;
  atEnd: number;
}

/** A token while it is decoded: characters, or bytes that need not be any. */
type Content = string | Uint8Array;

const plain = (content: Content): Uint8Array => (typeof content === 'string' ? Buffer.from(content) : content);

/**
 * The decoder of a `tokenizer.json`, as far as it works on every token alone and then on the ends of the text. Bytes
 * stay bytes where the library puts U+FFFD for those that are not valid UTF-8.
 *
 * @param byteLevel whether the vocabulary's characters stand for bytes; what decides where the file has no decoder
 * @throws TokenizerError if it is damaged or not supported
 */
export function readDecoder(field: Field, byteLevel: boolean): Decoder {
  if (field.isAbsent) return { bytesOf: byteLevel ? byteLevelBytes : (name) => Buffer.from(name), trims: [] };
  const steps: ((content: Content) => Content)[] = [];
  const trims: Trim[] = [];
  let fused = false;
  for (const step of flattened(field)) {
    const type = step.type();
    if (type === 'Strip') {
      const trim = readTrim(step);
      if (fused) trims.push(trim);
      else steps.push((content) => trimmed(plain(content), trim));
      continue;
    }
    if (type === 'Fuse') {
      fused = true;
      continue;
    }
    if (fused) throw step.unsupported(`the decoder ${type} behind Fuse is not supported`);
    if (type === 'ByteLevel')
      steps.push((content) => (typeof content === 'string' ? byteLevelBytes(content) : content));
    else if (type === 'ByteFallback') steps.push((content) => byteTokenBytes(content) ?? content);
    else if (type === 'Replace') steps.push(onText(replace(step)));
    else if (type === 'Metaspace') {
      const { replacement, prefixed } = readMetaspace(step);
      steps.push(onText((text) => text.replaceAll(replacement, ' ')));
      if (prefixed) trims.push({ bytes: Buffer.from(' '), atStart: 1, atEnd: 0 });
    } else throw step.unsupported(`the decoder ${type} is not supported`);
  }
  return { bytesOf: (name) => plain(steps.reduce<Content>((content, step) => step(content), name)), trims };
}

/** What is left of bytes. */
export function trimmed(content: Uint8Array, { bytes, atStart, atEnd }: Trim): Uint8Array {
  const { length } = bytes;
  const stands = (at: number) => at >= 0 && bytes.every((byte, i) => content[at + i] === byte);
  let start = 0;
  let end = content.length;
  for (let times = 0; times < atStart && start + length <= end && stands(start); times++) start += length;
  for (let times = 0; times < atEnd && end - length >= start && stands(end - length); times++) end -= length;
  return content.subarray(start, end);
}

function flattened(field: Field): Field[] {
  return field.type() === 'Sequence' ? field.get('decoders').items().flatMap(flattened) : [field];
}

function readTrim(field: Field): Trim {
  return {
    bytes: Buffer.from(field.get('content').string()),
    atStart: field.get('start').count(),
    atEnd: field.get('stop').count(),
  };
}

function readMetaspace(field: Field): { replacement: string; prefixed: boolean } {
  const scheme = field.get('prepend_scheme').oneOf(['always', 'first', 'never'], 'always');
  const prefixed = scheme !== 'never' && field.get('add_prefix_space').boolean(true);
  return { replacement: field.get('replacement').string('▁'), prefixed };
}

function onText(change: Normalizer): (content: Content) => Content {
  return (content) => (typeof content === 'string' ? change(content) : content);
}

/** Tokens with other characters, such as added ones, stand for their own text. */
function byteLevelBytes(name: string): Uint8Array {
  return bytesOfCharacters(name) ?? Buffer.from(name);
}

function byteTokenBytes(content: Content): Uint8Array | undefined {
  const match = typeof content === 'string' ? /^<0x([0-9A-Fa-f]{2})>$/.exec(content) : null;
  return match === null ? undefined : Uint8Array.of(Number.parseInt(match[1]!, 16));
}

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { LAYOUTS, type LayoutName, MODES, type Representation } from '../../src/data/mixing-modes.js';
import type { MixModeName } from '../../src/data/options.js';
import { layOut } from '../../src/data/symbol-layout.js';
import { RAW_LIMIT, RAW_OFFSET } from '../../src/vocabulary/layout.js';

interface TokenStream {
  document: string;
  algorithm: string;
  separate_embedding: boolean;
  mode: MixModeName;
  sampled_compressed: boolean;
  field_base64?: string;
  tokens: number[];
}
interface Goldens {
  documents: string[];
  gzip_no_mtime_base64: string[];
  halfbyte: number[][];
  bit: number[][];
  doublebit: number[][];
  neural_packing: { packed_base64: string; packed_symbols: number[] }[];
  token_streams: TokenStream[];
}
const goldens: Goldens = JSON.parse(readFileSync(new URL('../fixtures/data_pipeline.json', import.meta.url), 'utf8'));

/** The codes that the reference's compressor gave for a document: layouts are compared here, not compressors. */
function goldenCodes({ document, algorithm, field_base64 }: TokenStream): Uint32Array {
  const index = goldens.documents.indexOf(document);
  switch (algorithm) {
    case 'gzip_no_mtime':
      return Uint32Array.from(Buffer.from(goldens.gzip_no_mtime_base64[index]!, 'base64'));
    case 'halfbyte':
    case 'bit':
    case 'doublebit':
      return Uint32Array.from(goldens[algorithm][index]!);
    default:
      return Uint32Array.from(
        goldens.neural_packing.find(({ packed_base64 }) => packed_base64 === field_base64)!.packed_symbols,
      );
  }
}

/** The goldens sample the branch that is not replaced by pairs, or the pair in place of a raw draw. */
function sampledLayout({ mode, sampled_compressed }: TokenStream): LayoutName {
  const { raw, compressed, pairs } = MODES[mode];
  return sampled_compressed ? compressed : (pairs[0] ?? raw);
}

describe('layOut', () => {
  it.each(
    goldens.token_streams.map(
      (stream) =>
        [
          `${stream.mode}, ${stream.algorithm}, ${stream.separate_embedding ? 'separate' : 'shared'} embedding, ` +
            `${stream.sampled_compressed ? 'compressed' : 'not compressed'} drawn`,
          stream,
        ] as const,
    ),
  )('gives the ids of the reference: %s', (_, stream) => {
    const { ids } = layOut(LAYOUTS[sampledLayout(stream)], Buffer.from(stream.document), goldenCodes(stream), {
      vocabulary: { compressedOffset: stream.separate_embedding ? RAW_LIMIT : RAW_OFFSET },
      addBos: true,
      addEos: true,
    });
    expect(Array.from(ids)).toEqual(stream.tokens);
  });

  it('covers all 97 of them', () => {
    expect(goldens.token_streams).toHaveLength(97);
  });

  const text = Buffer.from('a text that is said twice, a text that is said twice');
  const symbols = Uint32Array.from(gzipSync(text));
  const layOutAs = (name: LayoutName, addBos = true, addEos = true) =>
    layOut(LAYOUTS[name], text, symbols, { vocabulary: { compressedOffset: RAW_LIMIT }, addBos, addEos });

  it('says which ids stand for text, and for how many bytes of it', () => {
    const { ids, blocks } = layOutAs('translation_compressed_raw');
    expect(blocks.map(({ representation, bytes }) => [representation, bytes])).toEqual([
      ['compressed', text.length],
      ['raw', text.length],
    ] satisfies [Representation, number][]);
    expect(Array.from(ids.subarray(blocks[0]!.start, blocks[0]!.end), (id) => id - RAW_LIMIT)).toEqual([...symbols]);
    expect(Buffer.from(ids.subarray(blocks[1]!.start, blocks[1]!.end).map((id) => id - RAW_OFFSET))).toEqual(text);
  });

  it('leaves BOS and EOS out on request, in every document of a pair', () => {
    const whole = layOutAs('parallel_raw_compressed').ids.length;
    expect(layOutAs('parallel_raw_compressed', false).ids).toHaveLength(whole - 2);
    expect(layOutAs('parallel_raw_compressed', false, false).ids).toHaveLength(whole - 4);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bpeCompressor } from '../../../compressors/bpe/index.js';
import { pluginContext } from '../../../src/plugins/compressor-instance.js';
import { CompressorError } from '../../../src/support/errors.js';
import { loadTokenizer } from '../../../src/tokenizers/index.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { addedToken, byteLevelFile } from '../../tokenizers/tiny-files.js';
import { behavesLikeACodec, coversBytesBySymbols, DOCUMENTS, equalBytes } from '../codec-specification.js';

const SENTENCEPIECE = join(import.meta.dirname, '../../fixtures/tokenizers/sentencepiece/bpe-bytes.model.gz');
const context = pluginContext('/nonexistent', () => {});
const make = (options: object = {}) => bpeCompressor.create(bpeCompressor.options.parse(options), context);
const utf8 = (text: string) => new TextEncoder().encode(text);

const CODE = utf8('def mean(xs):\n    """Mittelwert – 平均"""\n    return sum(xs) / len(xs)\n');

describe('bpe with the tokenizer that ships with the package', () => {
  behavesLikeACodec(() => make({ unrepresentable: 'bytes' }));
  coversBytesBySymbols(() => make({ unrepresentable: 'bytes' }));

  it('gives the ids of the tokenizer', async () => {
    const tokenizer = await loadTokenizer('artifacts/tokenizers/code-65k');
    const bpe = await make();
    expect(bpe.alphabetSize).toBe(tokenizer.vocabularySize);
    for (const document of DOCUMENTS)
      expect((await bpe.encode(document)).symbols).toEqual(
        tokenizer.encode(new TextDecoder().decode(document), { matchAddedTokens: 'none' }),
      );
  });

  it('takes the names of control tokens within a document for text', async () => {
    const bpe = await make();
    const text = utf8('a <|endoftext|> b');
    const { symbols } = await bpe.encode(text);
    const tokenizer = await loadTokenizer('artifacts/tokenizers/code-65k');
    expect([...symbols]).not.toContain(tokenizer.tokenId('<|endoftext|>'));
    expect(equalBytes(await bpe.decode({ symbols }), text)).toBe(true);
  });

  it('reads ordinary added tokens as what they are, exactly', async () => {
    const path = join(temporaryDirectory(), 'tokenizer.json');
    const added_tokens = [addedToken(300, '    '), addedToken(301, '<s>', { special: true })];
    writeFileSync(path, byteLevelFile({ added_tokens, pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false } }));
    const bpe = await make({ tokenizer: path });
    const text = utf8('    hello<s>');
    const { symbols } = await bpe.encode(text);
    const [blanks, control] = (await loadTokenizer(path)).addedTokens.map(({ id }) => id);
    expect(symbols[0]).toBe(blanks);
    expect([...symbols]).not.toContain(control);
    expect(equalBytes(await bpe.decode({ symbols }), text)).toBe(true);
  });

  it('says which bytes each token stands for, in order, all of them', async () => {
    const bpe = await make();
    const segments = [...(await bpe.segments!(CODE))];
    expect(segments.map(({ symbol }) => symbol)).toEqual([...(await bpe.encode(CODE)).symbols]);
    expect(segments[0]!.byteStart).toBe(0);
    expect(segments.at(-1)!.byteEnd).toBe(CODE.length);
    for (const [index, { byteStart }] of segments.entries())
      expect(byteStart).toBe(index === 0 ? 0 : segments[index - 1]!.byteEnd);
  });

  it('makes source code more than three times shorter', async () => {
    const { symbols } = await (await make()).encode(
      utf8('export function add(a: number, b: number): number {\n  return a + b;\n}\n'),
    );
    expect(symbols.length).toBeLessThan(72 / 3);
  });
});

describe('a document that is not text', () => {
  const invalid = Uint8Array.of(0x61, 0xff, 0xc3);

  it('is refused, unless the options say how to write it', async () => {
    const bpe = await make();
    expect(() => bpe.encode(invalid)).toThrowError(CompressorError);
    const exact = await make({ unrepresentable: 'bytes' });
    expect(equalBytes(await exact.decode(await exact.encode(invalid)), invalid)).toBe(true);
    expect(exact.fingerprint).not.toBe(bpe.fingerprint);
  });
});

describe('bpe with a SentencePiece model, which reads its own mark of a blank as a blank', () => {
  const options = () => {
    const tokenizer = join(temporaryDirectory(), 'bpe-bytes.model');
    writeFileSync(tokenizer, gunzipSync(readFileSync(SENTENCEPIECE)));
    return { tokenizer };
  };
  const changed = utf8('a▁b');

  it('refuses a document that decoding would not give back', async () => {
    const bpe = await make(options());
    expect(() => bpe.encode(changed)).toThrowError(CompressorError);
  });

  it('writes it byte by byte where its options say so', async () => {
    const bpe = await make({ ...options(), unrepresentable: 'bytes' });
    const encoded = await bpe.encode(changed);
    expect(encoded.symbols).toHaveLength(changed.length);
    expect(equalBytes(await bpe.decode(encoded), changed)).toBe(true);
  });
});

it('refuses ids that no token has', async () => {
  const bpe = await make();
  expect(() => bpe.decode({ symbols: Uint32Array.of(5, 70_000) })).toThrowError('no token has the id 70000');
});

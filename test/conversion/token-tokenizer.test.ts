import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Tokenizer } from 'tokenizers';
import { describe, expect, it } from 'vitest';
import { tokenTokenizer } from '../../src/conversion/hub/token-tokenizer.js';
import { resolveTokenizer } from '../../src/tokenizers/artifacts.js';
import { BYTE_CHARACTERS } from '../../src/tokenizers/huggingface/byte-alphabet.js';
import { byteLevelFile } from '../../src/tokenizers/huggingface/byte-level-file.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const TEXTS = ['def f(x):\n\treturn x + 1\n', 'Zürich  \u00ad 日本'];

/** How a model of tokens alone was shown text. */
function shown(compressedOffset: number, mix = 'vanilla') {
  return { layout: { size: 70_000, compressedOffset, alphabetSize: 65_536, rawIncluded: false }, addBos: true, mix };
}

const rust = (content: object): Tokenizer => Tokenizer.fromString(JSON.stringify(content));

describe('the tokenizer of a model of tokens', () => {
  it('has the ids that the model was trained on, after BOS, by the Rust library', async () => {
    const file = resolveTokenizer('code-65k');
    const made = (await tokenTokenizer(file, shown(64)))!;
    const original = Tokenizer.fromString(gunzipSync(readFileSync(file)).toString('utf8'));
    const exported = rust(made.tokenizer);
    for (const text of TEXTS) {
      const ids = (await original.encode(text, null, { addSpecialTokens: false })).getIds();
      const theirs = (await exported.encode(text)).getIds();
      expect(theirs).toEqual([1, ...ids.map((id) => id + 64)]);
      expect(await exported.decode(theirs, true)).toBe(text);
    }
    // As `AutoTokenizer` of transformers 5.23 encoded it with these two files, BOS 1, EOS 2 and padding 0.
    const golden = [1, 437, 352, 1259, 577, 843, 2045, 21776, 14229, 289, 38404, 50650];
    expect((await exported.encode('def f(x):\n\treturn Zürich 日本')).getIds()).toEqual(golden);
    expect(made.config).toMatchObject({ bos_token: '<bos>', eos_token: '<eos>', pad_token: '<pad>' });
    expect(exported.tokenToId('<eos>')).toBe(2);
  });

  it('keeps tokens that have the names of ours, and those that stand beside the vocabulary', async () => {
    const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
    const vocabulary = Object.fromEntries(BYTE_CHARACTERS.map((character, id) => [character, id]));
    const source = byteLevelFile({
      specials: ['<pad>', '<s>'].map((content, index) => ({ content, id: 256 + index })),
      preTokenizer: byteLevel,
      postProcessor: null,
      decoder: byteLevel,
      vocabulary,
      merges: [],
    });
    const file = join(temporaryDirectory(), 'tokenizer.json');
    writeFileSync(file, JSON.stringify(source));
    const made = (await tokenTokenizer(file, shown(320, 'sentinel')))!;
    const exported = rust(made.tokenizer);
    expect((await exported.encode('a<s><pad>')).getIds()).toEqual([1, 14, 320 + 97, 320 + 257, 320 + 256]);
    expect(made.config).toMatchObject({ pad_token: '<<pad>>' });
    expect(exported.tokenToId('<<pad>>')).toBe(0);
  });

  it('keeps the token __proto__, which no plain object of JavaScript would', async () => {
    const file = join(temporaryDirectory(), 'tokenizer.json');
    writeFileSync(file, '{ "model": { "type": "BPE", "vocab": { "a": 0, "__proto__": 1, "b": 2 }, "merges": [] } }');
    const { tokenizer } = (await tokenTokenizer(file, shown(64)))!;
    expect(JSON.stringify(tokenizer)).toContain('"a":64,"__proto__":65,"b":66');
  });

  it('is none where the file is of another form', async () => {
    const file = join(temporaryDirectory(), 'tokenizer.model');
    for (const content of ['\n\u000e', JSON.stringify({ model: { type: 'Unigram', vocab: [['a', -1]] } })]) {
      writeFileSync(file, content);
      expect(await tokenTokenizer(file, shown(64))).toBeNull();
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadHuggingFace } from '../../src/tokenizers/huggingface/index.js';
import { encodeBytes } from '../../src/tokenizers/index.js';
import { realCode, rustLibrary } from './rust-library.js';
import { fixture } from './sentencepiece/fixtures.js';
import { hardTexts } from './texts.js';
import { modelFile } from './tiny-files.js';
import { byteLevelUnigram, UNIGRAM_FILES } from './unigram-files.js';

/** As many as 10,000 are in `test/full/fuzz`. */
const RUNS = 200;

const load = (json: string) => loadHuggingFace(Buffer.from(json), 'tokenizer.json');

/** A model alone: its text is one word. */
const bare = (vocab: [string, number][], options: object = {}) =>
  modelFile({ type: 'Unigram', unk_id: 0, vocab, byte_fallback: false, ...options }, {});

describe.each([...Object.entries(UNIGRAM_FILES), ['bytes', byteLevelUnigram]] as const)(
  'a Unigram file like that of %s',
  (_, json) => {
    const file = json();
    const tokenizer = load(file);
    const rust = rustLibrary(file);

    it('gives the ids of the Rust library for real code and for adversarial texts', async () => {
      for (const text of [...realCode(4).map((code) => code.slice(0, 20_000)), ...fixture<string[]>('cases')])
        expect(Array.from(tokenizer.encode(text))).toEqual(await rust.ids(text));
    });

    it('gives the ids of the Rust library for hard texts', async () => {
      await fc.assert(
        fc.asyncProperty(hardTexts, async (text) => {
          expect(Array.from(tokenizer.encode(text))).toEqual(await rust.ids(text));
        }),
        { numRuns: RUNS },
      );
    });
  },
);

describe('a Unigram model', () => {
  it('gives the ids of the Rust library whatever its vocabulary and scores are', async () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '文', '<', 'x'), minLength: 1, maxLength: 4 });
    const score = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.double({ min: -20, max: 2, noNaN: true }),
      fc.constantFrom(-7.315109252929688, -1.9456287622451784, 1e-7),
    );
    const vocabulary = fc.array(fc.tuple(name, score), { minLength: 1, maxLength: 30 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '文', '<', 'x'), minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        vocabulary,
        fc.nat(),
        fc.array(text, { minLength: 1, maxLength: 5 }),
        async (vocab, pick, texts) => {
          const json = bare(vocab, { unk_id: pick % vocab.length, byte_fallback: pick % 2 === 0 });
          const [tokenizer, rust] = [load(json), rustLibrary(json)];
          for (const each of texts) expect(Array.from(tokenizer.encode(each))).toEqual(await rust.ids(each));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('reads scores as the library does, whose last bit decides between paths of equal score', async () => {
    // Exactly, both paths through "ab" have the same sum; the library reads the first number as its neighbour below.
    const read = -7.3151092529296875;
    const json = bare([
      ['<unk>', 0],
      ['a', read / 2],
      ['b', read / 2],
      ['ab', -7.315109252929688],
    ]);
    expect(Array.from(load(json).encode('ab'))).toEqual(await rustLibrary(json).ids('ab'));
  });

  it('comes back exactly where it has all bytes and nothing unknown', () => {
    const tokenizer = load(byteLevelUnigram());
    expect(tokenizer.lossless).toBe(true);
    const bytes = Uint8Array.of(0x68, 0xff, 0xc3, 0xa9, 0x00, 0x80);
    expect(Uint8Array.from(tokenizer.decode(encodeBytes(tokenizer, bytes)))).toEqual(bytes);
  });

  it('knows that texts with the names of its bytes do not come back', () => {
    expect(load(UNIGRAM_FILES['a converted model with byte fallback']!()).lossless).toBe(false);
  });

  it('is encoded in time and memory that grow with the text alone, however long a word is', () => {
    const tokenizer = load(UNIGRAM_FILES['many equal scores, without added tokens']!());
    const text = 'const x = 1;'.repeat(100_000);
    expect(Buffer.from(tokenizer.decode(tokenizer.encode(text))).toString()).toBe(text);
  });

  it('refuses a character without a piece where nothing stands for the unknown', () => {
    const json = bare([['a', -1]], { unk_id: null });
    expect(() => load(json).encode('a↯')).toThrow(/"↯"/);
  });

  it.each([
    ['model.vocab[1]', { vocab: [['<unk>', 0], ['a']] }],
    [
      'model.vocab[1]',
      {
        vocab: [
          ['<unk>', 0],
          ['a', '1'],
        ],
      },
    ],
    ['model.unk_id', { unk_id: 1 }],
    ['model.vocab', { vocab: null }],
  ])('is refused where %s is damaged', (field, options) => {
    expect(() => load(bare([['<unk>', 0]], options))).toThrow(
      expect.objectContaining({ location: { file: 'tokenizer.json', field } }),
    );
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadOpenCoderTokenizer } from '../../../src/tokenizers/sentencepiece/open-coder.js';
import { fixture, modelBytes } from './fixtures.js';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A folder as OpenCoder's, with a small model; the pad token of the original is not in its vocabulary. */
function folderWith(files: Record<string, unknown>): string {
  const folder = mkdtempSync(join(tmpdir(), 'opencoder-'));
  folders.push(folder);
  writeFileSync(join(folder, 'tokenizer.model'), modelBytes('bpe-code'));
  const all = { 'special_tokens_map.json': { pad_token: '<unk>' }, ...files };
  for (const [name, value] of Object.entries(all)) writeFileSync(join(folder, name), JSON.stringify(value));
  return folder;
}

describe('the layout of OpenCoder', () => {
  it('cuts text by its pattern before the model sees it', async () => {
    const tokenizer = await loadOpenCoderTokenizer(folderWith({}));
    const encoded = fixture<string[]>('cases').map((it) =>
      Array.from(tokenizer.encode(it, { matchAddedTokens: 'none' })),
    );
    expect(encoded).toEqual(fixture<number[][]>('opencoder'));
  });

  it('matches added tokens, the longest first, and only where asked to', async () => {
    const tokenizer = await loadOpenCoderTokenizer(
      folderWith({ 'added_tokens.json': { '<|im|>': 5000, '<|im|>x': 5001 } }),
    );
    const ids = tokenizer.encode('a<|im|>xb</s>');
    expect([...ids].filter((id) => id >= 5000 || id === 2)).toEqual([5001, 2]);
    expect(Buffer.from(tokenizer.decode(ids)).toString()).toBe('a<|im|>xb</s>');
    expect(tokenizer.encode('<|im|>', { matchAddedTokens: 'none' })).not.toContain(5000);
    expect(tokenizer.vocabularySize).toBe(5002);
    expect(tokenizer.tokenId('<|im|>')).toBe(5000);
  });

  it('takes the flags of tokenizer_config.json: white space beside a token, and whole words', async () => {
    const token = { special: true, normalized: false, lstrip: false, rstrip: false, single_word: false };
    const tokenizer = await loadOpenCoderTokenizer(
      folderWith({
        'tokenizer_config.json': {
          added_tokens_decoder: {
            5000: { ...token, content: '<L>', lstrip: true },
            5001: { ...token, content: '<R>', rstrip: true },
            5002: { ...token, content: 'word', single_word: true },
          },
        },
      }),
    );
    const decoded = (text: string) => Buffer.from(tokenizer.decode(tokenizer.encode(text))).toString();
    expect(decoded('a  <L> b')).toBe('a<L> b');
    expect(decoded('a <R>\n b')).toBe('a <R>b');
    expect([...tokenizer.encode('a word b')]).toContain(5002);
    expect([...tokenizer.encode('sword')]).not.toContain(5002);
  });

  it('matches ordinary added tokens alone where that is asked for', async () => {
    const token = { normalized: false, lstrip: false, rstrip: false, single_word: false };
    const tokenizer = await loadOpenCoderTokenizer(
      folderWith({
        'tokenizer_config.json': {
          added_tokens_decoder: {
            5000: { ...token, content: '<|im|>', special: true },
            5001: { ...token, content: '<file>', special: false },
          },
        },
      }),
    );
    const ids = [...tokenizer.encode('<|im|> <file>', { matchAddedTokens: 'ordinary' })];
    expect(ids.filter((id) => id >= 5000)).toEqual([5001]);
    expect(Buffer.from(tokenizer.decode(ids)).toString()).toContain('<|im|>');
  });

  it('refuses a special token without an id, naming where it stands', async () => {
    const folder = folderWith({ 'tokenizer_config.json': { pad_token: '<nowhere>' } });
    await expect(loadOpenCoderTokenizer(folder)).rejects.toMatchObject({
      code: 'tokenizer',
      location: { file: join(folder, 'tokenizer_config.json'), field: 'pad_token' },
    });
  });

  it('says that a file is missing', async () => {
    const folder = folderWith({});
    rmSync(join(folder, 'tokenizer.model'));
    await expect(loadOpenCoderTokenizer(folder)).rejects.toThrow('there is no such tokenizer');
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonl, temporaryData } from '../../data/temporary-data.js';
import { pc } from '../../support/pc.js';
import { realCode } from '../../tokenizers/rust-library.js';

describe('pc tokenizer', () => {
  it('trains a tokenizer that encodes and decodes, and does not overwrite it', async () => {
    const cwd = temporaryData({ 'data/a.jsonl': jsonl(realCode(2)) });
    const args = ['tokenizer', 'train', 'data', '-o', 'code', '--vocab-size', '600', '--held-out-bytes', '0'];
    const trained = await pc([...args, '--special-token', '<|end|>', '--special-token', '<|pad|>'], { cwd });
    expect(trained.status, trained.stderr).toBe(0);
    expect(trained.stdout).toMatch(/tokens +600\n/);
    expect(trained.stdout).toMatch(/merges +342\n/);
    const text = 'interface é {}<|pad|>';
    const [again, info, encoded, control] = await Promise.all([
      pc(args, { cwd }),
      pc(['tokenizer', 'info', 'code', '--json'], { cwd }),
      pc(['tokenizer', 'encode', '-t', 'code', text, '--json', '--tokens'], { cwd }),
      pc(['tokenizer', 'encode', '-t', 'code', text, '--added-tokens', 'all'], { cwd }),
    ]);
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('--force');
    expect(JSON.parse(info.stdout)).toMatchObject({
      vocabularySize: 600,
      lossless: true,
      allBytes: true,
      unusedIds: 0,
      addedTokens: [
        { id: 0, content: '<|end|>' },
        { id: 1, content: '<|pad|>' },
      ],
    });
    const { ids, tokens } = JSON.parse(encoded.stdout) as { ids: number[]; tokens: string[] };
    expect(tokens.join('')).toBe('interfaceĠÃ©Ġ{}<|pad|>');
    expect(ids).not.toContain(1);
    expect(control.stdout.trim().split(' ').at(-1)).toBe('1');
    const decoded = await pc(['tokenizer', 'decode', ...ids.map(String), '--tokenizer', 'code'], { cwd });
    expect(decoded.stdout).toBe(text);
  });

  it('prints a million ids as JSON, and the names of tokens only where they are asked for', async () => {
    const cwd = temporaryData({ 'long.txt': 'a\n\tb '.repeat(400_000) });
    const { stdout, status } = await pc(['tokenizer', 'encode', '--file', 'long.txt', '--json'], { cwd });
    expect(status).toBe(0);
    const encoded = JSON.parse(stdout) as { bytes: number; ids: number[] };
    expect(Object.keys(encoded)).toEqual(['bytes', 'ids']);
    expect(encoded.bytes).toBe(2_000_000);
    expect(encoded.ids.length).toBeGreaterThan(1_000_000);
  });

  it('has the shipped tokenizer, whose recipe lists permissive licences only', async () => {
    const { stdout } = await pc(['tokenizer', 'info', '--json']);
    const facts = JSON.parse(stdout) as { path: string; vocabularySize: number; addedTokens: { content: string }[] };
    expect(facts.vocabularySize).toBe(65_536);
    expect(facts.addedTokens.map(({ content }) => content)).toEqual([
      '<|endoftext|>',
      '<|fim_prefix|>',
      '<|fim_middle|>',
      '<|fim_suffix|>',
      '<|pad|>',
    ]);
    const recipe = JSON.parse(readFileSync(join(facts.path, '..', 'corpus.json'), 'utf8')) as {
      packages: { version: string; licence: string }[];
    };
    for (const { version, licence } of recipe.packages) {
      expect(version).not.toBe('');
      expect(licence).toMatch(/Apache|MIT|BSD|ISC/);
      expect(licence).not.toMatch(/GPL/);
    }
  });

  it('tells what is no tokenizer, no id, and no use of a flag', async () => {
    const [missing, words, beyond, unused, twice] = await Promise.all([
      pc(['tokenizer', 'info', 'nowhere.json']),
      pc(['tokenizer', 'decode', '12', 'x']),
      pc(['tokenizer', 'decode', '65536']),
      pc(['tokenizer', 'train', 'data', '-o', 'x', '--transition', '0.5']),
      pc(['tokenizer', 'train', 'data', '-o', 'x', '--special-token', '<a>', '--special-token', '<a>']),
    ]);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain('nowhere.json');
    expect(words.stderr).toContain('"x" is no token id');
    expect(beyond.status).toBe(1);
    expect(unused.status).toBe(2);
    expect(unused.stderr).toContain('--kind superbpe');
    expect(twice.status).toBe(2);
    expect(twice.stderr).toContain('--special-token: the special token "<a>" is named twice');
  });
});

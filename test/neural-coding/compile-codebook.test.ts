import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrequencyModel } from '../../src/neural-coding/byte-model.js';
import type { Codebook, CodebookProvenance } from '../../src/neural-coding/codebook.js';
import { compileCodebook } from '../../src/neural-coding/compile-codebook.js';
import type { WindowCoder } from '../../src/neural-coding/parameters.js';
import type { GrowthOptions, GrowthProgress } from '../../src/neural-coding/phrases.js';
import { WindowEncoder } from '../../src/neural-coding/window-encoder.js';
import { CodebookError } from '../../src/support/errors.js';
import { stringsOf } from './compiled-strings.js';
import { HASH_MODEL_SHAPES, hashModel } from './hash-model.js';
import { oracleCoder, oracleEncode, oracleOwner, oraclePhrases } from './window-oracle.js';

const provenance: CodebookProvenance = { source: 'custom', modelFingerprint: 'hash', corpus: 'none' };

function compiled(
  model: FrequencyModel,
  coder: WindowCoder,
  windowBits: number,
  options: GrowthOptions = {},
): Promise<Codebook> {
  return compileCodebook(model, { coder, windowBits }, { provenance, ...options });
}

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));
const every = (step: number) => (_: unknown, index: number) => index % step === 0;
/** As the oracle says it: null for no code. */
const orNull = (code: number) => (code === -1 ? null : BigInt(code));

const UNIFORM: FrequencyModel = {
  fingerprint: 'uniform',
  frequencies: async (prefixes) => new Uint32Array(prefixes.length * 256).fill(256),
};

describe('a codebook', () => {
  it.each(HASH_MODEL_SHAPES)('has the phrases and codes of the rules (%s model)', async (shape) => {
    const { after, ...model } = hashModel(shape, 12);
    const expected = oraclePhrases(after, 12);
    for (const coder of ['strict', 'lester'] as const) {
      const strings = stringsOf(await compiled(model, coder, 12));
      expect([...strings.keys()]).toEqual(expected);
      const codeOf = oracleCoder(after, { coder, windowBits: 12 });
      for (const [text, code] of [...strings].filter(every(20))) expect(codeOf(latin1(text))).toEqual(orNull(code));
    }
  });

  it('has the most probable strings with coder dense, numbered in preorder', async () => {
    const { after, ...model } = hashModel('skewed', 12);
    const strings = stringsOf(await compiled(model, 'dense', 12));
    const codeOf = oracleCoder(after, { coder: 'dense', windowBits: 12 });
    expect([...strings.values()]).toEqual([...strings.keys()].map((_, rank) => rank));
    for (const [text, code] of [...strings].filter(every(10))) expect(codeOf(latin1(text))).toBe(BigInt(code));
    const continued = [...strings.keys()]
      .filter(every(50))
      .flatMap((text) => [0, 127].map((byte) => [text, byte] as const));
    for (const [text, byte] of continued) {
      const longer = text + String.fromCharCode(byte);
      expect(codeOf(latin1(longer)) !== undefined).toBe(strings.has(longer));
    }
  });

  it.each(HASH_MODEL_SHAPES)('of coder dense has all bytes and at most 2^τ strings (%s model)', async (shape) => {
    const strings = stringsOf(await compiled(hashModel(shape, 12, 5), 'dense', 12));
    expect(strings.size).toBeLessThanOrEqual(2 ** 12);
    for (let byte = 0; byte < 256; byte++) expect(strings.has(String.fromCharCode(byte))).toBe(true);
  });

  it.each(HASH_MODEL_SHAPES)(
    'of coder strict gives a code to one string, which owns its cell (%s model)',
    async (shape) => {
      const { after, ...model } = hashModel(shape, 14, 3);
      const coded = [...stringsOf(await compiled(model, 'strict', 14))].filter(([, code]) => code !== -1);
      expect(new Set(coded.map(([, code]) => code)).size).toBe(coded.length);
      for (const [text, code] of coded.filter(every(100))) {
        expect(oracleOwner(after, 14, BigInt(code))).toEqual(latin1(text));
      }
    },
  );

  it('of coder lester gives the same code to strings only that begin each other', async () => {
    const strings = stringsOf(await compiled(hashModel('certain', 12), 'lester', 12));
    const longest = new Map<number, string>();
    let shared = 0;
    for (const [text, code] of strings) {
      const before = longest.get(code);
      if (before !== undefined) {
        expect(text.startsWith(before)).toBe(true);
        shared++;
      }
      longest.set(code, text);
    }
    expect(shared).toBeGreaterThan(0);
  });

  it('gives cells to pairs, and none to the bytes that they fill, where all bytes are alike', async () => {
    const strings = stringsOf(await compiled(UNIFORM, 'strict', 16));
    const codes = [...strings].filter(([text]) => text.length > 1);
    const pairs = Array.from({ length: 65_536 }, (_, pair) => [String.fromCharCode(pair >> 8, pair % 256), pair]);
    expect(JSON.stringify(codes)).toBe(JSON.stringify(pairs));
    for (let byte = 0; byte < 256; byte++) expect(strings.get(String.fromCharCode(byte))).toBe(-1);
  });

  it('numbers no string that shares its probability with more than there is room for', async () => {
    const strings = stringsOf(await compiled(UNIFORM, 'dense', 16));
    expect([...strings]).toEqual(Array.from({ length: 256 }, (_, byte) => [String.fromCharCode(byte), byte]));
  });
});

describe('compiled windows', () => {
  const cases = HASH_MODEL_SHAPES.flatMap((shape) =>
    (['strict', 'lester'] as const).map((coder) => [shape, coder] as const),
  );

  it.each(cases)('are those of the rules, for text of the model and for any bytes (%s, %s)', async (shape, coder) => {
    const parameters = { coder, windowBits: 12 };
    const model = hashModel(shape, 12, 7);
    const codebook = await compiled(model, coder, 12);
    const encoder = new WindowEncoder(codebook, { symbolBits: 12, numbering: 'sparse' });
    const symbolsOf = (bytes: Uint8Array) =>
      oracleEncode(model.after, parameters, bytes).map(({ code, literal }) => literal ?? 256 + Number(code));
    const check = (bytes: Uint8Array) => {
      expect([...encoder.encode(bytes).symbols]).toEqual(symbolsOf(bytes));
    };
    check(model.sample(80));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 8 }), check), { numRuns: 5 });
  });
});

describe('a compiler', () => {
  /** The prefixes that a compiler asks for, in latin-1. */
  function observed(model: FrequencyModel): { model: FrequencyModel; asked: string[]; batches: number[] } {
    const asked: string[] = [];
    const batches: number[] = [];
    const frequencies = (prefixes: readonly Uint8Array[]) => {
      batches.push(prefixes.length);
      asked.push(...prefixes.map((prefix) => Buffer.from(prefix).toString('latin1')));
      return model.frequencies(prefixes);
    };
    return { model: { fingerprint: model.fingerprint, frequencies }, asked, batches };
  }

  it('asks once for every phrase that can go on, and for nothing else', async () => {
    const { model, asked } = observed(hashModel('certain', 12));
    const strings = [...stringsOf(await compiled(model, 'strict', 12)).keys()];
    expect(asked.toSorted()).toEqual(['', ...strings.filter((text) => text.length < 64)].toSorted());
    expect(strings.some((text) => text.length === 64)).toBe(true);
  });

  it('asks for no more at a time than it is told to, which changes nothing', async () => {
    const small = observed(hashModel('skewed', 12));
    for (const coder of ['strict', 'dense'] as const) {
      const codebook = await compiled(small.model, coder, 12, { batchSize: 100 });
      expect(Math.max(...small.batches)).toBe(100);
      expect(codebook).toEqual(await compiled(hashModel('skewed', 12), coder, 12));
    }
  });

  it('tells how far it is', async () => {
    const progress: GrowthProgress[] = [];
    const codebook = await compiled(hashModel('skewed', 12), 'strict', 12, { onProgress: (at) => progress.push(at) });
    const asked = progress.map((at) => at.asked);
    expect(asked).toEqual(asked.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toEqual({ asked: codebook.bytes.length, found: codebook.bytes.length - 1 });
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const onProgress = () => controller.abort(reason);
    const stopped = compiled(hashModel('skewed', 12), 'strict', 12, {
      signal: controller.signal,
      batchSize: 10,
      onProgress,
    });
    await expect(stopped).rejects.toBe(reason);
  });

  it('refuses windows that have no compiled form', async () => {
    await expect(compiled(UNIFORM, 'strict', 24)).rejects.toThrow(CodebookError);
    await expect(compiled(UNIFORM, 'strict', 13)).rejects.toThrow(/13 bits/);
  });
});

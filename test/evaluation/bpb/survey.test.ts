import { describe, expect, it } from 'vitest';
import { chooseWindows, surveyDocuments } from '../../../src/evaluation/bpb/survey.js';
import { shown } from '../shown.js';

const NOTHING = { context: null, contextBytes: null, stride: null };
const LIMITS = { trained: 512, multiple: 128 };
/** Two symbols a byte. */
const SURVEY = { documents: 3, bytes: 5000, symbols: 10_000 };

describe('the choice of windows', () => {
  it('is the training length, end to end, if nothing is asked for', () => {
    expect(chooseWindows(NOTHING, LIMITS, SURVEY)).toEqual({ context: 512, stride: 512 });
  });

  it('may be shorter or longer than training', () => {
    for (const context of [128, 1024])
      expect(chooseWindows({ ...NOTHING, context, stride: 100 }, LIMITS, SURVEY)).toEqual({ context, stride: 100 });
  });

  it('spans the bytes asked for, to the nearest length that the model can read', () => {
    const context = (contextBytes: number) => chooseWindows({ ...NOTHING, contextBytes }, LIMITS, SURVEY).context;
    expect(context(512)).toBe(1024);
    expect(context(530)).toBe(1024);
    expect(context(560)).toBe(1152);
    expect(context(1)).toBe(128);
  });

  it.each([
    [{ ...NOTHING, context: 500 }, 'bpb.context', /384 or 512/],
    [{ ...NOTHING, context: 100 }, 'bpb.context', /128/],
    [{ ...NOTHING, stride: 513 }, 'bpb.stride', /at most 512/],
  ])('refuses %j and says what is possible', (options, field, hint) => {
    expect(() => chooseWindows(options, LIMITS, SURVEY)).toThrow(
      expect.objectContaining({ code: 'config', hint: expect.stringMatching(hint), location: { field } }),
    );
  });
});

describe('the survey', () => {
  it('counts documents, bytes and the symbols of the stream', async () => {
    async function* documents() {
      yield* await shown(['abc', 'é']);
    }
    expect(await surveyDocuments(documents())).toEqual({ documents: 2, bytes: 5, symbols: 5 + 2 * 4, crops: 0 });
  });

  it('stops when it is aborted', async () => {
    async function* documents() {
      yield* await shown(['abc']);
    }
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(surveyDocuments(documents(), { signal })).rejects.toThrow('enough');
  });
});

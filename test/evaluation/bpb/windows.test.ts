import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutWindows, type Window, windowCount } from '../../../src/evaluation/bpb/windows.js';
import { EOS } from '../../../src/vocabulary/layout.js';
import { shown } from '../shown.js';

/** Neither sentinels nor BOS nor EOS. */
const VANILLA = {
  compression: { mode: 'vanilla', rate: 0 },
  symbols: { vocabulary: { compressedOffset: 64 }, addBos: false, addEos: false },
} as const;

async function windowsOf(texts: string[], context: number, stride: number, vanilla = false): Promise<Window[]> {
  const documents = await shown(texts, vanilla ? VANILLA : {});
  const windows: Window[] = [];
  for await (const window of cutWindows(documents, { context, stride })) windows.push(window);
  return windows;
}

describe('windows', () => {
  it('score every symbol of the stream but the first exactly once, in order', async () => {
    const texts = fc.array(fc.string({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        texts,
        fc.integer({ min: 1, max: 40 }),
        fc.nat(),
        fc.boolean(),
        async (all, context, n, vanilla) => {
          const stride = 1 + (n % context);
          const stream = (await shown(all, vanilla ? VANILLA : {})).flatMap(({ ids }) => [...ids]);
          const windows = await windowsOf(all, context, stride, vanilla);
          const labels = windows.flatMap(({ ids, spans }) =>
            spans.flatMap(({ from, to }) => [...ids.slice(from + 1, to + 1)]),
          );
          expect(labels).toEqual(vanilla ? stream : stream.slice(1));
          expect(windows).toHaveLength(windowCount(stream.length + (vanilla ? 1 : 0), { context, stride }));
          expect(windows.flatMap(({ spans }) => spans.filter(({ completes }) => completes))).toHaveLength(all.length);
        },
      ),
    );
  });

  it('begin one stride after the other, and the last one is filled up with EOS', async () => {
    const [first, second, ...rest] = await windowsOf(['abcdefgh'], 8, 5);
    // BOS <raw> a b c d e f g h </raw> EOS
    expect([...first!.ids]).toEqual([1, 12, 161, 162, 163, 164, 165, 166, 167]);
    expect(first!.spans).toMatchObject([{ from: 0, to: 8, completes: false }]);
    expect([...second!.ids]).toEqual([164, 165, 166, 167, 168, 13, EOS, EOS, EOS]);
    expect(second!.spans).toMatchObject([{ from: 3, to: 6, completes: true }]);
    expect(rest).toEqual([]);
  });

  it('have no last window where the one before ends with the stream', async () => {
    expect(await windowsOf(['abcde'], 8, 8)).toHaveLength(1);
    expect(await windowsOf(['abcdef'], 8, 8)).toHaveLength(2);
  });

  it('put the end of a document before a stream that would begin with text', async () => {
    const [window] = await windowsOf(['ab'], 4, 4, true);
    expect([...window!.ids]).toEqual([EOS, 161, 162, EOS, EOS]);
    expect(window!.spans).toMatchObject([{ from: 0, to: 2 }]);
  });

  it('count the bytes that precede each symbol', async () => {
    const [first, second] = await windowsOf(['abc', 'é'], 8, 8);
    expect([...first!.bytesBefore]).toEqual([0, 0, 0, 1, 2, 3, 3, 3, 3]);
    // The window begins with the <raw> of the second document.
    expect([...second!.bytesBefore].slice(0, 5)).toEqual([3, 3, 4, 5, 5]);
  });

  it('tell whether they begin within a document', async () => {
    const inside = (windows: Window[]) => windows.map(({ cutsDocument, cutsStream }) => [cutsDocument, cutsStream]);
    expect(inside(await windowsOf(['abcd', 'efgh'], 8, 8))).toEqual([
      [false, false],
      [false, true],
    ]);
    expect(inside(await windowsOf(['abcd', 'efgh'], 8, 4)).at(1)).toEqual([true, true]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldMemory } from '../../../src/data/download/held-memory.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('memory held by work that is taken in order', () => {
  it('is not exceeded by any but the oldest', async () => {
    const memory = new HeldMemory(100);
    const [first, second] = [memory.begin(), memory.begin()];
    await second.grow(90);
    await first.grow(500);
    expect(memory.held).toBe(590);
    let grown = false;
    const growing = second.grow(20).then(() => {
      grown = true;
    });
    await settled();
    expect(grown).toBe(false);
    first.end();
    await growing;
    expect(memory.held).toBe(110);
  });

  it('is free again for what another attempt needs', async () => {
    const memory = new HeldMemory(100);
    const [, second, third] = [memory.begin(), memory.begin(), memory.begin()];
    await second.grow(100);
    const growing = third.grow(60);
    second.empty();
    await growing;
    expect(memory.held).toBe(60);
  });

  it('lets work of any sizes end, with the limit and the oldest at most', async () => {
    const works = fc.array(fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 4 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(works, async (sizes) => {
        const memory = new HeldMemory(100);
        const largest = Math.max(0, ...sizes.map((pieces) => pieces.reduce((sum, bytes) => sum + bytes, 0)));
        const running = sizes.map(async (pieces) => {
          const claim = memory.begin();
          for (const bytes of pieces) {
            await claim.grow(bytes);
            expect(memory.held).toBeLessThanOrEqual(100 + largest);
          }
          return claim;
        });
        for (const work of running) (await work).end();
        expect(memory.held).toBe(0);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { OutputError, TrainingError } from '../../src/support/errors.js';
import { firstForAll, gatherJson } from '../../src/training/gather.js';

/** Processes whose collectives wait for each other, as those of a backend do. */
function processes(world: number) {
  const rounds: { bytes: Uint8Array[]; all: Deferred }[] = [];
  return Array.from({ length: world }, (_, rank) => {
    let round = 0;
    return {
      topology: { rank, world, devices: [] },
      allGather: (bytes: Uint8Array): Promise<Uint8Array[]> => {
        rounds[round] ??= { bytes: [], all: deferred() };
        const { bytes: gathered, all } = rounds[round++]!;
        gathered[rank] = bytes;
        if (gathered.filter(Boolean).length === world) all.resolve(gathered);
        return all.promise;
      },
    };
  });
}

interface Deferred {
  promise: Promise<Uint8Array[]>;
  resolve(value: Uint8Array[]): void;
}

function deferred(): Deferred {
  let resolve: Deferred['resolve'] = () => {};
  const promise = new Promise<Uint8Array[]>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('what one process does for all', () => {
  it('is done once, when all have come, and before any goes on', async () => {
    const order: string[] = [];
    await Promise.all(
      processes(3).map(async (own) => {
        order.push('came');
        await firstForAll(own, async () => void order.push(`work of ${own.topology.rank}`));
        order.push('went on');
      }),
    );
    expect(order).toEqual(['came', 'came', 'came', 'work of 0', 'went on', 'went on', 'went on']);
  });

  it('fails for all when it fails, and says why in each', async () => {
    const failure = new OutputError('the directory is in use');
    const results = await Promise.allSettled(
      processes(2).map((own) => firstForAll(own, () => Promise.reject(failure))),
    );
    expect(results[0]).toMatchObject({ reason: failure });
    expect(results[1]).toMatchObject({ reason: expect.any(TrainingError) });
    expect(results[1]).toMatchObject({ reason: { message: 'process 0 could not go on: the directory is in use' } });
  });

  it('is simply done where there is one process', async () => {
    let done = 0;
    const alone = { topology: { rank: 0, world: 1, devices: [] }, allGather: () => Promise.reject(new Error('alone')) };
    await firstForAll(alone, async () => void done++);
    expect(done).toBe(1);
    expect(await gatherJson(alone, 7)).toEqual([7]);
  });
});

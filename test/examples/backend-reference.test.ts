import { describe, expect, it } from 'vitest';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import * as g from '../../src/graph/index.js';
import type { PluginManifest } from '../../src/plugins/contracts.js';
import { host, type PluginOptions } from '../../src/plugins/host.js';
import { describeParity } from '../backends/parity.js';
import { describeState } from '../backends/session-state.js';
import { SMALL_MODELS, trainSmall } from '../backends/small-models.js';

const { href } = new URL('../../examples/backend-reference/index.js', import.meta.url);
const { default: plugin } = (await import(href)) as { default(options: PluginOptions): PluginManifest };
const definition = plugin({ host }).backends![0]!;
const backend = await definition.create(definition.options.parse({}));

describe('the example of a backend', () => {
  describeParity(() => backend.open([]), 1e-7);
  describeState((state) => backend.open(state));

  it('trains as ONNX Runtime does', async () => {
    const reference = await onnxruntimeBackend.create(onnxruntimeBackend.options.parse({ replicas: 1 }));
    const [ours, theirs] = [
      await trainSmall(backend, SMALL_MODELS.OpenCoder, 2),
      await trainSmall(reference, SMALL_MODELS.OpenCoder, 2),
    ];
    for (const [step, loss] of theirs.losses.entries()) expect(ours.losses[step]).toBeCloseTo(loss, 4);
  });

  it('refuses what it has no numbers of, and state that is not there', async () => {
    const session = await backend.open([]);
    const half = await session.load(g.makeProgram({ outputs: { half: g.input('x', 'f16', [1]) } }));
    const x = { dtype: 'f16' as const, shape: [1], bytes: new Uint8Array(2) };
    await expect(half.run([{ x }])).rejects.toMatchObject({ failure: 'unsupported-operation' });
    const stray = g.makeProgram({ outputs: { w: g.negate(g.state('w', 'f32', [1])) } });
    await expect(session.load(stray)).rejects.toMatchObject({ failure: 'corrupt-program' });
  });
});

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { exportProgram } from '../../backends/onnxruntime/export-program.js';
import { onnxruntimeBackend } from '../../backends/onnxruntime/index.js';
import { exportToOnnx } from '../../src/conversion/index.js';
import { integer, makeProgram, state } from '../../src/graph/index.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { deviation, logitsOf, someIds } from './logits.js';
import { TINY_EVABYTE, TINY_OPENCODER, type UntrainedRun, untrainedRun } from './models.js';

function exportedGraph({ checkpoint, config }: UntrainedRun, output: string, sequenceLength: number) {
  const exporter = onnxruntimeBackend.exporters!.onnx!;
  return exportToOnnx({ checkpoint, run: config, exporter, output, rows: 2, sequenceLength, force: false });
}

/** Runs a graph by ONNX Runtime alone. */
async function run(directory: string, rows: readonly number[][]): Promise<Float32Array[]> {
  const session = await InferenceSession.create(join(directory, 'model.onnx'));
  const length = rows[0]!.length;
  const ids = new Tensor('int32', Int32Array.from(rows.flat()), [rows.length, length]);
  const { logits } = await session.run({ ids });
  await session.release();
  const data = logits!.data as Float32Array;
  return rows.map((_, row) => data.slice((row * data.length) / rows.length, ((row + 1) * data.length) / rows.length));
}

describe.each([
  { name: 'EvaByte', model: TINY_EVABYTE, heads: 2 },
  { name: 'OpenCoder', model: TINY_OPENCODER, heads: 1 },
])('the graph of $name', ({ model, heads }) => {
  it('gives the logits of every row, position and head, with its weights in a file of their own', async () => {
    const directory = temporaryDirectory();
    const untrained = await untrainedRun(join(directory, 'run'), model, { compressed: 7 });
    const report = await exportedGraph(untrained, join(directory, 'graph'), 24);
    expect(report.shapes).toEqual({ ids: [2, 24], logits: [2, 24, heads, 327] });
    expect(statSync(join(directory, 'graph/model.safetensors')).size).toBeGreaterThan(report.bytes);
    const rows = [someIds(24, 327), someIds(24, 327).reverse()];
    for (const [index, logits] of (await run(join(directory, 'graph'), rows)).entries())
      expect(deviation(logits, await logitsOf(untrained.checkpoint, untrained.model, rows[index]!))).toBeLessThan(1e-5);
    const described = JSON.parse(readFileSync(join(directory, 'graph/model.json'), 'utf8'));
    expect(described).toMatchObject({ step: 40, vocabulary: { layout: { size: 327, compressedOffset: 320 } } });
  });

  it('is no different at positions before what a shorter text is padded with', async () => {
    const directory = temporaryDirectory();
    const untrained = await untrainedRun(join(directory, 'run'), model);
    await exportedGraph(untrained, join(directory, 'graph'), 24);
    const text = someIds(13, 320);
    const padded = (pad: number) => [...text, ...Array<number>(11).fill(pad)];
    const [zeros, ones] = await run(join(directory, 'graph'), [padded(0), padded(1)]);
    const seen = text.length * heads * 320;
    expect(deviation(zeros!.subarray(0, seen), ones!.subarray(0, seen))).toBeLessThan(1e-6);
  });
});

describe('an export to ONNX', () => {
  it('refuses a length that is no whole number of windows', async () => {
    const directory = temporaryDirectory();
    const untrained = await untrainedRun(join(directory, 'run'), TINY_EVABYTE);
    await expect(exportedGraph(untrained, join(directory, 'graph'), 20)).rejects.toMatchObject({
      code: 'usage',
      hint: 'Choose a multiple of 8.',
    });
  });

  it('is of programs that change no state, and whose state lies somewhere', () => {
    const counter = state('counter', 'i32', []);
    const reads = makeProgram({ outputs: { counter } });
    expect(() => exportProgram(reads, [])).toThrow('counter, which lies in no file');
    const changes = makeProgram({ outputs: { counter }, next: { counter: integer(1) } });
    expect(() => exportProgram(changes, [])).toThrow('changes counter');
  });
});

import { InferenceSession, type Tensor } from 'onnxruntime-node';
import type { DType, HostTensor } from '../../src/graph/index.js';
import { OnnxWriter } from './onnx-writer.js';
import { fromOrt, toOrt } from './state.js';

/**
 * Moves tensors to the GPU and back: through sessions of one Identity operator whose result lies on the other side.
 * `getData()` of a tensor on the GPU ends the process (1.30.0).
 */
export class WebgpuTransfers {
  private readonly sessions = new Map<string, Promise<InferenceSession>>();

  async upload(tensor: HostTensor): Promise<Tensor> {
    return this.pass(toOrt(tensor), tensor.dtype, 'gpu-buffer');
  }

  async download(tensor: Tensor, dtype: DType): Promise<HostTensor> {
    return fromOrt(await this.pass(tensor, dtype, 'cpu'));
  }

  /** The same values in memory that no program owns. */
  async copy(tensor: Tensor, dtype: DType): Promise<Tensor> {
    return this.pass(tensor, dtype, 'gpu-buffer');
  }

  async dispose(): Promise<void> {
    for (const session of this.sessions.values()) await (await session).release();
    this.sessions.clear();
  }

  private async pass(x: Tensor, dtype: DType, to: 'cpu' | 'gpu-buffer'): Promise<Tensor> {
    const key = `${dtype} ${to}`;
    let session = this.sessions.get(key);
    if (!session) {
      session = InferenceSession.create(identity(dtype), {
        executionProviders: ['webgpu'],
        preferredOutputLocation: to,
        logSeverityLevel: 4,
      });
      this.sessions.set(key, session);
      // The next transfer tries again.
      session.catch(() => this.sessions.delete(key));
    }
    return (await (await session).run({ x })).y!;
  }
}

/** A model that gives what it takes, of any shape. */
function identity(dtype: DType): Uint8Array {
  const writer = new OnnxWriter();
  const copy = writer.add('Identity', [writer.input('x', dtype, null)]);
  writer.output(copy, 'y', dtype, null);
  return writer.encode();
}

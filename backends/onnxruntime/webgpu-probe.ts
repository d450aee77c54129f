import { hostTensor } from '../../src/graph/index.js';
import { WebgpuTransfers } from './webgpu-transfers.js';

/**
 * Run as a process of its own: succeeds if the runtime finds a WebGPU adapter and computes on it. A driver that fails may
 * end the process, and the runtime writes to its terminal.
 */
const transfers = new WebgpuTransfers();
const there = await transfers.upload(hostTensor('f32', [1, 2, 3]));
const { bytes } = await transfers.download(there, 'f32');
process.exit(bytes.length === 3 * Float32Array.BYTES_PER_ELEMENT ? 0 : 1);

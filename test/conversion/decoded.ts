import { decodedPieces, type FloatElement } from '../../src/conversion/float-elements.js';

/** The values of bytes of a type, given as one piece. */
export async function decoded(type: FloatElement, bytes: Uint8Array): Promise<Float32Array> {
  async function* one() {
    yield bytes;
  }
  for await (const values of decodedPieces(type, one(), { file: 'test.safetensors', name: 'w' })) return values.slice();
  return new Float32Array(0);
}

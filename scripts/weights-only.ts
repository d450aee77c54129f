/**
 * Writes the weights of a byte model's checkpoint alone, in half precision, as a directory of its own: what is shipped.
 *
 *     npm run weights-only -- runs/m1/checkpoints/0000004000 artifacts/m1/NAME
 */
import { openCheckpoint, saveWeightsOnly } from '../src/checkpoints/index.js';

const [checkpoint, directory] = process.argv.slice(2);
if (checkpoint === undefined || directory === undefined) throw new Error('give a checkpoint and a new directory');
await saveWeightsOnly(await openCheckpoint(checkpoint), directory);

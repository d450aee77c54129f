import { join } from 'node:path';
import type { PortableModel } from '../../neural-coding/portable-model.js';
import { CheckpointError } from '../../support/errors.js';

/** The model of streams that the package ships. */
export const DEFAULT_STREAM_MODEL = 'm1-segment-s';

/**
 * The model that a path or the name of a shipped one stands for; what exists at the path comes first.
 *
 * @throws CheckpointError if there is neither, or it is no byte model
 */
export async function streamModel(nameOrPath: string): Promise<PortableModel> {
  const { exists } = await import('../../support/output-failures.js');
  const { packageRoot } = await import('../../support/package-root.js');
  const { openPortableModel } = await import('../../neural-coding/portable-model-file.js');
  if (await exists(nameOrPath)) return openPortableModel(nameOrPath);
  const shipped = join(packageRoot(), 'artifacts', 'm1', nameOrPath);
  if (await exists(shipped)) return openPortableModel(shipped);
  throw new CheckpointError(`there is no model ${nameOrPath}`, {
    file: nameOrPath,
    hint: 'Name a checkpoint of a byte model by --model DIR, such as one that `pc train --preset m1-segment-s` made.',
  });
}

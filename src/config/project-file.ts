import { join } from 'node:path';
import { OutputError } from '../support/errors.js';
import { exists, refuseToOverwrite } from '../support/output-failures.js';
import { PROJECT_FILES } from './files.js';

/** The name of the file that `pc init` writes and every command reads. */
export const PROJECT_FILE = 'pc.config.yaml';

/** What `pc init` writes: the choices a newcomer meets first, each said in a line. */
export const PROJECT_TEMPLATE = `# What this project trains. \`pc configs show\` prints every setting and where its value comes from;
# flags and \`--set a.b=value\` go before what is written here.

# Presets to build upon, later ones win; \`pc configs list\` names them all.
# This pair is a byte model of about two million parameters that learns from text in codes of 12 bits, which stand for
# phrases that a byte model finds equally surprising, and trains in minutes on two cores. neural-proxy has codes of 16 bits,
# more bytes each, and a vocabulary of 65 thousand; gzip-proxy learns from gzip.
extends: [evabyte-1m, neural-proxy-12]

data:
  root: data # one folder a source; \`pc data import\` makes them
  sources:
    train: 1 # weight of each
  validation: data/validation # never trained on
  # Compressed and raw text in two phases, as in the paper; without it, the proxy's rate holds throughout.
  # schedule:
  #   warmup: 120
  #   steady: 480
  #   decay: 0
  #   initialRate: 0.4
  #   peakRate: 0.9
  #   finalRate: 0.9
  #   initialMode: translation_random
  #   steadyMode: sentinel
  #   finalMode: sentinel
`;

/**
 * Checks that a directory has no project configuration, or one that may be replaced.
 *
 * @throws OutputError if it has one and `force` is false, or one under another name, which would be read beside the new
 */
export async function refuseSecondProject(directory: string, force: boolean): Promise<void> {
  await refuseToOverwrite(join(directory, PROJECT_FILE), force);
  for (const name of PROJECT_FILES) {
    if (name === PROJECT_FILE || !(await exists(join(directory, name)))) continue;
    throw new OutputError(`this project is configured by ${name} already`, {
      file: join(directory, name),
      hint: 'Move it away to begin anew.',
    });
  }
}

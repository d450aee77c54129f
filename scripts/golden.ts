import { PcError } from '../src/support/errors.js';
import { compareWithGolden, type Deviation } from './golden-comparison.js';

/**
 * npm run golden -- FILE…
 *
 * Checks models against files of what other implementations made of the same parameters and inputs. Prints the largest relative
 * error of the logits, the loss and each gradient, and exits 1 if one is above the tolerance.
 */
const TOLERANCE = 1e-4;

async function check(file: string): Promise<boolean> {
  const deviations = await compareWithGolden(file);
  const worst = deviations.reduce((a, b) => (b.relativeError > a.relativeError ? b : a));
  process.stdout.write(`${file}\n`);
  for (const deviation of deviations) process.stdout.write(`  ${line(deviation)}\n`);
  const agrees = worst.relativeError <= TOLERANCE;
  process.stdout.write(`  ${agrees ? 'agrees' : 'DISAGREES'} to ${TOLERANCE}; largest: ${line(worst)}\n`);
  return agrees;
}

function line({ name, relativeError }: Deviation): string {
  return `${relativeError.toExponential(2).padStart(9)}  ${name}${relativeError <= TOLERANCE ? '' : '  ← above the tolerance'}`;
}

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write('usage: npm run golden -- FILE…\n');
  process.exit(2);
}
try {
  let agree = true;
  for (const file of files) agree = (await check(file)) && agree;
  process.exitCode = agree ? 0 : 1;
} catch (error) {
  if (!(error instanceof PcError)) throw error;
  process.stderr.write(`${error.message}${error.place ? `\n  at ${error.place}` : ''}\n`);
  process.exitCode = 1;
}

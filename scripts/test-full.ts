/**
 * Runs the long tests, `test/full/<tier>/`, one tier after the other, and prints the time of each beside its budget.
 *
 *     npm run test:full                     every tier
 *     npm run test:full -- faults fuzz      these
 *     npm run test:full -- --minutes 20     as many as fit, by their budgets, in this order
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** Minutes on two cores, most valuable first: a tier that takes longer should be trimmed. */
const BUDGETS: ReadonlyMap<string, number> = new Map([
  ['faults', 12],
  ['engines', 15],
  ['curves', 15],
  ['fuzz', 8],
  ['interop', 5],
]);

interface TierResult {
  tier: string;
  minutes: number;
  passed: boolean;
}

function runTier(tier: string): TierResult {
  console.log(`\n=== ${tier} ===`);
  const started = performance.now();
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', tier];
  const { status } = spawnSync(process.execPath, vitest, { cwd: ROOT, stdio: 'inherit' });
  return { tier, minutes: (performance.now() - started) / 60_000, passed: status === 0 };
}

/** The tiers whose budgets fit into the minutes, taken greedily in the order given. */
function thatFit(tiers: readonly string[], minutes: number): string[] {
  let left = minutes;
  return tiers.filter((tier) => {
    const budget = BUDGETS.get(tier)!;
    if (budget > left) return false;
    left -= budget;
    return true;
  });
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { minutes: { type: 'string' } } });
const onDisk = existsSync(`${ROOT}test/full`) ? readdirSync(`${ROOT}test/full`) : [];
const unknown = [...positionals, ...onDisk].filter((tier) => !BUDGETS.has(tier));
if (unknown.length > 0)
  throw new Error(`no such tier: ${unknown.join(', ')}; there are ${[...BUDGETS.keys()].join(', ')}`);

const present = [...BUDGETS.keys()].filter((tier) => onDisk.includes(tier));
const wanted = positionals.length > 0 ? present.filter((tier) => positionals.includes(tier)) : present;
const chosen = values.minutes === undefined ? wanted : thatFit(wanted, Number(values.minutes));
const results = chosen.map(runTier);

console.log('\ntier       minutes  budget');
for (const { tier, minutes, passed } of results)
  console.log(`${tier.padEnd(10)} ${minutes.toFixed(1).padStart(7)}  ${BUDGETS.get(tier)}${passed ? '' : '  FAILED'}`);
for (const tier of wanted)
  if (!chosen.includes(tier)) console.log(`${tier.padEnd(10)} left out: ${BUDGETS.get(tier)} minutes do not fit`);
if (results.some(({ passed }) => !passed)) process.exitCode = 1;

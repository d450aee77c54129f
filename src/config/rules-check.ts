import { ConfigError } from '../support/errors.js';
import type { MergedSettings } from './merge.js';
import { locationOf } from './problems.js';
import { RULES } from './rules.js';
import type { Config } from './schema.js';
import { dotted, type SettingPath } from './setting.js';

/**
 * Applies the table of rules: drops settings that a later source has overridden by making them unused, and refuses
 * those that are unused or contradictory as written.
 *
 * @param merged loses the settings that are dropped
 * @param parse the configuration that the settings make now
 * @returns the configuration without them
 * @throws ConfigError at the place of the first setting that breaks a rule
 */
export function enforceRules(merged: MergedSettings, parse: () => Config): Config {
  const config = withoutOverridden(merged, parse);
  for (const rule of RULES) {
    if (rule.kind !== 'conflict' || !rule.when(config)) continue;
    throw new ConfigError(rule.message(config), {
      ...locationOf(rule.field, merged),
      hint: rule.hint(config),
    });
  }
  return config;
}

function withoutOverridden(merged: MergedSettings, parse: () => Config): Config {
  const config = parse();
  let dropped = false;
  for (const rule of RULES) {
    if (rule.kind !== 'unused' || !rule.when(config)) continue;
    const decided = rankOf(merged, rule.because);
    for (const field of rule.fields(config)) {
      const written = merged.below(field);
      if (written.length === 0) continue;
      if (written.some(({ origin }) => origin.rank >= decided))
        throw new ConfigError(`${dotted(field)} is not used: ${rule.message(config)}`, {
          ...locationOf(field, merged),
          hint: rule.hint,
        });
      merged.remove(field);
      dropped = true;
    }
  }
  // What was dropped returns to its default, which may put an end to a reason for another rule.
  return dropped ? withoutOverridden(merged, parse) : config;
}

/** Rank of the last source that wrote any of these settings; 0 where all have their defaults. */
function rankOf(merged: MergedSettings, paths: readonly SettingPath[]): number {
  return Math.max(0, ...paths.map((path) => merged.origin(path)?.rank ?? 0));
}

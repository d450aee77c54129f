import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { settingsTable } from '../../scripts/settings-table.js';
import { configFields } from '../../src/config/fields.js';

describe('the table of all settings', () => {
  it('in docs/configuration.md is that of the schemas (npx tsx scripts/settings-reference.ts writes it)', () => {
    const documentation = readFileSync(fileURLToPath(new URL('../../docs/configuration.md', import.meta.url)), 'utf8');
    expect(documentation).toContain(settingsTable());
  });

  it('has the settings of every architecture and those of mappings that may be absent', () => {
    const names = configFields().map(({ path }) => path.join('.'));
    for (const name of [
      'steps',
      'model.windowSize',
      'model.keyValueHeads',
      'data.schedule',
      'data.schedule.warmup',
      'data.sources',
    ])
      expect(names).toContain(name);
  });
});

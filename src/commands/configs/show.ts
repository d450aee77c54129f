import { Args } from '@oclif/core';
import type { DescribedConfig } from '../../config/index.js';
import { UsageError } from '../../support/errors.js';
import { BaseCommand } from '../base.js';
import { configFlags, configRequest } from '../shell/config-flags.js';
import { alignColumns } from '../shell/table.js';

export default class ConfigsShow extends BaseCommand {
  static override summary = 'Show every setting of a configuration and where its value came from.';
  static override description =
    'Without a name: the configuration that a command in this directory would use. With the name of a preset: that preset alone.';
  static override examples = [
    '<%= config.bin %> configs show',
    '<%= config.bin %> configs show evabyte-1m',
    '<%= config.bin %> configs show --preset evabyte-3m --set optim.learningRate=9e-4',
  ];
  static override args = { name: Args.string({ description: 'a preset; `pc configs list` shows them' }) };
  static override flags = configFlags;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ConfigsShow);
    const { CHOOSE_A_MODEL, describePreset, describeRequest } = await import('../../config/index.js');
    if (args.name !== undefined && flags.config !== undefined)
      throw new UsageError('a preset is shown on its own, so --config would be ignored', {
        hint: `Leave out one of them; --preset ${args.name} puts the preset below the file.`,
      });
    const { settings, missing }: DescribedConfig =
      args.name === undefined
        ? await describeRequest(configRequest(flags))
        : {
            settings: describePreset(args.name, { set: flags.set ?? [], presets: flags.preset ?? [] }),
            missing: [],
          };
    const rows = settings.map(({ name, value, origin }) => [name, JSON.stringify(value), origin]);
    for (const line of alignColumns([['SETTING', 'VALUE', 'FROM'], ...rows])) this.log(line);
    if (missing.length > 0) this.log(`\nNo model is chosen yet: ${missing.join(', ')} is not set. ${CHOOSE_A_MODEL}`);
    return { settings, missing };
  }
}

import { Args } from '@oclif/core';
import { BaseCommand } from '../base.js';
import { alignColumns } from '../shell/table.js';

export default class CompressorsShow extends BaseCommand {
  static override summary = "Show a compressor's options with their defaults.";
  static override examples = ['<%= config.bin %> compressors show gzip'];
  static override args = { name: Args.string({ description: 'name of a compressor', required: true }) };

  async run(): Promise<object> {
    const { name } = (await this.parse(CompressorsShow)).args;
    const { describeOptions } = await import('../../plugins/plugin-options.js');
    const { originName } = await import('../../plugins/registry.js');
    const { definition, origin } = (await this.loadPlugins()).compressor(name);
    const options = describeOptions(definition.options);
    this.log(`${name} (${originName(origin)}): ${definition.summary}`);
    this.log(options.length === 0 ? '\nIt has no options.' : '\nOptions:');
    const rows = options.map((option) => [
      `  ${option.name}`,
      option.type,
      option.default === undefined ? '' : `default ${JSON.stringify(option.default)}`,
      option.description ?? '',
    ]);
    for (const line of alignColumns(rows)) this.log(line);
    if (options.length > 0)
      this.log(`\nSet them by --set compressors.${name}.OPTION=VALUE or in the configuration file.`);
    return { name, summary: definition.summary, origin: originName(origin), options };
  }
}
